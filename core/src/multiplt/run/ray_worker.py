"""A shard's task in a worker process of a Ray cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from multiplt.errors import MultipltError
from multiplt.run.engine import ShardTask, StageContext, run_task
from multiplt.run.manifest import ShardManifest, read_manifest
from multiplt.run.progress import Tally
from multiplt.run.ray_log import RemoteLog
from multiplt.run.ray_model import RemoteSession
from multiplt.run.sampling import LOG, ModelSettings


@dataclass(frozen=True)
class Stint:
    """One stage's run on the cluster, as all of its tasks are told: its `id`, and the actors if it asks a model."""

    id: str
    folder: Path
    model: ModelSettings | None = None
    log: Any = None
    replicas: Sequence[Any] = ()


class _Worker:
    """What this process has open for a stint."""

    def __init__(self, stint: Stint) -> None:
        self.stint = stint
        self.tally = Tally()
        self.context = StageContext(stint.folder, self.tally)
        self.log: RemoteLog | None = None
        if (model := stint.model) is not None:
            log = self.log = RemoteLog(stint.log)
            self.context.resource(LOG, lambda: log)
            self.context.shared(model.resource, lambda: RemoteSession(stint.replicas, model.options.wait_s))


_worker: _Worker | None = None


def make_shard(task: ShardTask, stint: Stint) -> tuple[ShardManifest, Tally]:
    """Make a shard, and tell what was reported on the way.

    One that is there, since a former attempt was lost just after it had made it, is not made again.
    """
    made = read_manifest(task.target)
    if made and made.fingerprint == task.fingerprint:
        return made, Tally(done=made.rows_in)
    if isinstance(task.source, Path) and not task.source.exists():
        raise not_shared(task.source)
    worker = _at_work(stint)
    worker.tally = Tally()
    worker.context.report_to(worker.tally)
    manifest = run_task(task, worker.context)
    if worker.log:
        worker.log.settle()
    return manifest, worker.tally


def not_shared(shard: Path) -> MultipltError:
    """The error where a node does not see what another has written."""
    return MultipltError(
        f"{shard} was written on one node of the cluster and is not seen on another; "
        "choose an output on a file system that all nodes share"
    )


def _at_work(stint: Stint) -> _Worker:
    global _worker
    if _worker is None or _worker.stint.id != stint.id:
        if _worker:
            _worker.context.close()
        _worker = _Worker(stint)
    return _worker

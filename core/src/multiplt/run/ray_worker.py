"""A shard's task in a worker process of a Ray cluster, which sees nothing of the run's folder."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from multiplt.rows.atomic import replacing
from multiplt.rows.jsonl import Row
from multiplt.run.engine import ShardTask, Stage, StageContext, run_task
from multiplt.run.manifest import ShardFiles, ShardManifest
from multiplt.run.progress import Tally
from multiplt.run.ray_log import RemoteLog
from multiplt.run.ray_model import RemoteSession
from multiplt.run.sampling import LOG, ModelSettings


@dataclass(frozen=True)
class Stint:
    """One stage's run on the cluster, as all of its tasks are told: its `id`, and the actors if it asks a model."""

    id: str
    model: ModelSettings | None = None
    log: Any = None
    replicas: Sequence[Any] = ()


@dataclass(frozen=True)
class SentTask:
    """A task as it travels: no path of the run's folder, but what is in the file of its source, or rows."""

    stage: Stage
    shard: str
    fingerprint: str
    source: bytes | list[Row]

    @classmethod
    def of(cls, task: ShardTask) -> SentTask:
        """The task, ready to be sent."""
        source = task.source.read_bytes() if isinstance(task.source, Path) else task.source
        return cls(task.stage, task.target.name, task.fingerprint, source)

    def unpack(self, folder: Path) -> ShardTask:
        """The task in a folder of this machine."""
        if not isinstance(self.source, bytes):
            return ShardTask(self.stage, self.source, folder / self.shard, self.fingerprint)
        source = folder / "source" / self.shard
        with replacing(source) as file:
            file.write(self.source)
        return ShardTask(self.stage, source, folder / self.shard, self.fingerprint)


class _Worker:
    """What this process has open for a stint."""

    def __init__(self, stint: Stint) -> None:
        self.stint = stint
        self.context = StageContext(Path())
        self.log: RemoteLog | None = None
        if (model := stint.model) is not None:
            log = self.log = RemoteLog(stint.log)
            self.context.resource(LOG, lambda: log)
            self.context.shared(model.resource, lambda: RemoteSession(stint.replicas, model.options.wait_s))


_worker: _Worker | None = None


def make_shard(sent: SentTask, stint: Stint) -> tuple[ShardManifest, ShardFiles, Tally]:
    """Make a shard in a temporary folder; the account of it, its files, and what was reported on the way."""
    worker = _at_work(stint)
    tally = Tally()
    with TemporaryDirectory(prefix=f"multiplt-{platform.node()}-") as name:  # so that errors say on which node it is
        task = sent.unpack(Path(name))
        manifest = run_task(task, worker.context.moved(Path(name), tally))
        files = ShardFiles.read(task.target)
    if worker.log:
        worker.log.settle()
    return manifest, files, tally


def _at_work(stint: Stint) -> _Worker:
    global _worker
    if _worker is None or _worker.stint.id != stint.id:
        if _worker:
            _worker.context.close()
        _worker = _Worker(stint)
    return _worker

"""Shards made on a Ray cluster: each is a task of Ray's, which starts it again elsewhere when its node is lost."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from multiplt.errors import MultipltError
from multiplt.run.engine import ShardTask, Stage, StageContext
from multiplt.run.manifest import ShardManifest, read_manifest
from multiplt.run.ray_cluster import need, result
from multiplt.run.ray_log import KeptLog
from multiplt.run.ray_model import Replicas
from multiplt.run.ray_worker import Stint, make_shard, not_shared
from multiplt.run.sampling import LOG
from multiplt.settings import ExecuteSettings

RETRIES = 10
"""How often a shard is begun again after its worker or node was lost."""

SEEN_S = 90.0
"""So long a node may not see a file that another has written: NFS keeps what it knows of a folder for a minute."""


@dataclass(frozen=True)
class RayEngine:
    """The cluster that this process is connected to (`multiplt.run.ray_cluster`), with `cpus` for each shard.

    The programs of a shard have `memory` bytes together. The folders of a run are on a file system that all nodes
    share. Stages report progress by whole shards. Raises `MultipltError` where no node has as much.
    """

    cpus: int = 1
    memory: int = 0

    @classmethod
    def of(cls, execute: ExecuteSettings) -> RayEngine:
        """With what the `workers` of a shard need, one unless they are said."""
        workers = execute.workers or 1
        return cls(workers, workers * execute.limits.memory)

    def __post_init__(self) -> None:
        need("one shard (workers and memory in [execute])", CPU=self.cpus, memory=self.memory)

    def run(self, tasks: Iterable[ShardTask], context: StageContext) -> Iterator[ShardManifest]:
        """Do every task; what is running when one fails is stopped."""
        import ray

        waiting = iter(tasks)
        first = next(waiting, None)
        if first is None:
            return
        stint = _open_stint(first.stage, context)
        make = ray.remote(make_shard).options(
            num_cpus=self.cpus, memory=self.memory or None, max_retries=RETRIES, name=first.stage.name
        )
        waiting = chain([first], waiting)
        running: dict[Any, ShardTask] = {}
        try:
            while True:
                more = islice(waiting, max(0, self._at_once() - len(running)))  # fewer where a node was lost
                running |= {make.remote(task, stint): task for task in map(_absolute, more)}
                if not running:
                    return
                for done in ray.wait(list(running), num_returns=1)[0]:
                    yield _taken(done, running.pop(done), context)
        finally:
            for task in running:
                ray.cancel(task, force=True)

    def _at_once(self) -> int:
        """Tasks that Ray is given at a time: what its nodes can run, and as many for them to go on with."""
        import ray

        return 2 * max(1, int(ray.cluster_resources().get("CPU", 0)) // self.cpus)


def _absolute(task: ShardTask) -> ShardTask:
    """The task in words that hold whatever folder a worker is in."""
    source = task.source.absolute() if isinstance(task.source, Path) else task.source
    return replace(task, source=source, target=task.target.absolute())


def _open_stint(stage: Stage, context: StageContext) -> Stint:
    id = f"{stage.name} {uuid.uuid4().hex}"
    folder = context.folder.absolute()
    model = getattr(stage, "model", None)
    if model is None:
        return Stint(id, folder)
    log = context.resource(LOG, lambda: KeptLog(folder / LOG))
    replicas = context.shared(model.resource, lambda: Replicas(model))
    return Stint(id, folder, model, log.keeper, replicas.actors)


def _taken(done: Any, task: ShardTask, context: StageContext) -> ShardManifest:
    """The account of a shard, when it is seen here too."""
    import ray

    manifest: ShardManifest
    try:
        manifest, tally = result(done)
    except ray.exceptions.RayTaskError:
        raise
    except ray.exceptions.RayError as error:
        raise MultipltError(
            f"{task.target} was begun {RETRIES + 1} times and its worker or node was lost each time "
            f"({type(error).__name__}); use smaller shards or fewer workers, if it was for want of memory"
        ) from error
    _see(task.target, manifest)
    tally.tell(context)
    return manifest


def _see(shard: Path, manifest: ShardManifest) -> None:
    deadline = time.monotonic() + SEEN_S
    while (seen := read_manifest(shard)) is None or seen.fingerprint != manifest.fingerprint:
        if time.monotonic() > deadline:
            raise not_shared(shard)
        time.sleep(0.1)

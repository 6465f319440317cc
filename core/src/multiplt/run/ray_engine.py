"""Shards made on a Ray cluster: each is a task of Ray's, which starts it again elsewhere when its node is lost."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from multiplt.errors import MultipltError
from multiplt.run.engine import ShardTask, Stage, StageContext
from multiplt.run.manifest import ShardFiles, ShardManifest
from multiplt.run.ray_cluster import need, result
from multiplt.run.ray_log import KeptLog
from multiplt.run.ray_model import Replicas
from multiplt.run.ray_worker import SentTask, Stint, make_shard
from multiplt.run.sampling import LOG
from multiplt.settings import ExecuteSettings

RETRIES = 10
"""How often a shard is begun again after its worker or node was lost."""


@dataclass(frozen=True)
class RayEngine:
    """The cluster that this process is connected to (`multiplt.run.ray_cluster`), with `cpus` for each shard.

    The programs of a shard have `memory` bytes together. Only this process sees the folders of a run: it sends what
    a shard is made of, and writes what comes back. Stages report progress by whole shards. Raises `MultipltError`
    where no node has as much.
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
        running: dict[Any, Path] = {}
        try:
            while True:
                more = islice(waiting, max(0, self._at_once() - len(running)))  # fewer where a node was lost
                running |= {make.remote(SentTask.of(task), stint): task.target for task in more}
                if not running:
                    return
                for done in ray.wait(list(running), num_returns=1)[0]:
                    yield _taken(done, running.pop(done), context)
        finally:
            for making in running:
                ray.cancel(making, force=True)

    def _at_once(self) -> int:
        """Tasks that Ray is given at a time, each with its rows: what its nodes can run, and as many to go on with."""
        import ray

        return 2 * max(1, int(ray.cluster_resources().get("CPU", 0)) // self.cpus)


def _open_stint(stage: Stage, context: StageContext) -> Stint:
    id = f"{stage.name} {uuid.uuid4().hex}"
    model = getattr(stage, "model", None)
    if model is None:
        return Stint(id)
    log = context.resource(LOG, lambda: KeptLog(context.folder.absolute() / LOG))
    replicas = context.shared(model.resource, lambda: Replicas(model))
    return Stint(id, model, log.keeper, replicas.actors)


def _taken(made: Any, target: Path, context: StageContext) -> ShardManifest:
    """Write a shard that was made, and give its account."""
    import ray

    manifest: ShardManifest
    files: ShardFiles
    try:
        manifest, files, tally = result(made)
    except ray.exceptions.RayTaskError:
        raise
    except ray.exceptions.RayError as error:
        raise MultipltError(
            f"{target} was begun {RETRIES + 1} times and its worker or node was lost each time "
            f"({type(error).__name__}); use smaller shards or fewer workers, if it was for want of memory"
        ) from error
    files.write(target)
    tally.tell(context)
    return manifest

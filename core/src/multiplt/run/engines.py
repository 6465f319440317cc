"""Which engine runs a stage."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from multiplt.run.config import Config
from multiplt.run.engine import Engine, LocalEngine, Stage

Engines = Callable[[Stage], Engine]
"""Says for each stage where its shards are made."""


def local_engines(workers: int | None = None) -> Engines:
    """This machine, in `workers` processes at most (default: one a core)."""
    processes = workers or os.cpu_count() or 1
    return lambda stage: LocalEngine.of(stage, processes)


def fit(config: Config) -> Config:
    """The settings as its engine has them: on a cluster a shard's programs run one at a time, unless said otherwise."""
    if config.run.engine == "local":
        return config
    workers = config.execute.workers or 1
    return config.model_copy(update={"execute": config.execute.model_copy(update={"workers": workers})})


@contextmanager
def open_engines(config: Config) -> Iterator[Engines]:
    """The engines of a run, and the cluster that they are on.

    Raises `MultipltError` where there is no such cluster.
    """
    if config.run.engine == "local":
        yield local_engines(config.execute.workers)
        return
    from multiplt.run.ray_cluster import connected
    from multiplt.run.ray_engine import RayEngine

    with connected(config.run.ray_address):
        cluster = RayEngine.of(config.execute)
        # A stage that looks at all shards works where they are.
        yield lambda stage: LocalEngine.of(stage) if getattr(stage, "whole", False) else cluster

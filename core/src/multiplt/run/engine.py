"""Stages and the engines that run them: what turns one shard into the next, and where."""

from __future__ import annotations

import ctypes
import multiprocessing
import multiprocessing.util
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

from multiplt.errors import MultipltError
from multiplt.rows.jsonl import Row
from multiplt.rows.parquet import read_parquet
from multiplt.run.manifest import ShardManifest, count_reasons, write_shard

T = TypeVar("T")


@dataclass(frozen=True)
class StageResult:
    """What became of the rows of a shard.

    `rejected` are rows made by `multiplt.rows.set_aside`. Where one row gives several, `expanded`
    counts those beyond the first of each, so that rows read + expanded = kept + rejected.
    """

    kept: list[Row]
    rejected: list[Row] = field(default_factory=list)
    expanded: int = 0


class Stage(Protocol):
    """One step of a pipeline: a frozen dataclass that holds settings only, and can be pickled.

    It depends on the rows and its settings alone. What it keeps open (a model, an executor, a log) it
    gets through `StageContext.resource`. A stage with a true attribute `whole` looks at the rows of all
    shards (`StageContext.source`): a change of one makes all of its own again. One with a true attribute
    `parallel` may work on several shards at once, each in a process of its own.
    """

    @property
    def name(self) -> str:
        """What users see, and the name of its folder."""

    def settings(self) -> Mapping[str, Any]:
        """The settings that decide its rows, as JSON; not those that only decide how fast they come."""

    def __call__(self, rows: list[Row], context: StageContext) -> StageResult:
        """The rows of one shard, worked on."""


class StageContext:
    """What a stage may use beside its rows: `folder` is its own, for files that outlive a run.

    `source` is the folder of the stage before, with all of its shards.
    """

    source: Path

    def __init__(self, folder: Path, advance: Callable[[int], None] = lambda rows: None) -> None:
        self.folder = folder
        self._advance = advance
        self._advanced = 0
        self._resources: dict[str, Any] = {}
        self._stack = ExitStack()

    def advance(self, rows: int = 1) -> None:
        """Report that `rows` more of this shard's rows are done."""
        self._advanced += rows
        self._advance(rows)

    def take_advanced(self) -> int:
        """How many rows were reported since this was asked last (for the engine's caller)."""
        advanced, self._advanced = self._advanced, 0
        return advanced

    def resource(self, name: str, make: Callable[[], T]) -> T:
        """What `make` returns, made once for each process of the stage; its `close()`, if any, is called at the end."""
        if name not in self._resources:
            made = self._resources[name] = make()
            if callable(close := getattr(made, "close", None)):
                self._stack.callback(close)
        return cast(T, self._resources[name])

    def close(self) -> None:
        """Close the resources, the last made first."""
        self._resources.clear()
        self._stack.close()


@dataclass(frozen=True)
class ShardTask:
    """One shard to make: of `source`, a shard of the stage before or rows from elsewhere, by `stage` into `target`."""

    stage: Stage
    source: Path | list[Row]
    target: Path
    fingerprint: str


def run_task(task: ShardTask, context: StageContext) -> ShardManifest:
    """Make one shard and write it.

    Raises `MultipltError` where the stage lost rows.
    """
    if isinstance(task.source, Path):
        context.source = task.source.parent
        rows = list(read_parquet(task.source))
    else:
        rows = task.source
    rows_in = len(rows)
    result = task.stage(rows, context)
    if rows_in + result.expanded != len(result.kept) + len(result.rejected):
        raise MultipltError(
            f"the stage {task.stage.name} read {rows_in} rows, made {result.expanded} more, kept {len(result.kept)} "
            f"and rejected {len(result.rejected)}, which does not add up; this is a fault of the stage, report it"
        )
    manifest = ShardManifest(
        stage=task.stage.name,
        fingerprint=task.fingerprint,
        rows_in=rows_in,
        rows_kept=len(result.kept),
        rows_rejected=len(result.rejected),
        expanded=result.expanded,
        reasons=count_reasons(result.rejected),
    )
    write_shard(task.target, manifest, result.kept, result.rejected)
    return manifest


class Engine(Protocol):
    """Where shards are made."""

    def run(self, tasks: Iterable[ShardTask], context: StageContext) -> Iterator[ShardManifest]:
        """Do every task with `run_task`, yielding each manifest when its shard is written, in any order."""


@dataclass(frozen=True)
class LocalEngine:
    """This machine: this process, or `processes` others.

    With others a stage must not rely on being alone, and reports progress by whole shards.
    """

    processes: int = 1

    def run(self, tasks: Iterable[ShardTask], context: StageContext) -> Iterator[ShardManifest]:
        """Do every task; what is running when one fails is finished or stopped before its error is raised."""
        if self.processes > 1:
            yield from self._run_apart(tasks, context)
            return
        for task in tasks:
            yield run_task(task, context)

    def _run_apart(self, tasks: Iterable[ShardTask], context: StageContext) -> Iterator[ShardManifest]:
        spawn = multiprocessing.get_context("spawn")  # a fork would share locks, threads and connections
        pool = ProcessPoolExecutor(self.processes, spawn, _start_worker, (context.folder, os.getpid()))
        waiting = iter(tasks)
        running: set[Future[ShardManifest]] = set()
        try:
            while True:
                room = 2 * self.processes - len(running)
                running |= {pool.submit(_work, task) for task in islice(waiting, room)}
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        except BrokenProcessPool as error:
            raise MultipltError("a worker process was killed, perhaps for want of memory; use fewer") from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


_context: StageContext  # in a worker process: its own


def _start_worker(folder: Path, parent: int) -> None:
    global _context
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the parent decides
    _die_with_parent()
    if os.getppid() != parent:  # it died before that
        os._exit(1)
    _context = StageContext(folder)
    multiprocessing.util.Finalize(None, _context.close, exitpriority=10)


def _die_with_parent() -> None:
    set_parent_death_signal = 1  # PR_SET_PDEATHSIG, prctl(2); elsewhere than on Linux there is none
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(set_parent_death_signal, signal.SIGKILL)


def _work(task: ShardTask) -> ShardManifest:
    return run_task(task, _context)

"""Stages and the engines that run them: what turns one shard into the next, and where."""

from __future__ import annotations

import copy
import multiprocessing
import multiprocessing.util
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar

from multiplt.errors import MultipltError
from multiplt.parent import die_with_parent
from multiplt.rows.jsonl import Row
from multiplt.rows.parquet import read_parquet
from multiplt.run.manifest import ShardManifest, count_reasons, write_shard
from multiplt.run.progress import Reports
from multiplt.run.shared import Resources

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
    shards (`StageContext.source`): a change of one makes all of its own again, and none is made on another machine.
    One that asks a model has its
    `ModelSettings` in the attribute `model`. One with a true attribute
    `parallel` may work on several shards at once, each in a process of its own; one with a number `threads`, on so
    many in threads of one process, for it waits for others most of the time.
    """

    @property
    def name(self) -> str:
        """What users see, and the name of its folder."""

    def settings(self) -> Mapping[str, Any]:
        """The settings that decide its rows, as JSON; not those that only decide how fast they come."""

    def __call__(self, rows: list[Row], context: StageContext) -> StageResult:
        """The rows of one shard, worked on."""


class StageContext:
    """What a stage may use beside its rows: `folder` is its own: files in it outlive a run where the run's folder is.

    `source` is the folder of the stage before, with all of its shards, `shard` the name of the one at hand, and
    `fingerprint` stands for all that decides its rows.
    """

    source: Path
    shard: str = ""
    fingerprint: str = ""

    def __init__(self, folder: Path, progress: Reports | None = None, shared: Resources | None = None) -> None:
        self.folder = folder
        self._progress = progress
        self._advanced = 0
        self._resources = Resources()
        self._shared = shared or self._resources

    def of(self, task: ShardTask) -> StageContext:
        """The same for one shard: what is open is shared, its rows are counted for themselves."""
        context = copy.copy(self)
        context._advanced = 0
        if isinstance(task.source, Path):
            context.source = task.source.parent
        context.shard, context.fingerprint = task.target.stem, task.fingerprint
        return context

    def moved(self, folder: Path, progress: Reports) -> StageContext:
        """The same with another folder, and reporting to another: what is open is shared."""
        context = copy.copy(self)
        context.folder, context._progress = folder, progress
        return context

    def advance(self, rows: int = 1) -> None:
        """Report that `rows` more of this shard's rows are done."""
        self._advanced += rows
        if self._progress:
            self._progress.advance(rows)

    def finish(self, rows: int) -> None:
        """Report that the shard is done, all of its `rows`."""
        self.advance(rows - self._advanced)

    def count(self, **amounts: int) -> None:
        """Report more of something else than rows, such as `completions=1`."""
        if self._progress:
            self._progress.count(**amounts)

    def keep(self, kept: int, of: int) -> None:
        """Report that `kept` of `of` came through (for a stage with `threads`)."""
        if self._progress:
            self._progress.keep(kept, of)

    def resource(self, name: str, make: Callable[[], T]) -> T:
        """What `make` returns, made once for each process of the stage; its `close()`, if any, is called at the end."""
        return self._resources.get(name, make)

    def shared(self, name: str, make: Callable[[], T]) -> T:
        """As `resource`, kept open for the stages after this one, where there are some in this process."""
        return self._shared.get(name, make)

    def close(self) -> None:
        """Close the stage's own resources, the last made first."""
        self._resources.close()

    def abort(self) -> None:
        """Close everything, so that whoever works with it stops."""
        self._shared.close()
        self._resources.close()


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
    rows = list(read_parquet(task.source)) if isinstance(task.source, Path) else task.source
    rows_in = len(rows)
    context = context.of(task)
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
    context.finish(rows_in)
    return manifest


class Engine(Protocol):
    """Where shards are made."""

    def run(self, tasks: Iterable[ShardTask], context: StageContext) -> Iterator[ShardManifest]:
        """Do every task with `run_task`, yielding each manifest when its shard is written, in any order."""


@dataclass(frozen=True)
class LocalEngine:
    """This machine: this process, or `processes` others, or `threads` of this one.

    With others a stage must not rely on being alone, and reports progress by whole shards.
    """

    processes: int = 1
    threads: int = 1

    @classmethod
    def of(cls, stage: Stage, processes: int = 1) -> LocalEngine:
        """What suits a stage, with `processes` at most."""
        return cls(processes if getattr(stage, "parallel", False) else 1, getattr(stage, "threads", 1))

    def run(self, tasks: Iterable[ShardTask], context: StageContext) -> Iterator[ShardManifest]:
        """Do every task; what is running when one fails is finished or stopped before its error is raised."""
        if self.processes > 1:
            yield from self._run_apart(tasks, context)
        elif self.threads > 1:
            yield from self._run_in_threads(tasks, context)
        else:
            for task in tasks:
                yield run_task(task, context)

    def _run_apart(self, tasks: Iterable[ShardTask], context: StageContext) -> Iterator[ShardManifest]:
        spawn = multiprocessing.get_context("spawn")  # a fork would share locks, threads and connections
        pool = ProcessPoolExecutor(self.processes, spawn, _start_worker, (context.folder, os.getpid()))
        try:
            for manifest in _in_pool(pool, _work, tasks, 2 * self.processes):
                context.advance(manifest.rows_in)
                yield manifest
        except BrokenProcessPool as error:
            raise MultipltError("a worker process was killed, perhaps for want of memory; use fewer") from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _run_in_threads(self, tasks: Iterable[ShardTask], context: StageContext) -> Iterator[ShardManifest]:
        pool = ThreadPoolExecutor(self.threads, "multiplt-shards")
        try:
            yield from _in_pool(pool, lambda task: run_task(task, context), tasks, self.threads)
        except BaseException:
            context.abort()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _in_pool(
    pool: Executor, work: Callable[[ShardTask], ShardManifest], tasks: Iterable[ShardTask], at_once: int
) -> Iterator[ShardManifest]:
    waiting = iter(tasks)
    running: set[Future[ShardManifest]] = set()
    while True:
        running |= {pool.submit(work, task) for task in islice(waiting, at_once - len(running))}
        if not running:
            return
        done, running = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            yield future.result()


_context: StageContext  # in a worker process: its own


def _start_worker(folder: Path, parent: int) -> None:
    global _context
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the parent decides
    die_with_parent()
    if os.getppid() != parent:  # it died before that
        os._exit(1)
    _context = StageContext(folder)
    multiprocessing.util.Finalize(None, _context.close, exitpriority=10)


def _work(task: ShardTask) -> ShardManifest:
    return run_task(task, _context)

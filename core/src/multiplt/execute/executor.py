"""Running many plans at once: in input order, each program once, within the machine's means."""

from __future__ import annotations

import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from types import TracebackType

from multiplt.execute import process_tree
from multiplt.execute.drift import DriftGuard
from multiplt.execute.machine import MemoryBudget, machine_memory, starved
from multiplt.execute.outcomes import OutcomeStore
from multiplt.execute.plan import ExecutionPlan, Outcome
from multiplt.execute.sandbox import Sandbox, Stop, Stopped

LOOK_AHEAD = 10_000  # plans that may finish before a slow one has
READY_PER_WORKER = 4  # plans that wait for a worker


@dataclass
class Counters:
    """What an executor did: programs run, of these in warm servers, outcomes reused, timeouts, retries of these."""

    run: int = 0
    warm: int = 0
    reused: int = 0
    timeouts: int = 0
    retried: int = 0


class Executor:
    """Runs plans in a sandbox with several workers.

    `workers` is one for each core unless said otherwise, and fewer run at a time while their
    `Limits.memory` together exceeds the machine's. Programs run in warm servers where their plans have
    one, unless `warm` is off. `toolchain` says the toolchain's version: outcomes are reused for the
    same program under the same toolchain and limits. One `run` at a time.

    >>> with Executor(find_sandbox()) as executor:
    ...     [outcome.exit_code for outcome in executor.run([ExecutionPlan({}, Command("false"))])]
    [1]
    """

    def __init__(
        self, sandbox: Sandbox, workers: int | None = None, toolchain: str = "", *, warm: bool = True,
        look_ahead: int = LOOK_AHEAD,
    ) -> None:  # fmt: skip
        self.counters = Counters()
        self.drift = DriftGuard()
        self._sandbox = sandbox
        self._workers = workers or len(os.sched_getaffinity(0))
        self._toolchain = toolchain
        self._warm = warm
        self._look_ahead = look_ahead
        self._outcomes = OutcomeStore()
        self._memory = MemoryBudget(machine_memory())
        self._retrying = threading.Lock()
        self._active: _Pool | None = None

    def run(self, plans: Iterable[ExecutionPlan]) -> Iterator[Outcome]:
        """Yield the outcome of each plan, in the order of `plans`, which is read as work gets done.

        An error raised by `plans`, and an `InfrastructureError` of a program, is raised in its turn,
        after the outcomes before it. Closing the iterator kills what runs.
        """
        pool = self._active = _Pool(self._workers, self._run_one)
        try:
            yield from _Schedule(self, pool, iter(plans)).outcomes()
        finally:
            pool.close()

    def left_behind(self) -> set[int]:
        """Processes under this one that are not the sandbox's own: none where nothing runs."""
        return set(process_tree.descendants(os.getpid())) - self._sandbox.kept()

    def close(self) -> None:
        """Kill what runs, end the warm servers and forget the outcomes."""
        if self._active:
            self._active.close()
        self._sandbox.close()
        self._outcomes.close()

    def __enter__(self) -> Executor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run_one(self, plan: ExecutionPlan, slot: int, stop: Stop) -> Outcome:
        def run(plan: ExecutionPlan) -> Outcome:
            with self._memory.held(plan.limits.memory, stop):
                return self._sandbox.run(plan, slot=slot, stop=stop)

        plan = self.drift.trusted(plan) if self._warm else replace(plan, server=None)
        outcome = run(plan)
        if outcome.timed_out and starved(outcome, plan):
            with self._retrying:
                outcome = replace(run(plan), retried=True)
        return self.drift.settle(plan, outcome, run) if outcome.warm else outcome


class _Schedule:
    """One pass over the plans: what was read and not yielded yet, in order."""

    def __init__(self, executor: Executor, pool: _Pool, plans: Iterator[ExecutionPlan]) -> None:
        self._counters, self._outcomes = executor.counters, executor._outcomes
        self._toolchain, self._look_ahead = executor._toolchain, executor._look_ahead
        self._pool = pool
        self._plans: Iterator[ExecutionPlan] | None = plans
        self._order: deque[str | Exception] = deque()  # fingerprints, and an error in its turn
        self._running: set[str] = set()
        self._failed: dict[str, Exception] = {}

    def outcomes(self) -> Iterator[Outcome]:
        while self._plans or self._order:
            reading = self._plans and len(self._order) < self._look_ahead and self._pool.has_room()
            if reading:
                self._read()
            self._collect(wait=not reading and self._order[0] in self._running)
            if self._order and self._order[0] not in self._running:
                yield self._next()

    def _read(self) -> None:
        """Take the next plan; start it unless its twin runs or ran."""
        assert self._plans
        try:
            plan = next(self._plans)
        except StopIteration:
            self._plans = None
            return
        except Exception as error:
            self._plans = None
            self._order.append(error)
            return
        fingerprint = plan.fingerprint(self._toolchain)
        self._order.append(fingerprint)
        if fingerprint in self._running:
            self._counters.reused += 1
        elif (known := self._outcomes.get(fingerprint)) is not None:
            self._outcomes.put(fingerprint, known)  # as the latest, so that it is still there in its turn
            self._counters.reused += 1
        elif fingerprint not in self._failed:
            self._running.add(fingerprint)
            self._pool.submit(fingerprint, plan)

    def _collect(self, wait: bool) -> None:
        """Take in what has finished; with `wait`, at least one."""
        while (finished := self._pool.finished(wait)) is not None:
            fingerprint, result = finished
            wait = False
            self._running.remove(fingerprint)
            if isinstance(result, Exception):
                self._failed[fingerprint] = result
                self._plans = None  # what comes after it will not be yielded
                continue
            self._outcomes.put(fingerprint, result)
            self._counters.run += 1
            self._counters.warm += result.warm
            self._counters.timeouts += result.timed_out
            self._counters.retried += result.retried

    def _next(self) -> Outcome:
        head = self._order.popleft()
        if isinstance(head, Exception):
            raise head
        if head in self._failed:
            raise self._failed[head]
        outcome = self._outcomes.get(head)
        assert outcome is not None  # outcomes are forgotten long after their turn
        return outcome


class _Pool:
    """Threads that run one plan at a time each, until closed.

    A thread outlives the programs it starts: bubblewrap ends with the thread that started it.
    """

    def __init__(self, workers: int, run: Callable[[ExecutionPlan, int, Stop], Outcome]) -> None:
        self._run = run
        self._stop = Stop()
        self._jobs: queue.SimpleQueue[tuple[str, ExecutionPlan] | None] = queue.SimpleQueue()
        self._finished: queue.SimpleQueue[tuple[str, Outcome | Exception]] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._work, args=(slot,)) for slot in range(workers)]
        for thread in self._threads:
            thread.start()

    def has_room(self) -> bool:
        """Whether a worker may soon have nothing to do."""
        return self._jobs.qsize() < READY_PER_WORKER * len(self._threads)

    def submit(self, fingerprint: str, plan: ExecutionPlan) -> None:
        self._jobs.put((fingerprint, plan))

    def finished(self, wait: bool) -> tuple[str, Outcome | Exception] | None:
        """A program that has ended; None if there is none and `wait` is off."""
        try:
            return self._finished.get(block=wait)
        except queue.Empty:
            return None

    def close(self) -> None:
        """Kill what runs, and return when nothing does."""
        self._stop.set()
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self, slot: int) -> None:
        while (job := self._jobs.get()) and not self._stop.is_set():
            fingerprint, plan = job
            try:
                self._finished.put((fingerprint, self._run(plan, slot, self._stop)))
            except Stopped:
                return
            except Exception as error:
                self._finished.put((fingerprint, error))

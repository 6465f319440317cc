"""Running many plans at once: in input order, each program once, within the machine's means."""

from __future__ import annotations

import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from types import TracebackType

from multiplt.errors import MultipltError
from multiplt.execute import process_tree
from multiplt.execute.drift import DriftGuard
from multiplt.execute.machine import MemoryBudget, machine_memory, starved
from multiplt.execute.outcomes import OutcomeStore
from multiplt.execute.plan import ExecutionPlan, Outcome
from multiplt.execute.sandbox import Sandbox, Stop, Stopped

LOOK_AHEAD = 10_000  # plans that may finish before a slow one has
READY_PER_WORKER = 4  # plans that wait for a worker
EVERYBODY = 1_000_000  # who may wait to submit a plan


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
    one, unless `warm` is off. Outcomes are reused for the same plan. One `run` at a time, and none
    beside `submit`.

    >>> with Executor(find_sandbox()) as executor:
    ...     [outcome.exit_code for outcome in executor.run([ExecutionPlan({}, Command("false"))])]
    [1]
    """

    def __init__(
        self, sandbox: Sandbox, workers: int | None = None, *, warm: bool = True, look_ahead: int = LOOK_AHEAD
    ) -> None:
        self.counters = Counters()
        self.drift = DriftGuard()
        self._sandbox = sandbox
        self._workers = workers or len(os.sched_getaffinity(0))
        self._warm = warm
        self._look_ahead = look_ahead
        self._outcomes = OutcomeStore()
        self._memory = MemoryBudget(machine_memory())
        self._retrying = threading.Lock()
        self._active: _Pool | None = None
        self._submissions: _Submissions | None = None
        self._opening = threading.Lock()

    def submit(self, plan: ExecutionPlan) -> Future[Outcome]:
        """Start a plan as soon as there is room, and return what its outcome, or its error, will come to.

        Waits while the workers have enough to do. For any thread, and several at once; in no order.
        Raises `Stopped` when the executor is closed.
        """
        with self._opening:
            self._submissions = self._submissions or _Submissions(self)
        return self._submissions.submit(plan)

    def run(self, plans: Iterable[ExecutionPlan]) -> Iterator[Outcome]:
        """Yield the outcome of each plan, in the order of `plans`, which is read as work gets done.

        An error raised by `plans`, and an `InfrastructureError` of a program, is raised in its turn,
        after the outcomes before it. Closing the iterator kills what runs.
        """
        finished: _Finished = queue.SimpleQueue()
        pool = self._active = _Pool(self._workers, self._run_one, lambda *result: finished.put(result))
        try:
            yield from _Schedule(self, pool, finished, iter(plans)).outcomes()
        finally:
            pool.close()

    def left_behind(self) -> set[int]:
        """Processes under this one that are not the sandbox's own: none where nothing runs."""
        return set(process_tree.descendants(os.getpid())) - self._sandbox.kept()

    def close(self) -> None:
        """Kill what runs, end the warm servers and forget the outcomes."""
        if self._active:
            self._active.close()
        if self._submissions:
            self._submissions.close()
        self._sandbox.close()
        self._outcomes.close()

    def __enter__(self) -> Executor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _remember(self, fingerprint: str, outcome: Outcome) -> None:
        self._outcomes.put(fingerprint, outcome)
        self.counters.run += 1
        self.counters.warm += outcome.warm
        self.counters.timeouts += outcome.timed_out
        self.counters.retried += outcome.retried

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

    def __init__(
        self, executor: Executor, pool: _Pool, finished: _Finished, plans: Iterator[ExecutionPlan]
    ) -> None:
        self._executor, self._counters, self._outcomes = executor, executor.counters, executor._outcomes
        self._pool, self._finished, self._look_ahead = pool, finished, executor._look_ahead
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
        fingerprint = plan.fingerprint()
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
        while wait or not self._finished.empty():
            fingerprint, result = self._finished.get()
            wait = False
            self._running.remove(fingerprint)
            if isinstance(result, Exception):
                self._failed[fingerprint] = result
                self._plans = None  # what comes after it will not be yielded
                continue
            self._executor._remember(fingerprint, result)

    def _next(self) -> Outcome:
        head = self._order.popleft()
        if isinstance(head, Exception):
            raise head
        if head in self._failed:
            raise self._failed[head]
        outcome = self._outcomes.get(head)
        assert outcome is not None  # outcomes are forgotten long after their turn
        return outcome


class _Submissions:
    """Plans from any thread, each with the future of its outcome; twins share one."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._futures: dict[str, Future[Outcome]] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._room = threading.Semaphore((1 + READY_PER_WORKER) * executor._workers)
        self._pool = _Pool(executor._workers, executor._run_one, self._finish)

    def submit(self, plan: ExecutionPlan) -> Future[Outcome]:
        executor = self._executor
        fingerprint = plan.fingerprint()
        self._room.acquire()
        with self._lock:
            if self._closed:
                raise Stopped
            future = self._futures.get(fingerprint)
            if future is None and (known := executor._outcomes.get(fingerprint)) is not None:
                future = Future()
                future.set_result(known)
            if future is None:
                future = self._futures[fingerprint] = Future()
                self._pool.submit(fingerprint, plan)
                return future
            executor.counters.reused += 1
        self._room.release()
        return future

    def close(self) -> None:
        """Kill what runs: its outcomes, and those of what waits or comes later, are `Stopped`."""
        with self._lock:
            self._closed = True
        self._pool.close()
        for future in self._futures.values():
            future.set_exception(Stopped())
        self._futures.clear()
        self._room.release(EVERYBODY)

    def _finish(self, fingerprint: str, result: Outcome | Exception) -> None:
        with self._lock:
            future = self._futures.pop(fingerprint)
            try:
                if isinstance(result, Outcome):
                    self._executor._remember(fingerprint, result)
            except MultipltError as error:
                result = error
        self._room.release()
        if isinstance(result, Outcome):
            future.set_result(result)
        else:
            future.set_exception(result)


_Finished = queue.SimpleQueue[tuple[str, Outcome | Exception]]


class _Pool:
    """Threads that run one plan at a time each, until closed; `finish` is called in them with what came of it.

    A thread outlives the programs it starts: bubblewrap ends with the thread that started it.
    """

    def __init__(
        self, workers: int, run: Callable[[ExecutionPlan, int, Stop], Outcome],
        finish: Callable[[str, Outcome | Exception], None],
    ) -> None:  # fmt: skip
        self._run, self._finish = run, finish
        self._stop = Stop()
        self._jobs: queue.SimpleQueue[tuple[str, ExecutionPlan] | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._work, args=(slot,)) for slot in range(workers)]
        for thread in self._threads:
            thread.start()

    def has_room(self) -> bool:
        """Whether a worker may soon have nothing to do."""
        return self._jobs.qsize() < READY_PER_WORKER * len(self._threads)

    def submit(self, fingerprint: str, plan: ExecutionPlan) -> None:
        self._jobs.put((fingerprint, plan))

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
                result: Outcome | Exception = self._run(plan, slot, self._stop)
            except Stopped:
                return
            except Exception as error:
                result = error
            self._finish(fingerprint, result)

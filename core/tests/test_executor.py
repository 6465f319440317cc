"""The executor: order, reuse, memory, interruption; with real programs in the real sandbox."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from multiplt.execute.executor import READY_PER_WORKER, Executor
from multiplt.execute.machine import MemoryBudget, machine_memory, starved
from multiplt.execute.outcomes import OutcomeStore
from multiplt.execute.plan import MIB, Command, ExecutionPlan, Limits, Outcome
from multiplt.execute.process_tree import children, resident_bytes
from multiplt.execute.sandbox import InfrastructureError, Sandbox, Stop, Stopped
from multiplt.execute.sandboxes import find_sandbox


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return find_sandbox()


def shell(script: str, **limits: Any) -> ExecutionPlan:
    return ExecutionPlan({}, Command("sh", "-c", script), limits=Limits().with_(**limits))


def numbered(count: int) -> Iterator[ExecutionPlan]:
    return (shell(f"echo {number}") for number in range(count))


def running(seconds: str) -> int:
    """The number of processes that are `sleep SECONDS`, or the shell above one."""
    count = 0
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            program, *arguments = file.read_bytes().decode("utf-8", "replace").split("\0")
        except OSError:
            continue
        count += program in ("sleep", "sh", "/run/sh") and seconds in " ".join(arguments)
    return count


def wait_until(condition: Any, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(met)


def test_order_of_input_with_a_slow_first(sandbox: Sandbox) -> None:
    plans = [shell("sleep 0.7; echo slow"), *numbered(20)]
    with Executor(sandbox, workers=3) as executor:
        outcomes = list(executor.run(plans))
    assert [outcome.stdout.strip() for outcome in outcomes] == ["slow", *map(str, range(20))]
    assert outcomes[0].wall_s >= 0.7


def test_slow_program_holds_up_nobody_within_the_look_ahead(sandbox: Sandbox) -> None:
    taken: list[int] = []

    def plans() -> Iterator[ExecutionPlan]:
        yield shell("sleep 2")
        for number, plan in enumerate(numbered(30)):
            taken.append(number)
            yield plan

    with Executor(sandbox, workers=2) as executor:
        outcomes = executor.run(plans())
        next(outcomes)
        assert executor.counters.run > 20  # while the first slept
        assert [outcome.stdout for outcome in outcomes] == [f"{number}\n" for number in range(30)]


def test_input_is_read_as_work_gets_done(sandbox: Sandbox) -> None:
    taken = 0

    def plans() -> Iterator[ExecutionPlan]:
        nonlocal taken
        for plan in numbered(1000):
            taken += 1
            yield plan

    with Executor(sandbox, workers=2) as executor:
        outcomes = executor.run(plans())
        next(outcomes)
        assert taken < 4 * READY_PER_WORKER * 2
        taken = 0
    with Executor(sandbox, workers=2, look_ahead=5) as executor:
        outcomes = executor.run(iter([shell("sleep 0.5"), *plans()]))
        next(outcomes)
        assert executor.counters.run <= 5


def test_identical_programs_run_once(sandbox: Sandbox) -> None:
    twins = [shell("sleep 0.3; date +%N"), shell("date +%N")] * 5
    with Executor(sandbox, workers=2) as executor:
        outcomes = list(executor.run(twins))
        again = list(executor.run(twins[:1]))
        assert (executor.counters.run, executor.counters.reused) == (2, 9)
    assert len({outcome.stdout for outcome in outcomes}) == 2
    assert again[0] == outcomes[0] == outcomes[2]


def test_other_limits_or_toolchain_are_another_program(sandbox: Sandbox) -> None:
    plan = shell("true")
    plans = [plan, shell("true", wall_s=3.0), ExecutionPlan({"a": "b"}, plan.run), replace(plan, toolchain="one 1.1")]
    with Executor(sandbox) as executor:
        assert len(list(executor.run(plans))) == 4
        assert executor.counters.run == 4


TEXTS = st.text("ab'(), \\", max_size=3)
PLANS = st.builds(ExecutionPlan, st.dictionaries(TEXTS, TEXTS, max_size=2), st.just(Command("true")), toolchain=TEXTS)


@given(PLANS, PLANS)
@example(ExecutionPlan({"a": "b", "b": ""}, Command("true")), ExecutionPlan({"a": "", "b": "b"}, Command("true")))
@example(ExecutionPlan({"a": "\ud800"}, Command("true")), ExecutionPlan({"a": "\ud801"}, Command("true")))
def test_no_other_plan_has_the_same_fingerprint(one: ExecutionPlan, other: ExecutionPlan) -> None:
    assert (one.fingerprint() == other.fingerprint()) == (one == other)


def test_timeouts_are_counted(sandbox: Sandbox) -> None:
    with Executor(sandbox) as executor:
        outcomes = list(executor.run([shell("sleep 9", wall_s=0.3), shell("true")]))
        assert [outcome.timed_out for outcome in outcomes] == [True, False]
        assert (executor.counters.timeouts, executor.counters.retried) == (1, 0)


def test_error_of_the_input_comes_in_its_turn(sandbox: Sandbox) -> None:
    def plans() -> Iterator[ExecutionPlan]:
        yield from numbered(3)
        raise LookupError("the file ends here")

    seen: list[str] = []
    with Executor(sandbox) as executor, pytest.raises(LookupError, match="ends here"):
        seen.extend(outcome.stdout for outcome in executor.run(plans()))
    assert seen == ["0\n", "1\n", "2\n"]


def test_fault_of_ours_is_an_error_in_its_turn(sandbox: Sandbox) -> None:
    seen: list[str] = []
    plans = [shell("sleep 0.3; echo 0"), shell("echo 1"), ExecutionPlan({}, Command("no-such-command")), *numbered(9)]
    with Executor(sandbox) as executor, pytest.raises(InfrastructureError, match="no-such-command"):
        seen.extend(outcome.stdout for outcome in executor.run(plans))
    assert seen == ["0\n", "1\n"]


def test_empty_input(sandbox: Sandbox) -> None:
    with Executor(sandbox) as executor:
        assert list(executor.run([])) == []


def test_closing_kills_what_runs(sandbox: Sandbox) -> None:
    threads, before = threading.active_count(), children(os.getpid())
    with Executor(sandbox, workers=2) as executor:
        outcomes = executor.run([shell("true"), shell("sleep 41.5; true"), shell("sleep 41.5")])
        next(outcomes)
        assert wait_until(lambda: running("41.5"))
        begin = time.monotonic()
        outcomes.close()  # type: ignore[attr-defined]
        assert time.monotonic() - begin < 3
    assert running("41.5") == 0
    assert threading.active_count() == threads
    assert children(os.getpid()) == before


DRIVER = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background jobs ignore
from multiplt.execute.executor import Executor
from multiplt.execute.plan import Command, ExecutionPlan, Limits
from multiplt.execute.sandboxes import find_sandbox
plans = [ExecutionPlan({}, Command("sh", "-c", f"setsid sleep {MARK} & sleep {MARK}; : {n}"), limits=Limits(wall_s=99))
         for n in range(6)]
with Executor(find_sandbox(), workers=3) as executor:
    print(list(executor.run(plans)))
"""


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_survives_the_process(signum: signal.Signals, tmp_path: Path) -> None:
    mark = f"42.{os.getpid()}{signum.value}"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    code = DRIVER.replace("{MARK}", mark)
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE) as process:
        assert wait_until(lambda: running(mark) >= 12)  # all of them: 3 workers, 2 sleeps, 2 shells
        process.send_signal(signum)
        begin = time.monotonic()
        _, stderr = process.communicate(timeout=10)
        assert time.monotonic() - begin < 5
    assert (b"KeyboardInterrupt" in stderr) == (signum == signal.SIGINT)
    assert wait_until(lambda: running(mark) == 0, 3)
    assert list(tmp_path.iterdir()) == []


def test_no_program_survives_a_kill_at_any_moment() -> None:
    for moment in range(5):
        mark = f"43.{os.getpid()}{moment}"
        code = DRIVER.replace("{MARK}", mark)
        with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL) as process:
            wait_until(lambda: children(process.pid))
            time.sleep(0.006 * moment)
            process.kill()
        time.sleep(0.2)
        assert wait_until(lambda: running(mark) == 0, 3)  # noqa: B023


# Outcomes that wait.


def test_outcomes_beyond_memory_go_to_a_file_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path))
    before = resident_bytes(os.getpid())
    store = OutcomeStore(memory_kib=4096)
    for number in range(200):
        store.put(str(number), Outcome(number, records=os.urandom(MIB)))
    assert resident_bytes(os.getpid()) - before < 60 * MIB
    outcome = store.get("7")
    assert outcome is not None
    assert (outcome.exit_code, len(outcome.records)) == (7, MIB)
    assert list(tmp_path.iterdir()) == []
    store.close()


def test_no_room_for_outcomes_is_said() -> None:
    code = """
import resource
from multiplt.execute.outcomes import OutcomeStore
from multiplt.execute.plan import Outcome
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
store = OutcomeStore(memory_kib=64)
for number in range(40):
    store.put(str(number), Outcome(0, records=bytes(100_000)))
"""
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "MultipltError: no room for outcomes" in process.stderr
    assert "set TMPDIR" in process.stderr


def test_oldest_outcomes_are_forgotten() -> None:
    store = OutcomeStore(remembered=3)
    for name in "abc":
        store.put(name, Outcome(ord(name)))
    store.put("a", Outcome(ord("a")))  # used again
    store.put("d", Outcome(ord("d")))
    assert [name for name in "abcd" if store.get(name)] == ["a", "c", "d"]
    store.close()


# The machine's means.


def test_fewer_workers_where_memory_is_short(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("multiplt.execute.executor.machine_memory", lambda: 1500 * MIB)
    plans = [shell(f"sleep 0.3; : {number}", memory=1000 * MIB) for number in range(3)]
    begin = time.monotonic()
    with Executor(sandbox, workers=3) as executor:
        assert len(list(executor.run(plans))) == 3
    assert time.monotonic() - begin > 0.9
    assert [record.getMessage() for record in caplog.records] == [
        "fewer workers run: each program may use 1000 MiB and the machine has 1500 MiB; "
        "lower the memory limit or the number of workers"
    ]


def test_waiting_for_memory_ends_when_stopped() -> None:
    budget, stop = MemoryBudget(10), Stop()
    stop.set()
    with pytest.raises(Stopped), budget.held(10, stop):
        pass
    with budget.held(99, Stop()):  # alone, any program may run
        pass


def test_machine_has_memory() -> None:
    assert 64 * MIB < machine_memory() <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(
    ("waited", "cpu", "expected"), [(3.0, 6.0, True), (0.5, 9.5, False), (8.0, 9.0, False), (1.0, 0.0, False)]
)
def test_starved_is_told_by_the_wait_for_cores(waited: float, cpu: float, expected: bool) -> None:
    assert starved(Outcome(-9, timed_out=True, waited_s=waited, cpu_s=cpu), shell("", wall_s=10.0)) is expected


def test_starved_falls_back_on_the_load(monkeypatch: pytest.MonkeyPatch) -> None:
    for load, expected in ((0.0, False), (1e6, True)):
        monkeypatch.setattr(os, "getloadavg", lambda load=load: (load, 0.0, 0.0))
        assert starved(Outcome(-9, timed_out=True), shell("")) is expected


def test_timeout_on_an_overloaded_machine_is_tried_again(sandbox: Sandbox) -> None:
    """All programs are held to one core, where six of them starve each other."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        spin = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"
        limit = 1.5 * sandbox.run(shell(spin)).wall_s  # whatever else the core has to do
        with Executor(sandbox, workers=6) as executor:
            outcomes = list(executor.run(shell(f"{spin}; : {number}", wall_s=limit) for number in range(6)))
            assert executor.counters.retried > 0
            assert executor.counters.retried == sum(outcome.retried for outcome in outcomes)
            assert all(outcome.exit_code == 0 for outcome in outcomes if not outcome.timed_out)
            assert any(outcome.retried and not outcome.timed_out for outcome in outcomes)
    finally:
        os.sched_setaffinity(0, cores)


def test_plans_of_several_threads_are_run_as_they_come(sandbox: Sandbox) -> None:
    with Executor(sandbox, workers=2) as executor, ThreadPoolExecutor(3) as threads:
        slow = executor.submit(shell("sleep 1; echo slow"))
        quick = list(threads.map(lambda n: executor.submit(shell(f"echo {n % 5}")).result().stdout, range(30)))
        assert not slow.done()
        assert quick == [f"{n % 5}\n" for n in range(30)]
        assert slow.result().stdout == "slow\n"
        assert (executor.counters.run, executor.counters.reused) == (6, 25)


def test_submitting_waits_while_the_workers_have_enough_to_do(sandbox: Sandbox) -> None:
    with Executor(sandbox, workers=1) as executor:
        begun = time.monotonic()
        futures = [executor.submit(shell(f"sleep 0.2; echo {n}")) for n in range(READY_PER_WORKER + 3)]
        assert time.monotonic() - begun > 0.3
        assert [future.result().stdout for future in futures] == [f"{n}\n" for n in range(len(futures))]


def test_what_was_submitted_is_stopped_at_the_end(sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(1) as threads:
        with Executor(sandbox, workers=1) as executor:
            futures = [executor.submit(shell(f"sleep 60.{n}")) for n in range(1 + READY_PER_WORKER)]
            waiting = threads.submit(executor.submit, shell("sleep 60.9"))
            assert wait_until(lambda: running("60.0"))
            assert not waiting.done()
        for future in [waiting, *futures]:
            with pytest.raises(Stopped):
                future.result(timeout=5)
    assert not running("60.0")


def test_an_error_of_one_plan_that_was_submitted_is_its_own(sandbox: Sandbox) -> None:
    with Executor(sandbox, workers=2) as executor:
        missing = executor.submit(ExecutionPlan({}, Command("no-such-program")))
        there = executor.submit(shell("echo 1"))
        assert there.result().stdout == "1\n"
        with pytest.raises(InfrastructureError, match="no-such-program"):
            missing.result()

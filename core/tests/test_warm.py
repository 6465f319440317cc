"""Warm servers: programs come to the same outcome as by themselves, and leave nothing to the next."""

from __future__ import annotations

import logging
import math
import os
import random
import re
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from warm_helpers import PYTHON, SERVER, Warm, in_server, python, shell

from multiplt.execute import drift
from multiplt.execute.bubblewrap import Bubblewrap
from multiplt.execute.executor import Executor
from multiplt.execute.plan import MIB, UNDECIDED, Command, ExecutionPlan, Outcome, Server
from multiplt.execute.process_tree import children, descendants
from multiplt.execute.self_check import self_check
from multiplt.execute.warm import library, servers

FULL = bool(os.environ.get("MULTIPLT_TEST_FULL"))

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="namespaces are Linux's"),
    pytest.mark.skipif(not Path(PYTHON).exists(), reason="no system Python to run in the sandbox"),
]


@pytest.fixture
def warm() -> Iterator[Warm]:
    sandbox = Warm()
    yield sandbox
    sandbox.close()


def test_the_sandbox_keeps_its_promises_in_warm_servers(warm: Warm) -> None:
    assert [result for result in self_check(warm) if not result.ok] == []
    assert warm.lost == []


ENDS = {
    "nothing": shell(":"),
    "exit code": shell("exit 7"),
    "exit code of a signal": shell("exit 139"),
    "signal": shell("kill -SEGV $$"),
    "killed": shell("kill -KILL $$"),
    "output": shell("echo out; echo error >&2"),
    "input": shell('read nonce; [ ${#nonce} = 32 ] && cat && echo end'),
    "channel": shell("read nonce; printf '35:z%s 0' $nonce >&3"),
    "channel by its path": shell("echo record > /proc/self/fd/3"),
    "too much on the channel": shell("head -c 9999 /dev/zero >&3", channel=1000),
    "endless loop": shell("while :; do :; done", wall_s=0.5),
    "sleep": shell("sleep 9", wall_s=0.5),
    "CPU time": shell("while :; do :; done", cpu_s=1),
    "memory": python("x = bytearray(200 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1\nimport time; time.sleep(3)",
                     memory=64 * MIB),
    "address space": python("bytearray(1 << 30)", address_space=512 * MIB),
    "too many files": python("print(len([open('/dev/null') for _ in range(300)]))"),
    "left behind": shell("sleep 9 & setsid sleep 9 & exit 3"),
    "stops itself": shell("kill -STOP $$", wall_s=0.5),
    "checks": shell("cat made", checks=["echo made > made", "test -f made"]),
    "failed check": shell("echo ran", checks=["true", "echo why >&2; exit 4"]),
    "check that is killed": shell("echo ran", checks=["kill -SEGV $$"]),
    "check that never ends": shell("echo ran", checks=["sleep 9"], wall_s=0.5),
    "check without nonce and channel": shell("cat x", checks=["cat > x; (echo x >&3) 2>/dev/null || echo no >> x; :"]),
    "environment": shell("env | sort"),
    "descriptors": shell("ls /proc/self/fd"),
    "limits": shell("ulimit -a | grep -v processes"),
    "signals": shell("grep Sig /proc/self/status"),
    "folder": shell("pwd; ls -la | wc -l; umask"),
    "who": shell("id -u; id -G"),
}  # fmt: skip


@pytest.fixture(scope="module")
def outcomes() -> Iterator[dict[str, tuple[Outcome, Outcome]]]:
    sandbox = Bubblewrap(eager=True)
    yield {name: (sandbox.run(in_server(plan)), sandbox.run(plan)) for name, plan in ENDS.items()}
    sandbox.close()


@pytest.mark.parametrize("name", ENDS)
def test_programs_come_to_the_same_outcome(outcomes: dict[str, tuple[Outcome, Outcome]], name: str) -> None:
    warm, alone = outcomes[name]
    assert warm.warm
    assert not alone.warm
    assert drift._decisive(warm) == drift._decisive(alone)
    assert (warm.stdout, warm.stderr) == (alone.stdout, alone.stderr)


LEAKS = {
    "file": ("echo x > file; mkdir -p a/b; chmod 0 a", "ls -A | grep -v commands"),
    "file in memory": ("echo x > /dev/shm/file", "ls -A /dev/shm"),
    "temporary file": ("echo x > $TMPDIR/file; echo y > /tmp/other", "ls -A /tmp"),
    "read-only folder": ("chmod 500 .", "touch file || echo no"),
    "process": ("(setsid setsid sleep 77 >/dev/null 2>&1 &) ; exit 0", "pgrep sleep"),
    "stopped process": ("(setsid sh -c 'kill -STOP $$; sleep 77' &) ; exit 0", "grep -hs State:.T /proc/[0-9]*/status"),
    "limits": ("ulimit -n 9; ulimit -v 99999", "[ $(ulimit -n) = 256 ] || ulimit -a"),
    "priority": ("renice -n 9 -p $$ >/dev/null", f"nice | grep -v '^{os.nice(0)}$'"),
    "cores": ("taskset -pc 0 $$ >/dev/null", f"[ $(nproc) = {len(os.sched_getaffinity(0))} ] || nproc"),
}
"""What one program does, and what prints something where the next one sees it."""


@pytest.mark.parametrize("name", LEAKS)
def test_nothing_leaks_to_the_next_program(warm: Warm, name: str) -> None:
    deed, look = LEAKS[name]
    assert warm.run(shell(deed)).exit_code == 0
    assert warm.run(shell(look)).stdout == ""
    assert warm.lost == []


ATTACKS = {
    "signals to the server": "import os\nfor s in range(1, 65):\n    try: os.kill(1, s)\n    except OSError: pass",
    "signals to its threads": """
import ctypes
libc = ctypes.CDLL(None)
for thread in range(1, 50):
    for s in (2, 9, 10, 12, 15, 19): libc.syscall(234, 1, thread, s); libc.syscall(200, thread, s)""",
    "signals to all": "import os, signal\nos.kill(-1, signal.SIGSTOP)",
    "a stopped server": "import os, signal\nos.kill(1, signal.SIGSTOP)",
    "its limits": "import resource\nresource.prlimit(1, resource.RLIMIT_NOFILE, (3, 3))",
    "its processes": "import resource\nresource.prlimit(1, resource.RLIMIT_NPROC, (0, 0))",
    "its priority": "import os\nos.setpriority(os.PRIO_USER, 0, 19)",
    "its cores": "import os\nos.sched_setaffinity(1, {0})",
    "its memory": "open('/proc/1/mem', 'r+b')",
    "its descriptors": "import os\nprint(os.listdir('/proc/1/fd'))",
    "its parent": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)",
    "a trace": "import ctypes\nassert ctypes.CDLL(None).ptrace(16, 1, 0, 0) == 0",
    "a full folder": "f = open('big', 'wb')\nwhile True: f.write(bytes(1 << 20))",
    "many files": "for i in range(20000): open(str(i), 'w').close()",
    "deep folders": "import os\nfor i in range(900): os.mkdir('d' * 200); os.chdir('d' * 200)",
    "a fork bomb": "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
}
"""What programs do to a server; the next program must not notice."""


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_on_the_server_is_only_the_guests_own(warm: Warm, name: str) -> None:
    look = shell("read nonce; ls -A; nice; ulimit -n; nproc; printf '35:z%s 0' $nonce >&3")
    before = warm.run(look)
    warm.run(python(ATTACKS[name], wall_s=2))
    after = warm.run(look)
    assert (after.exit_code, after.stdout, after.stderr) == (0, before.stdout, "")
    assert re.fullmatch(rb"35:z\w+ 0", after.records)


def test_programs_see_no_processes_but_their_own_and_the_server(warm: Warm) -> None:
    assert [warm.run(shell("exec ls -d /proc/[0-9]*")).stdout.count("\n") for _ in range(3)] == [2, 2, 2]


def test_servers_killed_at_random_change_no_outcome() -> None:
    """Whatever was lost with a server runs again, by itself."""
    programs, kills = (2000, 50) if FULL else (200, 10)
    plans = [in_server(shell(f"read nonce; echo {number}; exit {number % 7}")) for number in range(programs)]
    sandbox = Bubblewrap(eager=True)
    before = set(descendants(os.getpid()))
    done = threading.Event()

    def kill() -> None:
        chance = random.Random(0)
        for _ in range(kills):
            if done.wait(chance.uniform(0, 0.1)):
                return
            for victim in sorted(sandbox.kept() - set(children(os.getpid())))[:1]:
                with suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with Executor(sandbox, workers=2) as executor:
        outcomes = list(executor.run(plans))
        done.set()
        killer.join()
        assert [(o.exit_code, o.stdout) for o in outcomes] == [(n % 7, f"{n}\n") for n in range(programs)]
        assert executor.left_behind() == before
        assert executor.counters.warm > programs / 2
    assert set(descendants(os.getpid())) == before


def test_where_there_is_no_compiler_programs_run_one_shot(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("CC", "no-such-compiler")
    library.library.cache_clear()
    sandbox = Warm()
    assert [sandbox.run(shell(f"exit {code}")).exit_code for code in (0, 5)] == [0, 5]
    assert len(sandbox.lost) == 2
    [said] = [record.getMessage() for record in caplog.records]
    assert "no-such-compiler does not start" in said
    assert "apt-get install gcc" in said
    monkeypatch.undo()
    library.library.cache_clear()


@pytest.mark.parametrize("script", ["raise SystemExit('cannot')", "import time; time.sleep(99)", "import no_such"])
def test_a_server_that_does_not_start_is_told_once(
    script: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("multiplt.execute.warm.server.STARTUP_S", 1.0)
    broken = Server({"server.py": script}, SERVER.run)
    with Executor(Bubblewrap(eager=True), workers=1) as executor:
        plans = [replace(in_server(shell(f"exit {code}")), server=broken) for code in range(3)]
        assert [outcome.exit_code for outcome in executor.run(plans)] == [0, 1, 2]
        assert executor.counters.warm == 0
    [said] = [record.getMessage() for record in caplog.records]
    assert "the warm server does not start" in said
    assert "one-shot" in said


def test_a_server_that_drifts_is_found_out(caplog: pytest.LogCaptureFixture) -> None:
    """The first program and every 500th run again by themselves; what they come to then counts."""
    wrong = SERVER.files["server.py"].replace("os.execvpe(", "sys.exit(3) or os.execvpe(")
    server = Server({"server.py": wrong}, SERVER.run)
    with Executor(Bubblewrap(eager=True), workers=1) as executor, caplog.at_level(logging.WARNING):
        plans = [replace(in_server(shell(f"exit {code}")), server=server) for code in range(3)]
        assert [outcome.exit_code for outcome in executor.run(plans)] == [0, 1, 2]
        assert (executor.drift.sampled, executor.drift.drifted, executor.counters.warm) == (1, 1, 0)
    [said] = [record.getMessage() for record in caplog.records]
    assert "came to another outcome in a warm" in said


def test_a_program_that_changes_by_itself_is_no_drift() -> None:
    with Executor(Bubblewrap(eager=True), workers=1) as executor:
        plan = in_server(shell("head -c 8 /dev/urandom >&3"))
        assert next(executor.run([plan])).warm
        assert (executor.drift.sampled, executor.drift.drifted) == (1, 0)


@pytest.mark.parametrize(
    ("script", "mode", "code"),
    [
        (":", "fast", 0),
        ("exit 3", "fast", 3),
        ("sleep 1", "normal", 0),
        (f"[ ! $MODE ] || exit {UNDECIDED}", "normal", 0),
        (f"exit {UNDECIDED}", "normal", UNDECIDED),
        ("kill -9 $$", "normal", -9),
    ],
)
def test_what_the_fast_mode_does_not_decide_runs_in_the_normal_one(script: str, mode: str, code: int) -> None:
    sandbox = Bubblewrap(eager=True)
    plan = in_server(shell(f"echo ${{MODE-normal}}; {script}"))
    outcome = sandbox.run(replace(plan, server=replace(SERVER, patience_s=0.5)))
    assert (outcome.stdout, outcome.exit_code, outcome.warm, outcome.timed_out) == (f"{mode}\n", code, True, False)
    sandbox.close()


def test_where_there_is_no_more_time_than_patience_the_normal_mode_decides() -> None:
    sandbox = Bubblewrap(eager=True)
    plan = in_server(shell("echo ${MODE-normal}", wall_s=5))
    assert sandbox.run(replace(plan, server=replace(SERVER, patience_s=5))).stdout == "normal\n"
    sandbox.close()


def test_a_fast_mode_that_drifts_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    server = replace(SERVER, patience_s=5)
    with Executor(Bubblewrap(eager=True), workers=1) as executor:
        scripts = (f"[ $MODE ] && exit 3; exit {code}" for code in (1, 2))
        plans = [replace(in_server(shell(script)), server=server) for script in scripts]
        assert [outcome.exit_code for outcome in executor.run(plans)] == [1, 2]
        assert (executor.drift.sampled, executor.drift.drifted, executor.counters.warm) == (2, 1, 1)
    [said] = [record.getMessage() for record in caplog.records]
    assert "programs run in its normal mode now" in said


def test_what_a_server_keeps_takes_no_scratch_space() -> None:
    sandbox = Bubblewrap(eager=True)
    plan = in_server(shell("stat -f -c '%b %S' /dev/shm"))
    outcomes = [sandbox.run(replace(plan, server=server)) for server in (SERVER, replace(SERVER, keeps=1 << 20))]
    assert all(outcome.warm for outcome in outcomes)
    without, beyond = (math.prod(map(int, outcome.stdout.split())) for outcome in outcomes)
    assert beyond - without == 1 << 20
    sandbox.close()


def test_programs_too_large_for_the_folder_run_one_shot(warm: Warm) -> None:
    plan = ExecutionPlan({"big": "x" * (servers.ROOM + 1)}, Command("wc", "-c", "big"))
    assert warm.run(plan).stdout == f"{servers.ROOM + 1} big\n"
    assert warm.lost == [plan]


def test_servers_can_be_left_out() -> None:
    with Executor(Bubblewrap(eager=True), workers=1, warm=False) as executor:
        assert not next(executor.run([in_server(shell(":"))])).warm


def test_a_set_in_another_order_is_no_drift() -> None:
    def outcome(nonce: str, items: str) -> Outcome:
        return Outcome(0, records=f"{len(items) + 3}:v0 {items}".encode(), nonce=nonce)

    one = outcome("0" * 32, "z2:m1:i1;i2;m2:i1;Ti0;F")
    assert drift._decisive(one) == drift._decisive(outcome("1" * 32, "z2:m2:i0;Fi1;Tm1:i1;i2;"))
    assert drift._decisive(one) != drift._decisive(outcome("1" * 32, "z2:m2:i0;Fi1;Fm1:i1;i2;"))


def test_a_sampled_value_may_be_nested_as_deep_as_a_harness_goes() -> None:
    nested = b"l1:" * 200 + b"N"
    records = b"%d:v0 %s" % (len(nested) + 3, nested)
    assert len(str(drift._decisive(Outcome(0, records=records, nonce="0" * 32)))) < 10_000

"""The sandbox: every limit and every wall, tried by real programs, as root and as a user."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from multiplt.errors import MultipltError, SandboxUnavailable, UsageError
from multiplt.execute import bubblewrap, diagnosis, mounts
from multiplt.execute.capture import HeadTail
from multiplt.execute.plan import MIB, Command, ExecutionPlan, Limits, Outcome
from multiplt.execute.sandbox import InfrastructureError, Sandbox, Stop, Stopped
from multiplt.execute.sandboxes import find_sandbox
from multiplt.execute.seccomp import seccomp_filter
from multiplt.execute.self_check import CHECKS, self_check
from multiplt.testing.as_user import as_user

ROOT = os.geteuid() == 0
PYTHON = "/usr/bin/python3"

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="namespaces are Linux's")
needs_python = pytest.mark.skipif(not Path(PYTHON).exists(), reason="no system Python to run in the sandbox")


class AsUser(Sandbox):
    """bubblewrap as an unprivileged user has it: each run in a child that has given up root."""

    name = "bubblewrap as a user"

    def probe(self) -> None:
        self.run(ExecutionPlan({}, Command("true")))

    def run(self, plan: ExecutionPlan, *, slot: int = 0, stop: Stop | None = None) -> Outcome:
        outcome: Outcome = as_user(lambda: find_sandbox().run(plan))
        return outcome


@pytest.fixture(scope="module", params=["as we are", *(["user"] if ROOT else [])])
def guarded(request: pytest.FixtureRequest) -> Sandbox:
    return AsUser() if request.param == "user" else find_sandbox("bubblewrap")


@pytest.fixture(scope="module", params=["bubblewrap", "none"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    return find_sandbox(request.param)


def shell(sandbox: Sandbox, script: str, *checks: str, **limits: Any) -> Outcome:
    commands = tuple(Command("sh", "-c", check) for check in checks)
    return sandbox.run(ExecutionPlan({}, Command("sh", "-c", script), commands, Limits().with_(**limits)))


def python(sandbox: Sandbox, program: str, **limits: Any) -> Outcome:
    plan = ExecutionPlan({"main.py": program}, Command(PYTHON, "main.py"), limits=Limits().with_(**limits))
    return sandbox.run(plan)


def alive(mark: str) -> list[str]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if mark in line:
            found.append(line)
    return found


def gone(mark: str) -> bool:
    """Whether no such process is left soon after; without a sandbox they die in their own time."""
    deadline = time.monotonic() + 2
    while alive(mark) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(mark)


def test_self_check_holds(guarded: Sandbox) -> None:
    assert [result for result in self_check(guarded) if not result.ok] == []


def test_self_check_tells_where_there_is_no_sandbox() -> None:
    missed = {result.name for result in self_check(find_sandbox("none")) if not result.ok}
    assert {"no write outside the working folder", "other processes are not visible", "disk is limited"} <= missed
    assert not missed & {"exit codes and signals are reported", "nonce and channel work", "time is limited"}
    assert missed < set(CHECKS)


# What every sandbox does.


def test_exit_codes_and_signals(sandbox: Sandbox) -> None:
    assert [shell(sandbox, script).exit_code for script in ("exit 5", "kill -TERM $$", "nosuch")] == [5, -15, 127]


def test_stdout_and_stderr_are_kept_apart(sandbox: Sandbox) -> None:
    outcome = shell(sandbox, "echo out; echo err >&2; kill -SEGV $$")
    assert (outcome.stdout, outcome.stderr) == ("out\n", "err\n")


def test_output_keeps_head_and_tail(sandbox: Sandbox) -> None:
    outcome = shell(sandbox, "echo begin; yes | head -c 3000000; echo end", output=1000)
    assert outcome.stdout.startswith("begin\ny\n")
    assert outcome.stdout.endswith("y\nend\n")
    assert "[2999010 bytes left out]" in outcome.stdout
    assert len(outcome.stdout) < 1100


def test_head_and_tail_of_any_pieces() -> None:
    for size in range(30):
        data = bytes(range(65, 65 + size))
        for step in (1, 3, 30):
            kept = HeadTail(10)
            for start in range(0, size, step):
                kept.add(data[start : start + step])
            gap = f"\n[{size - 10} bytes left out]\n" if size > 10 else ""
            expected = data[:5].decode() + gap + data[max(5, size - 5) :].decode()
            assert kept.text() == expected


def test_nonce_is_new_each_time_and_reaches_only_the_run(sandbox: Sandbox) -> None:
    one, two = (shell(sandbox, "cat", "cat; ls /proc/self/fd >&2") for _ in range(2))
    assert one.nonce != two.nonce
    assert one.stdout == f"{one.nonce}\n"
    assert one.stderr.split() == ["0", "1", "2", "3"]  # 3 is the folder that ls reads


def test_records_and_overflow(sandbox: Sandbox) -> None:
    assert shell(sandbox, "printf a >&3; printf b > /proc/self/fd/3").records == b"ab"
    outcome = shell(sandbox, "head -c 2000 /dev/zero >&3; sleep 9", channel=1500)
    assert (len(outcome.records), outcome.channel_overflow, outcome.wall_s < 5) == (1500, True, True)


def test_first_failing_check_ends_the_plan(sandbox: Sandbox) -> None:
    outcome = shell(sandbox, "echo ran", "echo one", "echo two; exit 9", "echo three")
    assert (outcome.failed_check, outcome.exit_code, outcome.stdout) == (1, 9, "one\ntwo\n")
    outcome = shell(sandbox, "exit 9", "true")
    assert (outcome.failed_check, outcome.exit_code) == (None, 9)
    assert shell(sandbox, "true", "kill -SEGV $$").exit_code == -11


def test_checks_share_the_working_folder_and_the_time(sandbox: Sandbox) -> None:
    assert shell(sandbox, "cat made", "echo x > made").stdout == "x\n"
    outcome = shell(sandbox, "sleep 5", "sleep 0.4", "sleep 5", wall_s=0.7)
    assert (outcome.timed_out, outcome.failed_check) == (True, None)
    assert 0.6 < outcome.wall_s < 2


def test_timeout_kills_what_ignores_signals(sandbox: Sandbox) -> None:
    outcome = shell(sandbox, "trap '' TERM INT HUP; echo on; while :; do :; done", wall_s=0.5)
    assert (outcome.timed_out, outcome.exit_code, outcome.stdout) == (True, -9, "on\n")
    assert outcome.cpu_s + (outcome.waited_s or 0.5) > 0.4


def test_background_process_with_the_pipes_open_does_not_delay(sandbox: Sandbox) -> None:
    begin = time.monotonic()
    assert shell(sandbox, "sleep 20.5 & echo done").stdout == "done\n"
    assert time.monotonic() - begin < 3
    assert gone("sleep 20.5")


def test_missing_command_is_no_outcome(sandbox: Sandbox) -> None:
    with pytest.raises(InfrastructureError, match="no-such-command is not found"):
        sandbox.run(ExecutionPlan({}, Command("no-such-command")))


def test_stop_ends_a_run_at_once(sandbox: Sandbox) -> None:
    stop = Stop()
    stop.set()
    begin = time.monotonic()
    with pytest.raises(Stopped):
        sandbox.run(ExecutionPlan({}, Command("sleep", "21.5")), stop=stop)
    assert time.monotonic() - begin < 3
    assert gone("sleep 21.5")


def test_any_text_reaches_the_program(sandbox: Sandbox) -> None:
    text = "NUL \0, a lone surrogate \ud800, é, and " + "x" * 10_000_000
    outcome = sandbox.run(ExecutionPlan({"a/b c": text}, Command("cksum", "a/b c")))
    assert outcome.stdout.split()[1] == str(len(text.encode("utf-8", "surrogatepass")))


def test_environment_is_what_the_plan_says(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    outcome = sandbox.run(ExecutionPlan({}, Command("env"), environment={"MODE": "a b"}))
    assert "MODE=a b" in outcome.stdout.splitlines()
    assert "sk-secret" not in outcome.stdout


def test_nothing_is_inherited(sandbox: Sandbox) -> None:
    read, write = os.pipe()
    os.set_inheritable(write, True)
    try:
        assert shell(sandbox, "ls /proc/self/fd | tr '\\n' ' '").stdout == "0 1 2 3 4 "  # 4 is the folder that ls reads
    finally:
        os.close(read)
        os.close(write)


def test_no_descriptor_of_ours_stays_open(sandbox: Sandbox) -> None:
    shell(sandbox, "true")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for script in ("true", "exit 3", "sleep 9"):
        shell(sandbox, script, wall_s=0.3)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


# What bubblewrap keeps out.


def test_forking_daemons_die_at_the_timeout(guarded: Sandbox) -> None:
    script = "for i in 1 2 3; do setsid sh -c 'sleep 22.5 & setsid sleep 22.5; sleep 22.5' & done; sleep 22.5"
    assert shell(guarded, script, wall_s=0.5).timed_out
    assert alive("sleep 22.5") == []


def test_fork_bomb_is_contained(guarded: Sandbox) -> None:
    outcome = shell(guarded, "bomb() { bomb | bomb & bomb; }; echo sleep 23.5 >/dev/null; bomb", wall_s=1, processes=32)
    assert outcome.timed_out or outcome.exit_code != 0
    assert alive("sleep 23.5") == []


@needs_python
def test_memory_hog_is_stopped(guarded: Sandbox) -> None:
    hog = "import time\nkept = []\nwhile True:\n    kept.append(bytearray(8 << 20)); time.sleep(0.01)"
    assert python(guarded, hog, memory=200 * MIB).out_of_memory
    outcome = python(guarded, "x = bytearray(3 << 30)", address_space=1024 * MIB)
    assert (outcome.exit_code, outcome.out_of_memory) == (1, False)
    assert "MemoryError" in outcome.stderr


@needs_python
def test_memory_of_many_processes_counts_together(guarded: Sandbox) -> None:
    program = "import os, time\nfor _ in range(3): os.fork()\nx = bytearray(40 << 20); time.sleep(5)"
    outcome = python(guarded, program, memory=200 * MIB)
    assert outcome.out_of_memory
    assert outcome.wall_s < 3


@needs_python
@pytest.mark.parametrize("take", ["os.memfd_create('x')", "mmap.mmap(-1, 1 << 20)"])
def test_memory_that_no_limit_sees_is_refused(guarded: Sandbox, take: str) -> None:
    outcome = python(guarded, f"import mmap, os\ntry:\n    {take}\nexcept OSError as error:\n    print(error.errno)")
    assert outcome.stdout == "38\n"  # ENOSYS


def test_empty_files_without_end_count_as_memory(guarded: Sandbox) -> None:
    script = "mkdir d; cd d; i=0; while :; do : > $i; i=$((i+1)); done"
    assert shell(guarded, script, memory=16 * MIB, wall_s=8).out_of_memory


@needs_python
def test_network_is_out_of_reach(guarded: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        program = f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 2)"
        assert "ConnectionRefused" in python(guarded, program).stderr
    outcome = python(guarded, "import socket\nsocket.create_connection(('1.1.1.1', 53))")
    assert "Network is unreachable" in outcome.stderr


@needs_python
def test_namespaces_within_are_refused(guarded: Sandbox) -> None:
    assert shell(guarded, "unshare --user --map-root-user true").exit_code != 0


def test_shell_above_the_commands_is_out_of_reach(guarded: Sandbox) -> None:
    spy = "cat /proc/1/environ /proc/1/mem; ls /proc/1/fd; head -c 1 /run/sh; echo failed 0 > /proc/1/fd/4; kill -9 1"
    outcome = shell(guarded, "cat", f"({spy}); echo checked")
    assert outcome.failed_check is None
    assert outcome.stdout == f"checked\n{outcome.nonce}\n"
    assert outcome.stderr.count("Permission denied") == 5


def test_background_process_of_a_check_does_not_meet_the_run(guarded: Sandbox) -> None:
    daemon = "setsid sh -c 'while echo; do sleep 0.02; done' >log & sleep 0.2"
    before, after = shell(guarded, "wc -l <log; sleep 0.3; wc -l <log", daemon).stdout.split()
    assert 1 < int(before) == int(after)


def test_channel_cannot_be_read_by_the_program() -> None:
    read = "head -c 1 /proc/self/fd/3"
    outcome = shell(find_sandbox(), f"printf record >&3; head -c 1 <&3; {read}; chmod 666 /proc/self/fd/3; {read}")
    if ROOT:  # a user's own pipe can be made readable again; the nonce in the last record tells of it
        assert (outcome.stdout, outcome.records) == ("", b"record")
    assert "Permission denied" in shell(find_sandbox(), read).stderr


def test_no_privilege_inside(guarded: Sandbox) -> None:
    status = shell(guarded, "cat /proc/self/status").stdout
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert {fields[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (fields["NoNewPrivs"], fields["Groups"].strip() in ("", fields["Gid"].split()[0])) == ("1", True)
    if seccomp_filter():
        assert fields["Seccomp"] == "2"


@pytest.mark.skipif(not ROOT, reason="only root can be someone else")
def test_workers_of_root_are_users_of_their_own() -> None:
    sandbox, other = find_sandbox(), find_sandbox()
    users = [
        box.run(ExecutionPlan({}, Command("id", "-u")), slot=slot).stdout.strip()
        for box, slot in ((sandbox, 0), (sandbox, 1), (other, 0), (sandbox, 0))
    ]
    assert len(set(users)) == 3
    assert users[0] == users[3]


def test_plan_cannot_write_outside_its_folder() -> None:
    for path in ("../x", "/etc/x", ""):
        with pytest.raises(ValueError, match="not inside the working folder"):
            find_sandbox().run(ExecutionPlan({path: ""}, Command("true")))


def test_sandbox_that_cannot_start_is_no_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap, "WORK", "/usr/nowhere")  # cannot be made: /usr is read-only
    with pytest.raises(InfrastructureError, match=r"bubblewrap failed.*nowhere"):
        bubblewrap.Bubblewrap().run(ExecutionPlan({}, Command("true")))


# Finding one, and saying why there is none.


def test_unknown_sandbox_is_named() -> None:
    with pytest.raises(UsageError, match="no sandbox docker; choose one of bubblewrap, none, own"):
        find_sandbox("docker", {"own": bubblewrap.Bubblewrap})


def test_missing_bubblewrap_names_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxUnavailable, match="install the package bubblewrap"):
        find_sandbox()


def test_bubblewrap_that_fails_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # the user that root becomes must find it
        fake = Path(folder, "bwrap")
        fake.write_text("#!/bin/sh\necho 'bwrap: no permission to create a namespace' >&2; exit 1\n")
        fake.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        with pytest.raises(SandboxUnavailable, match="no permission to create a namespace"):
            find_sandbox()


def test_diagnosis_names_the_setting(tmp_path: Path) -> None:
    file = tmp_path / "sys/kernel/apparmor_restrict_unprivileged_userns"
    file.parent.mkdir(parents=True)
    file.write_text("1\n")
    assert "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" in diagnosis.why_no_namespaces(tmp_path)
    file.write_text("0\n")
    assert "sysctl" not in diagnosis.why_no_namespaces(tmp_path)


# Toolchains outside /usr.


@pytest.fixture
def opt() -> Any:
    """A folder outside /usr, /tmp and the home folders, open to all."""
    folder = Path(f"/opt/multiplt-test-{os.getpid()}")
    try:
        (folder / "bin").mkdir(parents=True)
    except OSError:
        pytest.skip("/opt is not ours to write")
    tool = folder / "bin" / "made-up-tool"
    tool.write_text("#!/bin/sh\necho works\n")
    tool.chmod(0o755)
    yield folder
    tool.unlink()
    (folder / "bin").rmdir()
    folder.rmdir()
    mounts.toolchain_prefix.cache_clear()


def test_toolchain_on_path_is_shown(opt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:{opt}/bin")
    assert find_sandbox().run(ExecutionPlan({}, Command("made-up-tool"))).stdout == "works\n"


def test_toolchain_named_by_the_user_is_shown(opt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(mounts.VARIABLE, str(opt))
    assert find_sandbox().run(ExecutionPlan({}, Command("made-up-tool"))).stdout == "works\n"


@pytest.mark.parametrize("folder", ["/", "/home", "relative", "/no/such/folder"])
def test_unsafe_mounts_are_refused(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(mounts.VARIABLE, folder)
    with pytest.raises(MultipltError, match=mounts.VARIABLE):
        find_sandbox()


def test_commands_in_home_folders_are_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "tools" / "bin" / "home-tool"
    tool.parent.mkdir(parents=True)
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    assert mounts.toolchain_prefix("home-tool") is None

"""What any sandbox must hold, as checks that run in it; for plugins' tests and for `doctor`."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from multiplt.execute.plan import MIB, Command, ExecutionPlan, Limits, Outcome
from multiplt.execute.sandbox import Sandbox

ALLOWED_VARIABLES = {"PATH", "HOME", "TMPDIR", "LANG", "PWD", "OLDPWD", "SHLVL", "_"}


@dataclass(frozen=True)
class CheckResult:
    """One check: its name, whether the sandbox holds it, and what was seen where it does not."""

    name: str
    ok: bool
    detail: str = ""


def self_check(sandbox: Sandbox) -> list[CheckResult]:
    """Run every check in `sandbox`; takes some seconds. Programs are `sh` and the usual small tools."""
    return [_result(name, check, sandbox) for name, check in CHECKS.items()]


def _result(name: str, check: Check, sandbox: Sandbox) -> CheckResult:
    try:
        failures = list(check(lambda script, **plan: _shell(sandbox, script, **plan)))
    except Exception as error:  # a sandbox that breaks fails the check
        failures = [f"{type(error).__name__}: {error}"]
    return CheckResult(name, not failures, "; ".join(failures))


def _shell(sandbox: Sandbox, script: str, *, check: str | None = None, **limits: float) -> Outcome:
    checks = (Command("sh", "-c", check),) if check else ()
    files = {"folder/file": "content"}
    return sandbox.run(ExecutionPlan(files, Command("sh", "-c", script), checks, Limits(wall_s=10).with_(**limits)))


Shell = Callable[..., Outcome]
Check = Callable[[Shell], Iterator[str]]


def _exit_codes_and_signals_are_reported(sh: Shell) -> Iterator[str]:
    for script, expected in (("exit 0", 0), ("exit 7", 7), ("kill -SEGV $$", -11), ("kill -KILL $$", -9)):
        if (seen := sh(script).exit_code) != expected:
            yield f"`{script}` gave {seen}"


def _files_are_in_the_working_folder(sh: Shell) -> Iterator[str]:
    outcome = sh("cat folder/file; echo new > folder/other; cat folder/other")
    if outcome.stdout != "contentnew\n":
        yield repr(outcome.stdout)


def _nonce_and_channel_work(sh: Shell) -> Iterator[str]:
    outcome = sh('read nonce; echo "$nonce" >&3; echo again > /proc/self/fd/3; cat')
    if not outcome.nonce or outcome.records.decode() != f"{outcome.nonce}\nagain\n":
        yield f"nonce {outcome.nonce!r}, records {outcome.records!r}, {outcome.stderr!r}"
    if not (outcome := sh("head -c 9999 /dev/zero >&3", channel=1000)).channel_overflow or len(outcome.records) > 1000:
        yield f"kept {len(outcome.records)} bytes of the channel beyond its limit"


def _checks_run_first_without_nonce_and_channel(sh: Shell) -> Iterator[str]:
    outcome = sh("read nonce; cat seen", check="cat > seen; (echo x >&3) 2>>seen || echo closed > seen; exit 0")
    if outcome.failed_check is not None or outcome.stdout != "closed\n" or outcome.records:
        yield f"a check saw {outcome.stdout!r}, wrote {outcome.records!r}"
    outcome = sh("echo ran", check="exit 3")
    if outcome.failed_check != 0 or outcome.exit_code != 3 or outcome.stdout:
        yield f"a failing check: failed_check {outcome.failed_check}, exit code {outcome.exit_code}"


def _run_command_cannot_claim_that_a_check_failed(sh: Shell) -> Iterator[str]:
    script = "for fd in 4 5 6; do for p in self 1 $PPID; do (echo failed 0 > /proc/$p/fd/$fd); done; done; exit 1"
    if sh(script, check="true").failed_check is not None:
        yield "failed_check was set from inside"


def _no_network(sh: Shell) -> Iterator[str]:
    interfaces = sh("tail -n +3 /proc/net/dev | cut -d: -f1").stdout.split()
    if interfaces not in ([], ["lo"]):
        yield f"interfaces {', '.join(interfaces)}"


def _no_write_outside(sh: Shell) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        sh(f"mkdir -p {folder}; echo x > {folder}/file")
        if (folder / "file").exists():
            yield f"a file was written to {folder}"
    script = "for d in / /usr /usr/lib /etc /dev /proc; do touch $d/x.$$ 2>/dev/null && rm $d/x.$$ && echo $d; done"
    if written := sh(script).stdout.split():
        yield f"files were written to {', '.join(written)}"


def _home_is_not_visible(sh: Shell) -> Iterator[str]:
    seen = sh(f"ls -A {Path.home()} /home /root 2>/dev/null | grep -v :$").stdout.split()
    if seen:
        yield f"sees {', '.join(seen[:5])}"


def _environment_is_clean(sh: Shell) -> Iterator[str]:
    names = {line.partition("=")[0] for line in sh("env").stdout.splitlines()}
    if names - ALLOWED_VARIABLES:
        yield f"sees {', '.join(sorted(names - ALLOWED_VARIABLES))}"


def _other_processes_are_not_visible(sh: Shell) -> Iterator[str]:
    if (seen := int(sh("ls /proc | grep -c '^[0-9]'").stdout)) > 6:
        yield f"sees {seen} processes"


def _not_root(sh: Shell) -> Iterator[str]:
    if (user := sh("id -u").stdout.strip()) == "0":
        yield f"runs as user {user}"


def _processes_end_with_the_program(sh: Shell) -> Iterator[str]:
    mark = secrets.randbelow(10**12)  # another check of this process may have left some of its own
    sleeps = [f"30.{mark}{number}" for number in range(3)]
    sh(f"sleep {sleeps[0]} & setsid sleep {sleeps[1]} & (setsid setsid sleep {sleeps[2]} >/dev/null 2>&1 &) ; exit 0")
    sh(f"setsid sleep {sleeps[0]} & sleep {sleeps[1]}", wall_s=0.5)
    alive = [time for time in sleeps if any(time in line for line in _command_lines())]
    if alive:
        yield f"{len(alive)} processes are left"


def _command_lines() -> Iterator[str]:
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield file.read_bytes().decode("utf-8", "replace")
        except OSError:
            continue


def _time_is_limited(sh: Shell) -> Iterator[str]:
    begin = time.monotonic()
    if not (outcome := sh("trap '' TERM INT HUP; echo begun; sleep 60; sleep 60", wall_s=0.5)).timed_out:
        yield "a program that sleeps did not time out"
    if outcome.stdout != "begun\n" or time.monotonic() - begin > 10:
        yield f"took {time.monotonic() - begin:.1f} s, output {outcome.stdout!r}"
    if not sh("while :; do :; done", wall_s=8, cpu_s=1).timed_out:
        yield "a program that uses too much CPU time did not time out"


def _memory_is_limited(sh: Shell) -> Iterator[str]:
    hog = "x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done"
    if sh(hog, address_space=64 * MIB).exit_code == 0 or not sh(hog, memory=32 * MIB).out_of_memory:
        yield "a program took more memory than allowed"
    if not sh("head -c 64M /dev/zero > big; sleep 2", memory=32 * MIB).out_of_memory:
        yield "files in memory do not count as memory"


def _disk_is_limited(sh: Shell) -> Iterator[str]:
    script = "for i in 1 2 3 4 5 6 7 8; do head -c 4M /dev/zero > big$i; done; cat big* | wc -c"
    if (size := int(sh(script, scratch=8 * MIB).stdout or 0)) > 9 * MIB:
        yield f"{size} bytes were written"


def _processes_are_limited(sh: Shell) -> Iterator[str]:
    outcome = sh("i=0; while [ $i -lt 99 ]; do sleep 1 & i=$((i+1)); echo; done; exit 0", processes=16, wall_s=2)
    if (started := outcome.stdout.count("\n")) > 16:
        yield f"{started} processes were started"


def _output_is_limited(sh: Shell) -> Iterator[str]:
    outcome = sh("echo first; head -c 9M /dev/zero; echo last", output=2000)
    if len(outcome.stdout) > 2200 or not outcome.stdout.startswith("first") or not outcome.stdout.endswith("last\n"):
        yield f"kept {len(outcome.stdout)} characters"


CHECKS: dict[str, Check] = {
    "exit codes and signals are reported": _exit_codes_and_signals_are_reported,
    "files are in the working folder": _files_are_in_the_working_folder,
    "nonce and channel work": _nonce_and_channel_work,
    "checks run first, without nonce and channel": _checks_run_first_without_nonce_and_channel,
    "the run command cannot claim that a check failed": _run_command_cannot_claim_that_a_check_failed,
    "no network": _no_network,
    "no write outside the working folder": _no_write_outside,
    "the home folder is not visible": _home_is_not_visible,
    "the environment is clean": _environment_is_clean,
    "other processes are not visible": _other_processes_are_not_visible,
    "programs do not run as root": _not_root,
    "processes end with the program": _processes_end_with_the_program,
    "time is limited": _time_is_limited,
    "memory is limited": _memory_is_limited,
    "disk is limited": _disk_is_limited,
    "processes are limited": _processes_are_limited,
    "output is limited": _output_is_limited,
}

"""The shell script that runs a plan's commands inside a sandbox.

It finds standard input, output and error at 0, 1 and 2, the record channel at 3 and the status pipe at
4, to which it reports line by line:

    ready            the sandbox is up; the answer, an empty line on standard input, starts the clock
    missing NAME     a command that is not on PATH
    failed N         check N failed; its exit code is the script's
    run              the checks passed; the run command starts, the answer is the nonce

Without the first answer it ends: that is how a sandbox which outlived us while it started finds out.
No command gets descriptor 4, and checks get neither the nonce nor the channel. The shell itself must be
out of the commands' reach (another process of the same user can open its descriptors through /proc).
"""

from __future__ import annotations

import math
import shlex

from multiplt.execute.plan import ExecutionPlan, Limits

SHELL_PROCESSES = 1  # the shell counts against the limit on processes too


def guest_script(plan: ExecutionPlan, *, own_processes: bool) -> str:
    """The script for `plan`; `own_processes` where it is process 1 of a process tree of its own."""
    commands = [command.argv[0] for command in (*plan.checks, plan.run)]
    names = [shlex.quote(name) for name in dict.fromkeys(commands) if "/" not in name]
    lines = [
        "exec 5>&2 2>/dev/null",  # the shell's own words about signals are not the program's
        *_limits(plan.limits, own_processes),
        "echo ready >&4 && read -r go || exit",
        *(f"command -v {name} >/dev/null || {{ echo missing {name} >&4; exit 127; }}" for name in names),
    ]
    for position, check in enumerate(plan.checks):
        lines.append(f"(exec {shlex.join(check.argv)} </dev/null 2>&5 3>&- 4>&- 5>&-) ||")
        lines.append(f"{{ code=$?; echo failed {position} >&4; exit $code; }}")
    if plan.checks and own_processes:
        lines.append("kill -9 -1")  # what a check left in the background must not see the run command
    lines += ["echo run >&4", "exec 4>&-", f"(exec {shlex.join(plan.run.argv)} 2>&5 5>&-)", "exit $?"]
    return "\n".join(lines)


def _limits(limits: Limits, own_processes: bool) -> list[str]:
    cpu = cpu_limit(limits)
    lines = [
        f"ulimit -St {cpu}; ulimit -Ht {cpu + 1}",  # first SIGXCPU, then SIGKILL
        f"ulimit -v {limits.address_space // 1024}",
        f"ulimit -f {limits.scratch // 512}",
        f"ulimit -n {limits.files}",
        "ulimit -c 0",
    ]
    if own_processes:  # else it would count every process of the user
        processes = limits.processes + SHELL_PROCESSES
        lines.append(f"ulimit -p {processes} || ulimit -u {processes}")  # dash has -p, bash -u
    return lines


def cpu_limit(limits: Limits) -> int:
    """The limit on the CPU time of one process, in whole seconds."""
    return math.ceil(limits.cpu_s or limits.wall_s)

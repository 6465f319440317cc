"""A warm server for any command: its children become what the plan's commands say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from multiplt.execute.bubblewrap import Bubblewrap
from multiplt.execute.plan import SERVER_FOLDER, Command, ExecutionPlan, Limits, Outcome, Server
from multiplt.execute.sandbox import Sandbox, Stop

PYTHON = "/usr/bin/python3"

BECOME = """\
import ctypes, json, os, signal, sys

getenv = ctypes.CDLL(None).getenv
getenv.restype = ctypes.c_char_p
ctypes.PyDLL(os.environ["MULTIPLT_SERVE"]).multiplt_serve()
with open("commands.json") as file:
    checks, run = json.load(file)
os.remove("commands.json")
check = getenv(b"MULTIPLT_CHECK")
if check and int(check) + 1 <= len(checks):
    with open("commands.json", "w") as file:
        json.dump([checks, run], file)
for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores
    signal.signal(number, signal.SIG_DFL)
# What C has removed since the start, os.environ still has.
environment = {name: value for name, value in os.environ.items() if getenv(name.encode()) is not None}
if getenv(b"MULTIPLT_FAST"):
    environment["MODE"] = "fast"
argv = checks[int(check)] if check else run
os.execvpe(argv[0], argv, environment)
"""

SERVER = Server({"server.py": BECOME}, Command(PYTHON, "-S", "-B", f"{SERVER_FOLDER}/server.py"))


class Warm(Sandbox):
    """bubblewrap, in which every plan runs in a warm server; `lost` are those whose server did not outlive them."""

    name = "bubblewrap, warm"

    def __init__(self) -> None:
        self.inner = Bubblewrap(eager=True)
        self.lost: list[ExecutionPlan] = []

    def probe(self) -> None:
        self.inner.probe()

    def run(self, plan: ExecutionPlan, *, slot: int = 0, stop: Stop | None = None) -> Outcome:
        outcome = self.inner.run(in_server(plan), slot=slot, stop=stop)
        if not outcome.warm:
            self.lost.append(plan)
        return outcome

    def close(self) -> None:
        self.inner.close()


def in_server(plan: ExecutionPlan) -> ExecutionPlan:
    """The plan with the server, and the file that tells it what to become."""
    commands = [[command.argv for command in plan.checks], plan.run.argv]
    return replace(plan, files={**plan.files, "commands.json": json.dumps(commands)}, server=SERVER)


def shell(script: str, checks: Sequence[str] = (), **limits: float) -> ExecutionPlan:
    """A plan that runs a shell script, after others."""
    commands = tuple(Command("sh", "-c", check) for check in checks)
    return ExecutionPlan({}, Command("sh", "-c", script), commands, Limits().with_(**limits))


def python(program: str, **limits: float) -> ExecutionPlan:
    """A plan that runs a Python program."""
    return ExecutionPlan({"main.py": program}, Command(PYTHON, "-S", "main.py"), limits=Limits().with_(**limits))

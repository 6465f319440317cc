"""Runs inside the sandbox: what a function does beside returning, and which of its lines it runs.

Python tells of files, network and processes through audit events (PEP 578), of the built-in functions that
read the clock or draw random numbers through the profiler, of lines through the tracer.
"""

from __future__ import annotations

import os
import sys
from types import CodeType, FrameType
from typing import Any

AUDITED = {
    "open": "files", "os": "files", "shutil": "files", "tempfile": "files", "glob": "files", "pathlib": "files",
    "socket": "the network", "urllib": "the network", "http": "the network", "ftplib": "the network",
    "subprocess": "other processes", "pty": "other processes", "ctypes": "foreign code",
}  # fmt: skip
"""What an audit event tells of, by the part before the dot."""

PROCESSES = {"os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.kill", "os.killpg"}
CLOCK = {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "process_time",
         "process_time_ns", "localtime", "gmtime", "ctime", "asctime", "sleep", "now", "utcnow", "today"}  # fmt: skip
SYSTEM = {"getpid", "getppid", "getcwd", "uname", "cpu_count", "getlogin", "getuid", "gethostname", "getloadavg"}
LOOKS = {"stat", "lstat", "fstat", "access", "readlink", "statvfs", "fstatvfs", "isatty"}
"""Built-in functions of the module posix that look at files, of which no event tells."""

IMPORTS = "<frozen importlib"
ASIDE = ("/logging/__init__.py", "/warnings.py", "/linecache.py", "/traceback.py", "/_strptime.py")
"""Where Python itself reads files and the clock, for what is no part of an answer: messages, names of months."""

ENVIRONMENT = {os._Environ.__getitem__.__code__, os._Environ.__iter__.__code__, os._Environ.__setitem__.__code__}

Arc = tuple[int, int]
"""From one line to another, as the package coverage has it: negative where the code is entered or left."""


class Observer:
    """Watches the calls in its `with` block; the lines are those of the function in the module `filename`."""

    def __init__(self, filename: str, lines: tuple[int, int]) -> None:
        self.uses: set[str] = set()
        self.arcs: set[Arc] = set()
        self._filename, self._lines = filename, range(lines[0], lines[1] + 1)
        self._active = False
        sys.addaudithook(self._audit)

    def __enter__(self) -> Observer:
        self._active = True
        sys.setprofile(self._profile)
        sys.settrace(self._trace)
        return self

    def __exit__(self, *error: object) -> None:
        sys.settrace(None)
        sys.setprofile(None)
        self._active = False

    def take(self) -> tuple[list[str], list[Arc]]:
        """What was used and run since this was asked last."""
        taken = sorted(self.uses), sorted(self.arcs)
        self.uses, self.arcs = set(), set()
        return taken

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._active:
            what = AUDITED.get(event.partition(".")[0])
            if event in PROCESSES:
                what = "other processes"
            if what:
                self._use(what)

    def _profile(self, frame: FrameType, event: str, function: Any) -> None:
        if event == "c_call":
            self._look_at(getattr(function, "__name__", ""), function)
        elif event == "call" and frame.f_code in ENVIRONMENT:
            self._use("the environment")

    def _use(self, what: str) -> None:
        if not _is_aside():
            self.uses.add(what)

    def _look_at(self, name: str, function: Any) -> None:
        owner = getattr(function, "__self__", None)
        module = getattr(function, "__module__", None) or getattr(owner, "__module__", None)
        if module in ("time", "datetime") and name in CLOCK:
            self._use("the clock")
        elif (owner is not None and owner is _shared_random()) or name in ("urandom", "getrandom"):
            self._use("random numbers")  # a generator of its own with a seed gives the same numbers in every run
        elif module in ("posix", "_socket") and name in SYSTEM:
            self._use("the system")
        elif module == "posix" and name in LOOKS:
            self._use("files")
        elif (module == "builtins" and name == "input") or (name.startswith("read") and _is_standard_input(owner)):
            self._use("standard input")
        elif module == "_thread" and name == "start_new_thread":
            self._use("threads")

    def _trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        code: CodeType = frame.f_code
        if code.co_filename != self._filename or code.co_firstlineno not in self._lines:
            return None
        before = -code.co_firstlineno

        def lines(frame: FrameType, event: str, argument: Any) -> Any:
            nonlocal before
            if event == "line":
                self.arcs.add((before, frame.f_lineno))
                before = frame.f_lineno
            elif event == "return":
                self.arcs.add((before, -code.co_firstlineno))
            return lines

        return lines


def _shared_random() -> Any:
    """The generator behind the functions of the module random."""
    return getattr(sys.modules.get("random"), "_inst", None)


def _is_standard_input(owner: Any) -> bool:
    return owner is not None and (owner is sys.stdin or owner is sys.stdin.buffer)


def _is_aside() -> bool:
    """Whether it is Python itself that is at work: to import a module, say, is to read its file."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(IMPORTS) or name.endswith(ASIDE):
            return True
        frame = frame.f_back
    return False

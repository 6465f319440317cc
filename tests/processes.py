"""Processes of the commands under test: waiting for one to come so far, and finding what it left behind."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from commands import MULTIPLT

PR_SET_CHILD_SUBREAPER = 36


def wait_until(done: Callable[[], object], process: subprocess.Popen[str], seconds: float = 60.0) -> None:
    """Wait until `done()`, while `process` runs."""
    deadline = time.monotonic() + seconds
    while not done():
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def start(*arguments: object) -> subprocess.Popen[str]:
    """Start `multiplt` as a shell does, in a process group of its own."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a shell
        signal.signal(signal.SIGINT, signal.default_int_handler)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([MULTIPLT, *map(str, arguments)], text=True, start_new_session=True, **pipes)


@contextmanager
def adopting_orphans() -> Iterator[Callable[[], list[str]]]:
    """Make this process the parent of whatever its children leave; the function says which of that still runs.

    What was killed has five seconds to end.
    """
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    before = set(_children())
    try:
        yield lambda: _left(before)
    finally:
        prctl(PR_SET_CHILD_SUBREAPER, 0)


def _left(before: set[int]) -> list[str]:
    deadline = time.monotonic() + 5
    while True:
        orphans = [pid for pid in _children() if pid not in before]
        for pid in orphans:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        lines = [line for pid in orphans if (line := _command_line(pid))]
        if not lines or time.monotonic() > deadline:
            return lines
        time.sleep(0.05)


def _children() -> list[int]:
    return [int(pid) for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()]


def _command_line(pid: int) -> str:
    """Empty for a process that has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""

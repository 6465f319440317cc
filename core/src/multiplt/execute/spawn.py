"""Starting a program with exactly the descriptors it is meant to have."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FIRST_FREE = 10  # descriptors below may be targets


@dataclass
class Process:
    """A started program: its process, and our ends of its pipes (see `guest_script`)."""

    pid: int
    pidfd: int
    nonce: int
    stdout: int
    stderr: int
    channel: int
    status: int

    def close(self) -> None:
        """Close our ends."""
        close(self.pidfd, self.nonce, self.stdout, self.stderr, self.channel, self.status)


def spawn(argv: Sequence[str], environment: Mapping[str, str], inherited: Sequence[int] = ()) -> Process:
    """Start `argv` (a full path first) in a session of its own.

    It gets a pipe each at 0 to 4, `inherited` at their own numbers (10 and up), and nothing else,
    whatever this process itself inherited. Raises `OSError` where that is not possible.
    """
    with open_pipes(5) as (ours, theirs):
        os.fchmod(theirs[4], 0o000)  # nor can it open the status again, for anything
        theirs[:] = map(lift, theirs)
        pid = _posix_spawn(argv, environment, theirs, inherited)
        return Process(pid, os.pidfd_open(pid), *ours)


@contextmanager
def open_pipes(count: int) -> Iterator[tuple[list[int], list[int]]]:
    """A pipe each for the first `count` (4 or 5): our ends, and theirs, closed at the end; ours too after an error."""
    ours: list[int] = []
    theirs: list[int] = []
    try:
        for number in range(count):
            read, write = os.pipe2(os.O_CLOEXEC)
            ours.append(read if number else write)
            theirs.append(write if number else read)
        os.fchmod(theirs[3], 0o222)  # the program may open the channel again (/proc/self/fd) to write, not to read
        for descriptor in ours[1:]:
            os.set_blocking(descriptor, False)
        yield ours, theirs
    except BaseException:
        close(*ours)
        raise
    finally:
        close(*theirs)


def close(*descriptors: int) -> None:
    """Close descriptors; a negative one stands for none."""
    for descriptor in descriptors:
        if descriptor >= 0:
            os.close(descriptor)


def lift(descriptor: int) -> int:
    """The same open file at a number of 10 or more; the old number is closed."""
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, FIRST_FREE)
    finally:
        os.close(descriptor)


def _posix_spawn(
    argv: Sequence[str], environment: Mapping[str, str], theirs: Sequence[int], inherited: Sequence[int]
) -> int:
    actions: list[tuple[int, int] | tuple[int, int, int]] = []
    actions += [(os.POSIX_SPAWN_CLOSE, descriptor) for descriptor in _leaking() if descriptor >= len(theirs)]
    actions += [(os.POSIX_SPAWN_DUP2, descriptor, target) for target, descriptor in enumerate(theirs)]
    actions += [(os.POSIX_SPAWN_DUP2, descriptor, descriptor) for descriptor in inherited]  # clears close-on-exec
    return os.posix_spawn(
        argv[0], list(argv), environment, file_actions=actions, setsid=True,
        setsigmask=[], setsigdef=[signal.SIGPIPE, signal.SIGINT, signal.SIGXFSZ],
    )  # fmt: skip


def _leaking() -> list[int]:
    """Open descriptors that a started program would inherit."""
    found = []
    for file in Path("/proc/self/fd").iterdir():
        try:
            if not fcntl.fcntl(int(file.name), fcntl.F_GETFD) & fcntl.FD_CLOEXEC:
                found.append(int(file.name))
        except OSError:
            continue  # closed in the meantime
    return found

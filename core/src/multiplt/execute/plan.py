"""What to run and what came of it: the records between a language and the executor."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

MIB = 1024 * 1024

SERVER_FOLDER = "/run/server"
"""Where the files of a warm server lie."""


@dataclass(frozen=True)
class Limits:
    """What one program may use.

    `wall_s` and `cpu_s` are seconds for all commands of a plan together and for each process;
    `memory` (resident bytes of all processes together) and `address_space` (virtual bytes of each)
    are bytes, as are `scratch` (the writable folder), `output` (kept of stdout and of stderr, head
    and tail; more is discarded) and `channel` (the records; more is tampering).
    """

    wall_s: float = 10.0
    cpu_s: float | None = None  # None: wall_s, rounded up
    memory: int = 1024 * MIB
    address_space: int = 4096 * MIB
    processes: int = 64
    scratch: int = 128 * MIB
    files: int = 256
    output: int = 16 * 1024
    channel: int = 8 * MIB

    def with_(self, **changes: Any) -> Limits:
        """A copy with some limits changed."""
        return replace(self, **changes)


@dataclass(frozen=True)
class Program:
    """The files of a program and how it is judged.

    `files` maps paths relative to the working folder to their text. `mode` is `strict` when the
    harness returns values for the core to judge, `compat` when the program carries its own tests.
    `text` is the program as a reader wants it: the candidate and its suite.
    """

    files: Mapping[str, str]
    entry: str
    mode: str = "strict"
    text: str = ""


@dataclass(frozen=True)
class Command:
    """A program to start, found on PATH inside the sandbox, and its arguments.

    >>> Command("lua5.4", "main.lua").argv
    ('lua5.4', 'main.lua')
    """

    argv: tuple[str, ...]

    def __init__(self, *argv: str) -> None:
        object.__setattr__(self, "argv", argv)


UNDECIDED = 75
"""The exit code of a child in the fast mode that leaves its program to the normal one (EX_TEMPFAIL of sysexits.h)."""


@dataclass(frozen=True)
class Server:
    """A warm interpreter, in which a plan's program may run instead of one started for it.

    `files` lie in `SERVER_FOLDER`. `run` starts in the folder where programs will lie, loads what they
    need, loads the library whose path is in the variable MULTIPLT_SERVE, and calls its C function
    `long multiplt_serve(void)`. That returns (1) in forked children, each with the files, descriptors and
    limits of a command that was started for itself, which then do what the plan's command does; in a
    child that stands for one of the plan's checks, the variable MULTIPLT_CHECK is its number. `keeps`
    (bytes) is what it takes of `/dev/shm`, which is larger by as much.

    `patience_s` (seconds) is for an interpreter that also has a fast mode, which begins sooner and computes
    slower. A program runs in it first: children have the variable MULTIPLT_FAST. Where it takes longer than
    that, meets a limit, dies of a signal or exits with `UNDECIDED`, it runs again without.
    """

    files: Mapping[str, str]
    run: Command
    patience_s: float | None = None
    keeps: int = 0

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over all that makes it what it is."""
        return _fingerprint((*sorted(self.files.items()), self.run.argv, self.patience_s, self.keeps))


@lru_cache(maxsize=64)
def _text(limits: Limits) -> str:
    return repr(limits)


@lru_cache(maxsize=64)  # it is asked for with every program
def _fingerprint(parts: tuple[object, ...]) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


@dataclass(frozen=True)
class ExecutionPlan:
    """What the executor does for one program.

    `checks` run first and in order (a compiler, say) without the nonce; the first that fails ends the
    plan. `run` gets the nonce as the first line of its standard input and the record channel as
    descriptor 3 (`/proc/self/fd/3`). The files lie in the working folder, which is writable and
    vanishes afterwards. `mounts` are further host paths that the toolchain reads, `toolchain` is its
    version, as far as it is known. `server`, where there is one, must come to the same outcome.
    """

    files: Mapping[str, str]
    run: Command
    checks: tuple[Command, ...] = ()
    limits: Limits = field(default_factory=Limits)
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[str, ...] = ()
    toolchain: str = ""
    server: Server | None = None

    def fingerprint(self) -> str:
        """SHA-256 over all that decides the outcome: files, commands, limits, toolchain version and server."""
        files = sorted(self.files.items())
        parts = ([(path, len(text)) for path, text in files], self.run.argv, [c.argv for c in self.checks],
                 _text(self.limits), sorted(self.environment.items()), self.mounts, self.toolchain,
                 self.server and self.server.fingerprint)  # fmt: skip
        everything = "".join((repr(parts), *(text for _, text in files)))  # the lengths in front keep the texts apart
        return hashlib.sha256(everything.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Outcome:
    """What came of a plan.

    `failed_check` is the position of the check that failed, `exit_code` that of the last command
    started (negative: the signal that ended it). `stdout` and `stderr` are head and tail within
    `Limits.output`. `records` is what was written to the channel and `nonce` what the program was
    given; `channel_overflow` says that it wrote more than `Limits.channel`. Times are seconds:
    `wall_s` from the first command on, `cpu_s` of all processes, `waited_s` ready to run but without a
    core (None where the machine does not tell). `retried` says that a first try timed out on an
    overloaded machine, `warm` that the commands ran in children of a warm server.
    """

    exit_code: int
    stdout: str = ""
    stderr: str = ""
    records: bytes = b""
    nonce: str = ""
    failed_check: int | None = None
    timed_out: bool = False
    out_of_memory: bool = False
    channel_overflow: bool = False
    wall_s: float = 0.0
    cpu_s: float = 0.0
    waited_s: float | None = None
    retried: bool = False
    warm: bool = False

    @property
    def met_a_limit(self) -> bool:
        """Whether it was ended for time, memory or what it wrote to the channel."""
        return self.timed_out or self.out_of_memory or self.channel_overflow

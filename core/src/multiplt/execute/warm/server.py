"""A started warm server, and the run of one program in children of it; `serve.c` is the other side."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import struct
import time
from collections.abc import Sequence
from pathlib import Path

from multiplt.execute import process_tree
from multiplt.execute.guest_script import cpu_limit
from multiplt.execute.plan import ExecutionPlan, Limits, Outcome
from multiplt.execute.runner import KILL_S, Launch, LocalSandbox, Run, as_exit_code, drain, prefer_for_oom
from multiplt.execute.sandbox import InfrastructureError, Stop
from multiplt.execute.spawn import Process, close, open_pipes, spawn

ANSWER = struct.Struct("=qqq")  # wait status, the check that failed or -1, microseconds of CPU time
REQUEST = struct.Struct("=9Q")  # bytes of all files, number of checks and of files, fast mode; limits as in serve.c
FILE = struct.Struct("=2Q")  # bytes of path (with a 0 behind it) and of content

AT_ONCE_S = 0.02
STARTUP_S = 180.0  # for a server to come up, on a machine that is busy with other things


class ServerLost(Exception):
    """The server ended, or did not answer: nothing is known of the program that it ran."""


class WarmServer:
    """A server that was started for one worker; `run` is called by one thread at a time."""

    def __init__(self, sandbox: LocalSandbox, launch: Launch, control: socket.socket) -> None:
        """Start it and wait until it is up; raises `InfrastructureError` where it does not come up."""
        self.sandbox, self.launch, self.control = sandbox, launch, control
        self.process = spawn(launch.argv, launch.environment, launch.inherited)
        prefer_for_oom(self.process.pid)
        control.settimeout(KILL_S)
        try:
            self._wait_until_up()
            self.own = frozenset(process_tree.descendants(self.process.pid))
            self.threads = sum(map(_threads, self.own))
        except BaseException:
            self.close()
            raise

    def run(self, plan: ExecutionPlan, stop: Stop | None, fast: bool = False) -> Outcome:
        """What came of the plan's commands in children of the server, in its fast mode or in the normal one.

        Raises `ServerLost` where the server did not outlive them.
        """
        with open_pipes(4) as (ours, theirs):
            try:
                self._request(plan, theirs, fast)
            except OSError as error:
                raise ServerLost from error
        nonce, stdout, stderr, channel = ours
        answers = self.control.fileno()
        program = Process(self.process.pid, self.process.pidfd, nonce, stdout, stderr, channel, status=answers)
        return _GuestRun(self, plan, program, stop).outcome()

    @property
    def processes(self) -> frozenset[int]:
        """Its own processes, without those of programs."""
        return self.own | {self.process.pid}

    def close(self) -> None:
        """Kill it and everything in it."""
        self.control.close()
        self.sandbox.kill(self.process.pid)
        if not select.select([self.process.pidfd], [], [], KILL_S)[0]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGKILL)
        os.waitpid(self.process.pid, 0)
        self.process.close()

    def _wait_until_up(self) -> None:
        control = self.control.fileno()
        ready, _, _ = select.select([control, self.process.pidfd], [], [], STARTUP_S)
        if control not in ready or not _answer(self.control):
            said = b"".join(_available(descriptor) for descriptor in (self.process.stdout, self.process.stderr))
            raise InfrastructureError(f"the warm server does not start: {said.decode(errors='replace').strip()[-500:]}")

    def _request(self, plan: ExecutionPlan, descriptors: Sequence[int], fast: bool) -> None:
        parts = []
        for name, text in plan.files.items():
            path, data = name.encode() + b"\0", text.encode("utf-8", "surrogatepass")
            parts += [FILE.pack(len(path), len(data)), path, data]
        size, limits = sum(map(len, parts)), _limits(plan.limits, self.threads)
        head = REQUEST.pack(size, len(plan.checks), len(plan.files), fast, *limits)
        request = b"".join((b"R", head, *parts))
        sent = socket.send_fds(self.control, [request], list(descriptors))
        self.control.sendall(request[sent:])


class _GuestRun(Run):
    """A program that runs in children of a warm server."""

    warm = True

    def __init__(self, server: WarmServer, plan: ExecutionPlan, process: Process, stop: Stop | None) -> None:
        super().__init__(server.sandbox, plan, server.launch, process, stop)
        self.server = server
        self.answer: tuple[int, int, int] | None = None
        self.started = time.monotonic()
        self.deadline = self.started + plan.limits.wall_s
        self._send(self.nonce.encode() + b"\n")
        os.close(process.nonce)
        process.nonce = -1

    def _watch(self) -> None:
        """Leave alone what ends at once: what it writes waits in its pipes, and nobody wakes up for each record."""
        poll = select.poll()
        for descriptor in (self.process.status, self.process.pidfd):
            poll.register(descriptor, select.POLLIN)
        if poll.poll(AT_ONCE_S * 1000):
            drain(self.process.status, self._take_status, ANSWER.size)
        if self.answer is None:
            super()._watch()

    def _take_status(self, data: bytes) -> None:
        self.status += data
        if len(self.status) >= ANSWER.size:
            self.answer = ANSWER.unpack(self.status[: ANSWER.size])

    def _has_ended(self, ready: Sequence[int]) -> bool:
        return self.answer is not None or super()._has_ended(ready)

    def _guests(self) -> list[int]:
        return [pid for pid in super()._guests() if pid not in self.server.own]

    def _kill(self, why: str) -> None:
        if self.killed is None:
            self.killed = why
            self.deadline = time.monotonic() + KILL_S
            with contextlib.suppress(OSError):
                self.server.control.send(b"K")
        elif time.monotonic() >= self.deadline:
            raise ServerLost

    def _reap(self) -> tuple[int, float]:
        self.reaped = True
        if self.answer is None:
            raise ServerLost
        status, failed_check, cpu_us = self.answer
        self.failed_check = None if failed_check < 0 or self.killed else failed_check
        return as_exit_code(os.waitstatus_to_exitcode(status)), cpu_us / 1e6

    def _end(self) -> None:
        close(self.process.nonce, self.process.stdout, self.process.stderr, self.process.channel)


def _limits(limits: Limits, threads: int) -> tuple[int, ...]:
    """The soft limits of a child, in the order of serve.c; the server and its threads count as processes too."""
    return cpu_limit(limits), limits.address_space, limits.scratch, limits.files, limits.processes + threads


def _answer(control: socket.socket) -> bytes:
    try:
        return control.recv(ANSWER.size)
    except OSError:
        return b""


def _available(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except BlockingIOError:
        return b""


def _threads(pid: int) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/task").iterdir()))
    except OSError:
        return 0

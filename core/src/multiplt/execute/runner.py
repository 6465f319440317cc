"""Running one program on this machine: start it, watch it, end it, report."""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import signal
import time
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from multiplt.execute import process_tree
from multiplt.execute.capture import HeadTail
from multiplt.execute.plan import ExecutionPlan, Outcome
from multiplt.execute.sandbox import InfrastructureError, Sandbox, Stop, Stopped
from multiplt.execute.spawn import Process, spawn

STARTUP_S = 60.0  # for the sandbox itself; the program's clock starts when it is up
SAMPLE_S = 0.1  # between looks at a program's memory
KILL_S = 5.0  # for a killed sandbox to end by itself
BLOCK = 1 << 16
LEFTOVER = 4 << 20  # bytes read after the end, more than a pipe holds


@dataclass(frozen=True)
class Launch:
    """How to start a plan's script.

    `inherited` are descriptors that the program keeps; `tmpfs` are paths inside the sandbox, relative
    to its root, whose contents count as memory.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    inherited: tuple[int, ...] = ()
    tmpfs: tuple[str, ...] = ()


class LocalSandbox(Sandbox):
    """A sandbox that is a process on this machine which runs a `guest_script`."""

    sheltered = True  # the program cannot signal the process that was started

    @abstractmethod
    def launch(self, plan: ExecutionPlan, slot: int) -> AbstractContextManager[Launch]:
        """What to start for `plan`; left once the program has ended."""

    @abstractmethod
    def kill(self, pid: int) -> None:
        """Send SIGKILL so that everything which started `pid` stands for ends."""

    def run(self, plan: ExecutionPlan, *, slot: int = 0, stop: Stop | None = None) -> Outcome:
        """See `Sandbox.run`."""
        with self.launch(plan, slot) as launch:
            try:
                process = spawn(launch.argv, launch.environment, launch.inherited)
                prefer_for_oom(process.pid)
            except OSError as error:
                raise InfrastructureError(f"the sandbox {self.name} could not be started: {error}") from error
            return Run(self, plan, launch, process, stop).outcome()


class Run:
    """One started program under watch."""

    warm = False

    def __init__(
        self, sandbox: LocalSandbox, plan: ExecutionPlan, launch: Launch, process: Process, stop: Stop | None
    ) -> None:
        self.sandbox, self.plan, self.launch, self.process, self.stop = sandbox, plan, launch, process, stop
        self.nonce = secrets.token_hex(16)
        self.stdout, self.stderr = HeadTail(plan.limits.output), HeadTail(plan.limits.output)
        self.records, self.status = bytearray(), bytearray()
        self.waited: dict[int, float] = {}
        self.cpu: dict[int, float] = {}
        self.started: float | None = None
        self.deadline = time.monotonic() + STARTUP_S
        self.killed: str | None = None  # the field of Outcome that says why
        self.failed_check: int | None = None
        self.reaped = False

    def outcome(self) -> Outcome:
        """Watch the program to its end."""
        try:
            self._watch()
            exit_code, cpu_s = self._reap()
            for descriptor, take in self._readers().items():
                drain(descriptor, take, LEFTOVER)
            return self._report(exit_code, cpu_s)
        finally:
            self._end()

    def _readers(self) -> dict[int, Callable[[bytes], object]]:
        process = self.process
        return {
            process.status: self._take_status,  # first: it starts the clock
            process.channel: self._take_records,
            process.stdout: self.stdout.add,
            process.stderr: self.stderr.add,
        }

    def _watch(self) -> None:
        readers = self._readers()
        poll = select.poll()
        for descriptor in (*readers, self.process.pidfd, *([self.stop.fileno()] if self.stop else [])):
            poll.register(descriptor, select.POLLIN)
        next_sample = time.monotonic() + SAMPLE_S
        while True:
            now = time.monotonic()
            ready = [descriptor for descriptor, _ in poll.poll(max(0.0, min(self.deadline, next_sample) - now) * 1000)]
            for descriptor in readers:
                if descriptor in ready and not drain(descriptor, readers[descriptor], BLOCK):
                    poll.unregister(descriptor)
            if self._has_ended(ready):
                return
            if self.stop and self.stop.is_set():
                raise Stopped
            now = time.monotonic()
            if now >= self.deadline:
                if self.started is None:
                    raise InfrastructureError(f"the sandbox {self.sandbox.name} did not start in {STARTUP_S:.0f} s")
                self._sample()
                self._kill("timed_out")
            elif now >= next_sample and self.started is not None:
                self._sample()
                next_sample = time.monotonic() + SAMPLE_S

    def _has_ended(self, ready: Sequence[int]) -> bool:
        return self.process.pidfd in ready

    def _guests(self) -> list[int]:
        """The processes that count as the program's."""
        return process_tree.descendants(self.process.pid)

    def _take_status(self, data: bytes) -> None:
        self.status += data
        while b"\n" in self.status:
            line, _, self.status = self.status.partition(b"\n")
            match line.decode("utf-8", "replace").split(" ", 1):
                case ["ready"]:
                    self.started = time.monotonic()
                    self.deadline = self.started + self.plan.limits.wall_s
                    self._send(b"\n")
                case ["missing", name]:
                    raise InfrastructureError(
                        f"{name} is not found inside the sandbox {self.sandbox.name}; "
                        "install it, or add its folder to MULTIPLT_SANDBOX_MOUNTS"
                    )
                case ["failed", position]:
                    self.failed_check = int(position)
                case ["run"]:
                    self._send(self.nonce.encode() + b"\n")
                    os.close(self.process.nonce)
                    self.process.nonce = -1

    def _send(self, data: bytes) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self.process.nonce, data)

    def _take_records(self, data: bytes) -> None:
        self.records += data
        if len(self.records) > self.plan.limits.channel:
            del self.records[self.plan.limits.channel :]
            self._kill("channel_overflow")

    def _sample(self) -> None:
        guests = self._guests()
        for pid in guests:
            self.cpu[pid] = max(process_tree.cpu_s(pid), self.cpu.get(pid, 0.0))
            if (waited := process_tree.waited_s(pid)) is not None:
                self.waited[pid] = waited
        used = sum(map(process_tree.resident_bytes, guests))
        if guests:
            used += sum(process_tree.tmpfs_bytes(f"/proc/{guests[0]}/root/{path}") for path in self.launch.tmpfs)
        if used > self.plan.limits.memory:
            self._kill("out_of_memory")

    def _kill(self, why: str) -> None:
        if self.killed is None:
            self.killed = why
            self.deadline = time.monotonic() + KILL_S
            self.sandbox.kill(self.process.pid)
        elif time.monotonic() >= self.deadline:
            self.deadline = float("inf")
            os.kill(self.process.pid, signal.SIGKILL)

    def _reap(self) -> tuple[int, float]:
        self.sandbox.kill(self.process.pid)  # what may be left of it; until the wait its id is its own
        _, status, usage = os.wait4(self.process.pid, 0)
        self.reaped = True
        exit_code = os.waitstatus_to_exitcode(status)
        if self.started is None or (self.sandbox.sheltered and exit_code < 0 and not self.killed):
            drain(self.process.stderr, self.stderr.add, LEFTOVER)
            raise InfrastructureError(
                f"the sandbox {self.sandbox.name} failed with exit code {exit_code}: {self.stderr.text().strip()}"
            )
        return as_exit_code(exit_code), usage.ru_utime + usage.ru_stime

    def _end(self) -> None:
        """Leave nothing running and nothing open, however the watch ended."""
        if not self.reaped:
            self.sandbox.kill(self.process.pid)
            if not select.select([self.process.pidfd], [], [], KILL_S)[0]:
                os.kill(self.process.pid, signal.SIGKILL)
            os.waitpid(self.process.pid, 0)
        self.process.close()

    def _report(self, exit_code: int, cpu_s: float) -> Outcome:
        return Outcome(
            exit_code=exit_code,
            stdout=self.stdout.text(),
            stderr=self.stderr.text(),
            records=bytes(self.records),
            nonce=self.nonce,
            failed_check=self.failed_check,
            timed_out=self.killed == "timed_out" or exit_code == -signal.SIGXCPU,
            out_of_memory=self.killed == "out_of_memory",
            channel_overflow=self.killed == "channel_overflow",
            wall_s=time.monotonic() - (self.started or 0.0),
            cpu_s=max(cpu_s, sum(self.cpu.values())),  # nobody adds up the processes that were killed
            waited_s=sum(self.waited.values()) if self.waited else None,
            warm=self.warm,
        )


def as_exit_code(code: int) -> int:
    """An exit code, negative where it is how a shell reports a signal."""
    return 128 - code if 0 < code - 128 < signal.NSIG else code


def prefer_for_oom(pid: int) -> None:
    """Where memory runs out all the same, the kernel is to take guests first."""
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/oom_score_adj").write_text("1000")


def drain(descriptor: int, take: Callable[[bytes], object], limit: int) -> bool:
    """Read what is there, up to `limit` bytes; False at the end of the stream."""
    while limit > 0:
        try:
            data = os.read(descriptor, BLOCK)
        except BlockingIOError:
            return True
        except ConnectionResetError:  # of a socket whose other end was killed
            return False
        if not data:
            return False
        take(data)
        limit -= len(data)
    return True

"""Keeping to the means of the machine: its memory and its cores."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from multiplt.execute.plan import MIB, ExecutionPlan, Outcome
from multiplt.execute.sandbox import Stop, Stopped

STARVED = 0.2  # share of the time limit spent waiting for a core that makes a timeout doubtful

log = logging.getLogger(__name__)


class MemoryBudget:
    """Lets programs start while what they may use together fits the machine."""

    def __init__(self, total: int) -> None:
        self._total, self._used, self._told = total, 0, False
        self._changed = threading.Condition()

    @contextmanager
    def held(self, amount: int, stop: Stop) -> Iterator[None]:
        """Wait until `amount` bytes are free (or nothing runs), and hold them."""
        with self._changed:
            if self._used and self._used + amount > self._total and not self._told:
                self._told = True
                log.warning(
                    "fewer workers run: each program may use %d MiB and the machine has %d MiB; "
                    "lower the memory limit or the number of workers", amount // MIB, self._total // MIB,
                )  # fmt: skip
            self._changed.wait_for(lambda: not self._used or self._used + amount <= self._total or stop.is_set())
            self._used += amount
        try:
            if stop.is_set():
                raise Stopped
            yield
        finally:
            with self._changed:
                self._used -= amount
                self._changed.notify_all()


def starved(outcome: Outcome, plan: ExecutionPlan) -> bool:
    """Whether a program that timed out lacked a core for a relevant share of its time.

    Where the system does not tell: whether the machine has more to run than cores.
    """
    if outcome.waited_s is None:
        return os.getloadavg()[0] > (os.cpu_count() or 1)
    wall_s = plan.limits.wall_s
    return outcome.waited_s > STARVED * wall_s and outcome.cpu_s < (1 - STARVED) * wall_s


def machine_memory() -> int:
    """Bytes of memory that the machine, or the container around this process, has."""
    sizes = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for file in ("memory.max", "memory/memory.limit_in_bytes"):  # control groups, version 2 and 1
        with suppress(OSError, ValueError):  # absent, or "max"
            sizes.append(int(Path("/sys/fs/cgroup", file).read_text()))
    return min(sizes)

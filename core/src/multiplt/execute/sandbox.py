"""What a sandbox is: the one place where code that nobody trusts runs.

The core brings `bubblewrap` and `none`; others come as plugins that implement `Sandbox` and pass
`multiplt.execute.self_check`.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod

from multiplt.errors import MultipltError
from multiplt.execute.plan import ExecutionPlan, Outcome


class InfrastructureError(MultipltError):
    """A program could not be run by a fault of the machine or of multiplt: no verdict about it."""


class Stopped(Exception):
    """The run was given up because `Stop.set` was called."""


class Stop:
    """Asks running programs to end: a flag that a poll loop can wait on.

    >>> stop = Stop()
    >>> stop.set()
    >>> stop.is_set()
    True
    """

    def __init__(self) -> None:
        self._descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._set = False

    def set(self) -> None:
        """End every run that watches this flag."""
        self._set = True
        os.eventfd_write(self._descriptor, 1)

    def is_set(self) -> bool:
        """Whether `set` was called."""
        return self._set

    def fileno(self) -> int:
        """A descriptor that is readable once `set` was called."""
        return self._descriptor

    def __del__(self) -> None:
        os.close(self._descriptor)


class Sandbox(ABC):
    """Runs plans so that they harm nothing and see nothing but their files and their toolchain."""

    name: str

    @abstractmethod
    def run(self, plan: ExecutionPlan, *, slot: int = 0, stop: Stop | None = None) -> Outcome:
        """Run the commands of `plan` to their end or to their limits, and leave nothing behind.

        Called from several threads at once, each with a `slot` (0, 1, …) that no other has at that
        time. The nonce is a fresh random one, delivered to the run command alone.

        Raises `InfrastructureError` where the commands could not be started or the sandbox itself
        failed, and `Stopped` once `stop` is set, after everything was killed.
        """

    def try_server(self, plan: ExecutionPlan) -> None:
        """Start the warm server of a plan and end it.

        Raises `MultipltError` with why, and the mend, where that fails: then programs run one-shot.
        """
        raise MultipltError(f"the sandbox {self.name} has no warm servers")

    def kept(self) -> frozenset[int]:
        """The processes that are kept between programs, by id."""
        return frozenset()

    def close(self) -> None:  # noqa: B027  (most sandboxes keep nothing)
        """End what is kept between programs; nothing runs when this is called."""

    @abstractmethod
    def probe(self) -> None:
        """Run a trivial program; raise `SandboxUnavailable` with why and the mend where that fails."""

"""The warm servers of a sandbox: one for each worker, started when it is first needed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from multiplt.errors import MultipltError
from multiplt.execute.plan import ExecutionPlan, Outcome
from multiplt.execute.sandbox import Stop
from multiplt.execute.warm.server import ServerLost, WarmServer

MOST = 512
"""Servers started at the same time."""

WORTH = 1
"""Programs of a kind that a worker runs one-shot before it starts a server for them."""

ROOM = 4 << 20
"""Bytes of program files that a server's folder has room for, beside the scratch space; larger ones run one-shot."""

log = logging.getLogger(__name__)


@dataclass
class _Slot:
    """What a worker has: programs seen of the latest kind, and their server once there is one."""

    kind: object = None
    seen: int = 0
    server: WarmServer | None = None


@dataclass
class Servers:
    """Runs plans in warm servers, which `start` starts for a plan and a slot.

    Bubblewrap ends with the thread that started it, so servers are started by threads that last.
    """

    start: Callable[[ExecutionPlan, int], WarmServer]
    _slots: dict[int, _Slot] = field(default_factory=dict)
    _unusable: set[str] = field(default_factory=set)
    _starter: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(MOST, "multiplt-servers"))

    def run(self, plan: ExecutionPlan, slot: int, stop: Stop | None) -> Outcome | None:
        """What came of a plan in its server; None where it has to run one-shot.

        That is so where a server is not worth its start yet, does not start (which is tried once), did
        not outlive the program, or computes slowly and ran out of patience.
        """
        assert plan.server
        own = self._slots.setdefault(slot, _Slot())
        patience_s = plan.server.patience_s or plan.limits.wall_s
        hurried = replace(plan, limits=plan.limits.with_(wall_s=min(patience_s, plan.limits.wall_s)))
        try:
            server = self._server(plan, slot, own)
            outcome = server.run(hurried, stop) if server else None
        except ServerLost:
            _end(own)
            return None
        except BaseException:
            _end(own)
            raise
        if outcome is None or (outcome.timed_out and patience_s < plan.limits.wall_s):
            return None
        return replace(outcome, warm=True)

    def processes(self) -> frozenset[int]:
        """The processes of all servers."""
        servers = [own.server for own in self._slots.values() if own.server]
        return frozenset().union(*(server.processes for server in servers))

    def close(self) -> None:
        """End all servers."""
        for own in self._slots.values():
            _end(own)
        self._starter.shutdown()

    def _server(self, plan: ExecutionPlan, slot: int, own: _Slot) -> WarmServer | None:
        """The server for the plan, which takes the place of another in its slot."""
        assert plan.server
        kind = (plan.server.fingerprint, plan.environment, plan.mounts, plan.limits.scratch)
        if own.kind != kind:
            _end(own)
            own.kind, own.seen = kind, 0
        own.seen += 1
        if own.seen <= WORTH or plan.server.fingerprint in self._unusable or _size(plan) > ROOM:
            return None
        if own.server is None:
            try:
                own.server = self._starter.submit(self.start, plan, slot).result()
            except (MultipltError, OSError) as error:
                self._unusable.add(plan.server.fingerprint)
                log.warning("%s; programs run one-shot", error)
        return own.server


def _end(own: _Slot) -> None:
    if own.server:
        own.server.close()
    own.server = None


def _size(plan: ExecutionPlan) -> int:
    return sum(map(len, plan.files.values()))

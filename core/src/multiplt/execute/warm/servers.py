"""The warm servers of a sandbox: one for each worker, started when it is first needed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from multiplt.errors import MultipltError
from multiplt.execute.plan import UNDECIDED, ExecutionPlan, Outcome
from multiplt.execute.sandbox import Stop
from multiplt.execute.warm.server import ServerLost, WarmServer

THREADS = 512
"""Servers started at the same time, at most."""

KINDS = 2
"""Kinds of servers that a worker keeps; that of the latest program is the last to go."""

WORTH = 8
"""Programs that cost about what starting a server does: from 1 (scripts) over 7 (where it compiles much) to 50."""

ROOM = 1 << 19
"""Bytes of program files that a server's folder has room for, beside the scratch space; larger ones run one-shot."""

log = logging.getLogger(__name__)


@dataclass
class _Kept:
    """What a worker has for programs of one kind: how many it has seen, and once there is one the server."""

    seen: int = 0
    server: WarmServer | None = None

    def end(self) -> None:
        if self.server:
            self.server.close()
        self.server = None


@dataclass
class Servers:
    """Runs plans in warm servers, which `start` starts for a plan and a slot.

    A worker starts one when it has run `WORTH` programs of its kind, with `eager` for the first.
    Bubblewrap ends with the thread that started it, so servers are started by threads that last.
    """

    start: Callable[[ExecutionPlan, int], WarmServer]
    eager: bool = False
    _slots: dict[int, dict[object, _Kept]] = field(default_factory=dict)
    _unusable: set[str] = field(default_factory=set)
    _starter: ThreadPoolExecutor = field(default_factory=lambda: _threads())

    def run(self, plan: ExecutionPlan, slot: int, stop: Stop | None) -> Outcome | None:
        """What came of a plan in its server; None where it has to run one-shot.

        That is so where a server is not worth its start yet, does not start (which is tried once), or did
        not outlive the program.
        """
        assert plan.server
        kept = self._kept(plan, slot)
        try:
            server = self._server(plan, slot, kept)
            return _run(plan, server, stop) if server else None
        except ServerLost:
            kept.end()
            return None
        except BaseException:
            kept.end()
            raise

    def processes(self) -> frozenset[int]:
        """The processes of all servers."""
        servers = [kept.server for own in self._slots.values() for kept in own.values() if kept.server]
        return frozenset().union(*(server.processes for server in servers))

    def close(self) -> None:
        """End all servers."""
        for own in self._slots.values():
            for kept in own.values():
                kept.end()
        self._slots.clear()
        self._starter.shutdown()
        self._starter = _threads()

    def _kept(self, plan: ExecutionPlan, slot: int) -> _Kept:
        """What the slot has for programs of this kind, as the latest of its kinds."""
        assert plan.server
        kind = (plan.server.fingerprint, tuple(sorted(plan.environment.items())), plan.mounts, plan.limits.scratch)
        own = self._slots.setdefault(slot, {})
        own[kind] = own.pop(kind) if kind in own else _Kept()
        if len(own) > KINDS:
            own.pop(next(iter(own))).end()
        return own[kind]

    def _server(self, plan: ExecutionPlan, slot: int, kept: _Kept) -> WarmServer | None:
        """The server for the plan, if there is to be one."""
        assert plan.server
        kept.seen += 1
        is_worth_it = self.eager or kept.seen > WORTH
        if not is_worth_it or plan.server.fingerprint in self._unusable or _size(plan) > ROOM:
            return None
        if kept.server is None:
            try:
                kept.server = self._starter.submit(self.start, plan, slot).result()
            except (MultipltError, OSError) as error:
                self._unusable.add(plan.server.fingerprint)
                log.warning("%s; programs run one-shot", error)
        return kept.server


def _run(plan: ExecutionPlan, server: WarmServer, stop: Stop | None) -> Outcome:
    """What came of a plan, in the fast mode if there is one and it can decide that, else in the normal one."""
    patience_s = plan.server and plan.server.patience_s
    if patience_s and patience_s < plan.limits.wall_s:
        outcome = server.run(replace(plan, limits=plan.limits.with_(wall_s=patience_s)), stop, fast=True)
        if not outcome.met_a_limit and outcome.exit_code >= 0 and outcome.exit_code != UNDECIDED:
            return outcome
    return server.run(plan, stop)


def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, "multiplt-servers")


def _size(plan: ExecutionPlan) -> int:
    return sum(map(len, plan.files.values()))

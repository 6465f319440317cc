"""Guarding against drift: a sample of what ran in warm servers is run again, started for itself."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from multiplt.execute.plan import ExecutionPlan, Outcome
from multiplt.execute.records import BadRecord, Items, Pairs, read_records

EVERY = 500
"""Programs of a server to one that is run again; the first is."""

log = logging.getLogger(__name__)


class DriftGuard:
    """Which servers, and fast modes of them, are trusted: no sampled program came to another outcome there.

    `sampled` counts the programs that were run again, `drifted` those of them that came out differently.
    """

    def __init__(self) -> None:
        self.sampled = 0
        self.drifted = 0
        self._runs: Counter[str] = Counter()
        self._distrusted: set[str] = set()
        self._lock = threading.Lock()

    def trusted(self, plan: ExecutionPlan) -> ExecutionPlan:
        """The plan, without its server's fast mode, or without its server, where that is not trusted any more."""
        while plan.server and plan.server.fingerprint in self._distrusted:
            normal = replace(plan.server, patience_s=None)
            plan = replace(plan, server=None if normal == plan.server else normal)
        return plan

    def settle(self, plan: ExecutionPlan, outcome: Outcome, run: Callable[[ExecutionPlan], Outcome]) -> Outcome:
        """What counts of a plan that ran in its server; `run` runs it again if it is one of the sample.

        A program that changes by itself, from one run to the next, says nothing.
        """
        if plan.server is None or not self._is_due(plan.server.fingerprint):
            return outcome
        alone = replace(plan, server=None)
        first = run(alone)
        if _decisive(first) == _decisive(outcome) or _decisive(first) != _decisive(run(alone)):
            return outcome
        with self._lock:
            self.drifted += 1
            self._distrusted.add(plan.server.fingerprint)
        fast = "fast, " if plan.server.patience_s else ""
        log.warning(
            "a program came to another outcome in a %swarm %s than by itself; programs run %s now",
            fast, plan.server.run.argv[0], "in its normal mode" if fast else "one-shot",
        )  # fmt: skip
        return first

    def _is_due(self, server: str) -> bool:
        with self._lock:
            due = self._runs[server] % EVERY == 0
            self._runs[server] += 1
            self.sampled += due
        return due


def _decisive(outcome: Outcome) -> tuple[object, ...]:
    """What of an outcome decides a verdict: the limit that it met, or exit code and records."""
    if outcome.met_a_limit:
        return outcome.timed_out, outcome.out_of_memory, outcome.channel_overflow
    return outcome.exit_code, outcome.failed_check, _content(outcome)


def _content(outcome: Outcome) -> object:
    """The records without what is another in each run: the nonce, and the order of what has none."""
    try:
        records = read_records(outcome.records, outcome.nonce)
    except BadRecord as error:
        return str(error)
    return [(c.case, c.kind, _ordered(c.value)) for c in records.cases], records.load_error, records.complete


def _ordered(value: Any) -> str:
    """A decoded value as text, sets and dictionaries in one order; each quoting would double it."""
    match value:
        case Items(items):
            parts = sorted(map(_ordered, items))
        case Pairs(pairs):
            parts = sorted(f"{_ordered(key)}: {_ordered(item)}" for key, item in pairs)
        case list() | tuple():
            parts = [*map(_ordered, value)]
        case _:
            return repr(value)
    return f"{type(value).__name__}({', '.join(parts)})"

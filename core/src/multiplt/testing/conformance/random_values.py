"""Checks that random values of random types cross, by core and suite alike."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from multiplt.errors import MultipltError
from multiplt.functions import Function
from multiplt.literals import to_text
from multiplt.problems import Status
from multiplt.testing.conformance.checks import FAILED, Checks, finding, ran, require, require_status
from multiplt.testing.conformance.crossings import refusals
from multiplt.testing.conformance.functions import same, unchanged
from multiplt.testing.conformance.lab import Lab
from multiplt.testing.strategies import can_change, changed, typed_values
from multiplt.testing.trials import Trial, attempt
from multiplt.types import Type

FULL = bool(os.environ.get("MULTIPLT_TEST_FULL"))

Drawn = tuple[Type, Any, Any]

DRAWN = (
    typed_values()
    .filter(lambda typed: can_change(typed[1], typed[0]))
    .flatmap(lambda typed: st.tuples(st.just(typed[0]), st.just(typed[1]), changed(typed[1], typed[0])))
)
"""A type, a value of it, and the value changed in one place."""


class RandomValueChecks(Checks):
    """Values that hypothesis makes up: the same every time, others with MULTIPLT_TEST_FULL."""

    random_values: ClassVar[int] = 100 if FULL else 8

    def test_random_values_come_back(self) -> None:
        """Through `same`, judged by the core."""
        _require_judged(self, bare=False, holds=True)

    def test_random_values_changed_in_one_place_fail(self) -> None:
        """Where another value is expected, the core says so."""
        _require_judged(self, bare=False, holds=False)

    def test_suite_passes_random_values(self) -> None:
        """Through `same`, judged by the suite as text."""
        _require_judged(self, bare=True, holds=True)

    def test_suite_fails_random_values_changed_in_one_place(self) -> None:
        """Where another value is expected, the suite says so."""
        _require_judged(self, bare=True, holds=False)


def _require_judged(checks: RandomValueChecks, *, bare: bool, holds: bool) -> None:
    """Each value that the language can express passes, or with another one expected fails."""
    drawn = samples(checks.random_values // 2 if bare else checks.random_values)
    cases = [(type, value, value if holds else other) for type, value, other in drawn]
    trials = list(_trials(checks.lab, cases, bare))
    results = checks.lab.run(trial for _, trial in trials)
    for ((type, value, other), _), tried in zip(trials, results, strict=True):
        what = f"{to_text(value)} at {type}, where {to_text(other)} is expected, by the {'suite' if bare else 'core'},"
        require_status(ran(tried).verdict, what, *([Status.OK] if holds else FAILED))


def samples(count: int) -> list[Drawn]:
    """That many values, all different."""
    drawn: list[Drawn] = []

    @settings(
        max_examples=count,
        phases=[Phase.generate],
        derandomize=not FULL,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(DRAWN)
    def collect(value: Drawn) -> None:
        drawn.append(value)

    collect()
    return drawn


def _trials(lab: Lab, cases: list[Drawn], bare: bool) -> Iterator[tuple[Drawn, Trial | MultipltError]]:
    """The programs for the values that the language does not refuse."""
    for type, value, expected in cases:
        function = same(type, [unchanged(to_text(value), type, to_text(expected))])
        refused = finding(refusals, lab, function)
        for reason in refused.values():
            require(reason.strip(), f"{to_text(value)} at {type} is refused without a reason")
        if not refused:
            yield (type, value, expected), attempt(_trial, lab, function, bare)


def _trial(lab: Lab, function: Function, bare: bool) -> Trial:
    return Trial(lab.problem(function), lab.candidate("same"), bare)

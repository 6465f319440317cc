"""Checks that values of every kind cross into the language and back, or are refused with a reason."""

from __future__ import annotations

import pytest

from multiplt.problems import Status
from multiplt.testing.conformance.checks import Checks, fail, finding, require, told
from multiplt.testing.conformance.crossings import Crossing, crossings, verdict_on
from multiplt.testing.conformance.kinds import KINDS, Kind
from multiplt.testing.conformance.lab import Lab

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


class ValueChecks(Checks):
    """Values of each kind through `same`, which returns its argument."""

    @every_kind
    def test_value_comes_back(self, kind: Kind) -> None:
        """A value comes back unchanged, or is refused with a reason."""
        crossing = _crossing(self.lab, kind)
        for text, reason in crossing.refused.items():
            require(reason.strip(), f"{text} at {kind.annotation} is refused without a reason; Refused must say why")
            require(not kind.needed, f"{text} at {kind.annotation} is refused ({reason}); every language must have it")
        for number, text in enumerate(crossing.kept):
            verdict = verdict_on(crossing, number, self.lab.language.spec.idioms)
            require(verdict.status is Status.OK, f"{text} at {kind.annotation} does not come back: {told(verdict)}")

    @every_kind
    def test_changed_value_fails(self, kind: Kind) -> None:
        """A value changed in one place is not the one that is expected."""
        crossing = _crossing(self.lab, kind)
        if not kind.other or not crossing.kept:
            pytest.skip("its type has no other value" if crossing.kept else "refused")
        verdict = verdict_on(crossing, 0, self.lab.language.spec.idioms, kind.other)
        what = f"{crossing.kept[0]} at {kind.annotation}, where {kind.other} is expected,"
        require(verdict.status is not Status.OK, f"{what} should fail and is {told(verdict)}")


def _crossing(lab: Lab, kind: Kind) -> Crossing:
    """What came of a kind's values."""
    crossing = finding(lab.once, crossings)[kind.name]
    if crossing.error:
        fail(str(crossing.error))
    return crossing

"""Checks that the suite as text, alone under the bare interpreter, says what the core says."""

from __future__ import annotations

import pytest

from multiplt.functions import Function
from multiplt.problems import Status
from multiplt.testing.conformance.checks import FAILED, Checks, finding, ran, require, require_status
from multiplt.testing.conformance.crossings import refusals
from multiplt.testing.conformance.functions import add
from multiplt.testing.conformance.kinds import KINDS
from multiplt.testing.conformance.lab import Lab
from multiplt.testing.conformance.suite_trials import CHANGED, TOLERANCE, TRUTHS, suite_trials, tolerance, truths
from multiplt.testing.trials import Tried

every_type = pytest.mark.parametrize("annotation", dict.fromkeys(kind.annotation for kind in KINDS))


class SuiteChecks(Checks):
    """Prompt, completion and suite as one text, with nothing of ours there; MultiPL-E's rule decides."""

    def test_suite_passes_a_right_answer(self) -> None:
        require_status(_tried(self.lab, "right").verdict, "the suite as text on the candidate `right`", Status.OK)

    @pytest.mark.parametrize("section", ["wrong", "raises"])
    def test_suite_fails_the_candidate(self, section: str) -> None:
        _require_failed(self.lab, section, f"the suite as text on the candidate `{section}`")

    @every_type
    def test_suite_passes_values(self, annotation: str) -> None:
        """The suite compares the values of a type as the core does."""
        verdict = _tried(self.lab, annotation).verdict
        require_status(verdict, f"the suite as text of `same` at {annotation}", Status.OK)

    @pytest.mark.parametrize("annotation", CHANGED)
    def test_suite_fails_changed_values(self, annotation: str) -> None:
        """The suite fails where another value of the type is expected."""
        _require_failed(self.lab, f"{annotation}, changed", f"the suite as text that expects another {annotation}")

    @pytest.mark.parametrize("annotation", TRUTHS)
    def test_truth_is_tested_or_refused(self, annotation: str) -> None:
        """`assert f(x)` is a test of truth in Python's sense, by core and suite, or is refused with a reason."""
        _require_agreement(self.lab, f"truth of {annotation}", truths(annotation))

    def test_tolerance_is_tested_or_refused(self) -> None:
        """A test's own tolerance counts, by core and suite, or is refused with a reason."""
        _require_agreement(self.lab, "tolerance", tolerance(TOLERANCE))

    def test_suite_without_tests_is_a_program(self) -> None:
        verdict = _tried(self.lab, "no tests").verdict
        require_status(verdict, "a suite without tests behind the candidate `right`", Status.OK)

    def test_suite_is_free_of_multiplt(self) -> None:
        """Nothing of ours is needed to run a suite, nor named in it."""
        suite = finding(self.lab.language.translate_tests, add()).text
        require("multiplt" not in suite.lower(), "the suite as text names multiplt; it must run without")


def _tried(lab: Lab, name: str) -> Tried:
    """The trial of that name; the check is skipped where the language refuses what it is about."""
    tried = finding(lab.once, suite_trials).get(name)
    if tried is None:
        pytest.skip("refused, or without another value")
    return ran(tried)


def _require_failed(lab: Lab, name: str, what: str) -> None:
    """The trial of that name does not pass."""
    require_status(_tried(lab, name).verdict, what, *FAILED)


def _require_agreement(lab: Lab, name: str, function: Function) -> None:
    """Core and suite both pass the function's tests and fail the contrary ones, or all are refused."""
    refused = finding(refusals, lab, function)
    require(all(reason.strip() for reason in refused.values()), f"a test of {name} is refused without a reason")
    if len(refused) == len(function.cases):
        return
    for judge in ("core", "suite"):
        holds, fails = _tried(lab, f"{name} by the {judge}"), _tried(lab, f"{name}, contrary, by the {judge}")
        require_status(holds.verdict, f"a test of {name} that holds, by the {judge},", Status.OK)
        require_status(fails.verdict, f"a test of {name} that does not hold, by the {judge},", *FAILED)

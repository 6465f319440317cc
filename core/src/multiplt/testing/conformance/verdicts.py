"""Checks that each kind of candidate gets the verdict it must, strictly and in compat mode."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from multiplt.errors import MultipltError, Refused
from multiplt.execute.plan import MIB
from multiplt.execute.verdicts import MARK
from multiplt.functions import Case, Function, Parameter
from multiplt.problems import Completion, Status
from multiplt.testing.conformance.checks import FAILED, Checks, finding, ran, require, require_status, told
from multiplt.testing.conformance.functions import add
from multiplt.testing.conformance.lab import Lab
from multiplt.testing.material import Cannot
from multiplt.testing.trials import PATIENT, Trial, Tried
from multiplt.types import INT, STR, Type
from multiplt.values import elaborate

LITTLE_MEMORY = PATIENT.with_(memory=512 * MIB)
"""So that filling it does not take long."""

STRICT = {
    "right": (Status.OK,), "prints": (Status.OK,), "helper": (Status.OK,), "comments": (Status.OK,),
    "program": (Status.OK,), "wrong": (Status.WRONG,), "raises": (Status.EXCEPTION,), "unfinished": (Status.SYNTAX,),
    "wrong type": (Status.WRONG, Status.STATIC_TYPE, Status.SYNTAX),
    "undefined": (Status.SYNTAX, Status.STATIC_TYPE, Status.EXCEPTION),
    "exits": FAILED, "exits at load": FAILED, "loops": (Status.TIMEOUT,), "fills memory": (Status.OUT_OF_MEMORY,),
}  # fmt: skip
"""What the verdict on each candidate may be where the core judges what it returns."""

COMPAT = {
    "right": (Status.OK,), "wrong": FAILED, "raises": FAILED, "exits": FAILED, "exits at load": FAILED,
    "unfinished": (Status.SYNTAX,),
}  # fmt: skip
"""The same where the suite as text decides, with the end mark behind it."""


class VerdictChecks(Checks):
    """The candidates of candidates.txt as completions of `add`."""

    @pytest.mark.parametrize("section", STRICT)
    def test_verdict_on_candidate(self, section: str) -> None:
        """Strictly: the harness returns values, the core compares."""
        require_status(_tried(self.lab, section).verdict, f"the candidate `{section}`", *STRICT[section])

    @pytest.mark.parametrize("section", COMPAT)
    def test_verdict_in_compat_mode(self, section: str) -> None:
        """The problem's own suite as text, with the end mark: an early exit does not pass."""
        verdict = _tried(self.lab, f"{section}, compat").verdict
        require_status(verdict, f"the candidate `{section}` in compat mode", *COMPAT[section])
        require(verdict.mode == "compat" and verdict.total == 1, "a problem without the field multiplt is one test")

    def test_tests_are_counted(self) -> None:
        """A wrong answer fails its own tests and passes the others."""
        verdict = _tried(self.lab, "wrong").verdict
        counted = (verdict.passed, verdict.total) == (1, 3)
        require(counted, f"`wrong` should pass 1 of 3 tests (a - b is right where b is 0) and is {told(verdict)}")

    def test_arguments_come_in_order(self) -> None:
        """The harness calls the function with the arguments in their order."""
        answers = [result.value for result in _tried(self.lab, "wrong").results.cases]
        require(answers == [4, -1, -1], f"`wrong`, a - b, on (4, 0), (1, 2) and (0, 1) answers {answers}")

    def test_failure_is_accounted_for(self) -> None:
        """The first failing case is told with its arguments, what was expected and what came."""
        failure = _tried(self.lab, "wrong").verdict.failure
        require(failure, "the verdict on `wrong` does not say which case failed")
        assert failure
        told_as = (failure.case, failure.arguments, failure.expected, failure.actual.removesuffix(".0"))
        require(told_as == (1, "1, 2", "3", "-1"), f"add(1, 2) of `wrong` gives -1 and is told as {failure}")

    def test_error_is_accounted_for(self) -> None:
        """What a candidate raises is told with its message."""
        failure = _tried(self.lab, "raises").verdict.failure
        require(failure and failure.actual.strip(), "the verdict on `raises` does not tell the error's message")

    def test_output_is_kept(self) -> None:
        """What a candidate prints is there to be read, and disturbs nothing."""
        verdict = _tried(self.lab, "prints").verdict
        require(verdict.stdout.strip(), "the verdict on `prints` has no standard output")
        require(verdict.stderr.strip(), "the verdict on `prints` has no standard error")

    @pytest.mark.parametrize("shape", ["two parameters", "no parameter", "many types"])
    def test_stub_is_reached(self, shape: str) -> None:
        """The stub raises its mark in every case, whatever the types."""
        verdict = _tried(self.lab, f"stub of {shape}").verdict
        reached = verdict.failure is not None and MARK in verdict.failure.actual and verdict.passed == 0
        require(reached, f"the stub should raise {MARK!r} in each case and is {told(verdict)}")


def _tried(lab: Lab, name: str) -> Tried:
    """The trial of that name; the check is skipped where there can be no such candidate."""
    tried = finding(lab.once, candidates)[name]
    refused = isinstance(tried, Refused) and name == "stub of many types" and tried.__cause__ is None
    if refused or isinstance(tried, Cannot):
        pytest.skip(str(tried))
    return ran(tried)


def candidates(lab: Lab) -> dict[str, Tried | MultipltError]:
    """What came of every trial, by name."""
    return lab.run_named(trials(lab))


def trials(lab: Lab) -> dict[str, Callable[[], Trial]]:
    """Every candidate in both modes, and the stubs, by name."""
    made: dict[str, Callable[[], Trial]] = {section: partial(_candidate, lab, section) for section in STRICT}
    made |= {f"{section}, compat": partial(_compat, lab, section) for section in COMPAT}
    made |= {f"stub of {shape}": partial(_stub, lab, function) for shape, function in SHAPES.items()}
    return made


def _candidate(lab: Lab, section: str) -> Trial:
    completion = Completion(lab.material.candidates[section], whole=section == "program")
    limits = {"loops": lab.once(Lab.brief), "fills memory": LITTLE_MEMORY}.get(section, PATIENT)
    return Trial(lab.problem(add()), completion, limits=limits)


def _compat(lab: Lab, section: str) -> Trial:
    return Trial(lab.problem(add()).model_copy(update={"multiplt": None}), lab.candidate(section))


def _stub(lab: Lab, function: Function) -> Trial:
    problem = lab.problem(function)
    return Trial(problem, lab.language.build_stub(problem, MARK))


def _returning(parameters: dict[Type, object], returns: Type, result: object) -> Function:
    arguments = tuple(elaborate(value, type) for type, value in parameters.items())
    named = tuple(Parameter(f"x{number}", type) for number, type in enumerate(parameters))
    return Function("f", named, returns, "", (Case(arguments, elaborate(result, returns)),), "def f(): ...", "f")


STRINGS, NUMBERS = Type("list", (STR,)), Type("dict", (STR, INT))

SHAPES = {
    "two parameters": add(),
    "no parameter": _returning({}, INT, 7),
    "many types": _returning({STRINGS: ["a"], NUMBERS: {"a": 1}, STR: "", Type("float"): 0.5}, STRINGS, ["b"]),
}
"""Functions by what their stubs must get right."""

"""Which problems no completion can pass: ours by their cases, others' by their suites as text."""

from __future__ import annotations

from typing import Any

import pytest
import toy
from toy_helpers import toy_judge, toy_problem

from multiplt.errors import Refused
from multiplt.evaluate.ceiling import Reach, cause_classes, reaches
from multiplt.execute.plan import Outcome
from multiplt.problems import CaseText, Problem, Status

PROMPT = "def f(n):\n"
SUITE = "def check():\n    candidate = f\n{}\ncheck()\n"


def compat(*tests: str, prompt: str = PROMPT, **others: Any) -> Problem:
    suite = SUITE.format("".join(f"    {test}\n" for test in tests))
    return Problem(name="HumanEval_0_f", language="toy", prompt=prompt, **{"tests": suite, **others})


def strict(**changes: Any) -> Problem:
    problem = toy_problem("def f(n: int) -> int: ...", "f", "assert f(1) == 2", "assert f(2) == 3", "assert f(3) == 4")
    assert problem.multiplt
    return problem.model_copy(update={"multiplt": problem.multiplt.model_copy(update=changes)})


def cause(problem: Problem, **limits: Any) -> str:
    with toy_judge(**limits) as judge:
        (reach,) = reaches([problem], judge)
    assert isinstance(reach, Reach)
    assert reach.reachable is (reach.cause == "")
    return reach.cause


def case(argument: str, expected: str) -> CaseText:
    return CaseText(arguments=(argument,), expected=expected)


def test_strict_problems_that_can_be_passed() -> None:
    assert cause(strict()) == ""
    repeated = (case("1", "2"), case("1", "2"), case("2", "3"))
    assert cause(strict(cases=repeated)) == ""


def test_strict_tests_that_contradict_each_other() -> None:
    cases = (case("1", "2"), case("2", "3"), case("1", "3"))
    assert cause(strict(cases=cases)) == "2 tests contradict each other: the same arguments, different answers"


class Lossy(toy.Toy):
    """Toy, in which three cannot be passed to a function, two hides what it is, and a string does not compile."""

    def render_int(self, value: int) -> str:
        return {3: "1 // 0", 2: "f('x')"}.get(value, str(value))

    def render_str(self, value: str) -> str:
        return "'"

    def stub(self, problem: Problem, mark: str) -> str:
        if "no stub" in problem.prompt:
            raise ValueError("no stub")
        return super().stub(problem, mark)


@pytest.fixture
def lossy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toy, "plugin", Lossy())


@pytest.mark.usefixtures("lossy")
def test_a_strict_test_that_fails_before_the_call() -> None:
    assert cause(strict()) == "test 1 does not reach the function: NameError: name 'f' is not defined"
    cases = (case("1", "2"), case("4", "2"), case("3", "2"))
    said = "test 2 does not reach the function: ZeroDivisionError: integer division or modulo by zero"
    assert cause(strict(cases=cases)) == said


@pytest.mark.usefixtures("lossy")
def test_a_strict_program_that_does_not_compile() -> None:
    problem = toy_problem("def f(n: str) -> int: ...", "f", "assert f('a') == 2", "assert f('b') == 3")
    assert cause(problem).startswith("Exception: ")
    assert "SyntaxError: unterminated string literal" in cause(problem)


@pytest.mark.usefixtures("lossy")
def test_a_plugin_that_fails_is_refused_in_its_place() -> None:
    broken = strict().model_copy(update={"prompt": "no stub"})
    with toy_judge() as judge:
        advanced: list[int] = []
        given = [compat("assert candidate(1) == 2"), broken, broken]
        first, second, third = reaches(given, judge, lambda: advanced.append(1))
    assert isinstance(first, Reach)
    assert isinstance(second, Refused)
    assert "no stub" in str(third)
    assert len(advanced) == 3


def test_suites_that_can_be_passed() -> None:
    assert cause(compat("assert candidate(1) == 2", "assert candidate(2) == 3")) == ""
    assert cause(compat(tests="assert f(1) == 2\n")) == ""


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (compat("assert candidate(x) == 1"), "Exception: NameError: name 'x' is not defined"),
        (compat("assert candidate(1 == 1"), "Exception: SyntaxError: '(' was never closed"),
        (compat("assert candidate(1)", prompt="x = y\ndef f(n):\n"), "Exception: NameError: name 'y' is not defined"),
        (compat("pass"), "the tests do not call the function"),
        (compat(tests="import os; os._exit(0)"), "Tampered: the program ended before its tests did"),
        (compat(tests="import os; os._exit(1)"), "Exception: it says nothing"),
        (compat(tests="while True: pass"), "Timeout: the time limit"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_suites_that_no_completion_passes(problem: Problem, said: str) -> None:
    assert cause(problem, wall_s=3.0) == said


def test_a_body_that_runs_before_the_tests_says_nothing_of_them() -> None:
    test = "assert candidate(1) == 1"
    for tests in ([test], [test] * 3):  # a traceback shows the mark twice
        assert cause(compat(*tests, "pass", prompt="def f(n): pass\nif True:\n")) == (
            "the function's body runs before any test"
        )


def test_each_test_must_get_as_far_as_the_function() -> None:
    """A suite ends at its first failure; the tests behind it are tried alone, and the first that fails is named."""
    good = [f"assert candidate({n}) == {n}" for n in range(3)]
    assert cause(compat(*good, "assert candidate(x) == 1", "assert candidate(y) == 1")) == (
        "Exception: NameError: name 'x' is not defined"
    )
    going_on = "".join(f"    try:\n        candidate({text})\n    except Exception as e: print(e)\n" for text in "1x2")
    assert "NameError" not in cause(compat(tests=f"def check():\n    candidate = f\n{going_on}check()\nassert f(1)\n"))


class Parsing(toy.Toy):
    """Toy, which says of a program that cannot be parsed that it cannot."""

    def failure_status(self, outcome: Outcome) -> Status:
        return Status.SYNTAX if "SyntaxError" in outcome.stderr else super().failure_status(outcome)


def test_a_test_that_cannot_be_had_alone_is_none_against_the_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toy, "plugin", Parsing())
    tests = ["assert candidate('''", "candidate''') == 2", "assert candidate(2) == 3"]
    assert cause(compat(*tests)) == ""
    assert cause(compat("assert candidate(1) == 2", "print('candidate')", "assert candidate(3) == 4")) == ""


def test_causes_that_begin_alike_are_one_class() -> None:
    causes = ["E: no a", "E: no a", "Timeout: the limit", "E: no a then b", "F: x y z", "F: x y w", "F: x"]
    assert cause_classes(causes) == [("E: no a …", 3), ("F: x y …", 2), ("F: x", 1), ("Timeout: the limit", 1)]
    assert cause_classes([]) == []

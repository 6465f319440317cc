"""The records that flow: rows read and written, values kept as text, statuses by name."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from toy_helpers import spelled, toy_language, toy_problem

from multiplt.errors import Refused
from multiplt.functions import Case, Function, Parameter
from multiplt.literals import to_text
from multiplt.problems import Problem, Status, Strict
from multiplt.settings import PromptSettings
from multiplt.testing.judging import read_function
from multiplt.testing.strategies import typed_values
from multiplt.translate.problems import build_problem
from multiplt.types import Type
from multiplt.values import elaborate, plain

ROW: dict[str, Any] = {
    "name": "HumanEval_0_f",
    "language": "toy",
    "prompt": "def f(n):\n",
    "tests": "assert f(1) == 1\n",
}
SOURCE = 'def end(n: int, t: "tuple[float, ...]" = ()) -> dict:\n    """Doc of a dict."""\n    return {n: t}\n'
TESTS = ["assert end(1, (1, 2.5)) == {1: (1, 2.5)}", "assert end(-(2), ()) == {-2: ()}", "assert end(3) == {3: ()}"]


def test_a_row_without_the_field_is_compat_and_keeps_what_else_it_has() -> None:
    row = {
        **ROW,
        "stop_tokens": ["\n#"],
        "doctests": "transform",
        "original": "x.py",
        "prompt_terminology": "reworded",
        "extra": [1],
    }
    problem = Problem.from_row(row)
    assert (problem.mode, problem.stop_tokens) == ("compat", ("\n#",))
    assert problem.to_row() == row
    assert Problem.from_row({**row, "multiplt": None, "stop_tokens": None}).stop_tokens == ()


def test_a_strict_row_survives_json() -> None:
    problem = toy_problem(SOURCE, "end", *TESTS, canonical=True)
    row = json.loads(json.dumps(problem.to_row()))
    again = Problem.from_row(row)
    assert again == problem
    assert again.to_row() == row
    assert again.multiplt is not None
    assert again.mode == "strict"
    assert (again.multiplt.entrypoint, dict(again.multiplt.renamed)) == ("end_", {"end": "end_"})
    assert [case.arguments for case in again.multiplt.cases] == [("1", "(1.0, 2.5)"), ("-2", "()"), ("3", "()")]
    assert again.multiplt.typed_cases() == problem.multiplt.typed_cases() if problem.multiplt else False
    assert again.prompt == (
        "# Doc of an association list.\n# The same function in Python:\n"
        '# def end(n: int, t: "tuple[float, ...]" = ()) -> dict:\n#     return {n: t}\ndef end_(n, t):\n'
    )
    assert again.multiplt.bare_prompt == "# Doc of an association list.\ndef end_(n, t):\n"


@settings(max_examples=100)
@given(typed_values(max_depth=3))
def test_typed_cases_survive_the_row(typed: tuple[Type, Any]) -> None:
    type, value = typed
    case = Case((elaborate(value, type),), elaborate(value, type, expected=True), tolerance=0.5)
    function = Function("f", (Parameter("x", type),), type, "", (case,), "", "f")
    strict = Strict.model_validate_json(Strict.of(function, [case]).model_dump_json())
    assert strict.typed_parameters() == (Parameter("x", type),)
    assert strict.typed_returns() == type
    (again,) = strict.typed_cases()
    assert to_text(plain(again.expected)) == to_text(plain(again.arguments[0])) == to_text(plain(case.expected))
    assert again.arguments[0].type == type
    assert again.tolerance == 0.5


def strict_row(**changes: Any) -> dict[str, Any]:
    row = toy_problem(SOURCE, "end", *TESTS).to_row()
    return {**row, "multiplt": {**row["multiplt"], **changes}}


CASE = {"arguments": ["1", "()"], "expected": "{}"}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({}, "name: field required"),
        ({**ROW, "prompt": 3}, "prompt: input should be a valid string"),
        ({**ROW, "tests": None}, "tests: "),
        ({**ROW, "stop_tokens": "x"}, "stop_tokens"),
        ({**ROW, "multiplt": {}}, "multiplt.entrypoint"),
        ({**ROW, "multiplt": "x"}, "multiplt"),
        (strict_row(version=2), "multiplt.version"),
        (strict_row(cases=[]), "no cases"),
        (strict_row(returns="bytes"), "bytes"),
        (strict_row(later=1), "multiplt.later"),
        (strict_row(cases=[{**CASE, "expected": "f("}]), "not a Python literal"),
        (strict_row(cases=[{**CASE, "arguments": ["1"]}]), "multiplt"),
        (strict_row(cases=[{**CASE, "arguments": ["'a'", "()"]}]), "does not fit"),
        (strict_row(cases=[{**CASE, "check": "close"}]), "multiplt.cases.0.check"),
        (strict_row(cases=[{**CASE, "expected": "[" * 500}]), "literal"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_malformed_rows_are_refused_with_the_field(row: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refused, match=r"^not a problem: ") as refused:
        Problem.from_row(row)
    assert reason in str(refused.value)


def test_statuses_by_multipl_e() -> None:
    named = {status: status.multipl_e for status in Status}
    exceptions = dict.fromkeys((Status.WRONG, Status.EXCEPTION, Status.OUT_OF_MEMORY, Status.TAMPERED), "Exception")
    assert named == {**exceptions, Status.OK: "OK", Status.TIMEOUT: "Timeout", Status.SYNTAX: "SyntaxError",
                     Status.STATIC_TYPE: "SyntaxError"}  # fmt: skip


def test_a_problem_needs_three_of_its_tests_or_all() -> None:
    tests = [f"assert f({n}) == {{{n}}}" for n in range(3)]
    mixed = read_function("def f(n: int): pass", "f", *(test.replace("{", "[").replace("}", "]") for test in tests))
    problem, refused = build_problem(toy_language(), mixed, "f", PromptSettings())
    assert problem.multiplt is not None
    assert (len(problem.multiplt.cases), refused) == (3, ())
    build_problem(toy_language(), mixed, "f", PromptSettings(), tests=50)
    sets = read_function("def f(n: int): pass", "f", *tests)
    with pytest.raises(Refused, match="only 0 of 3 tests can be expressed; the first: Toy has no sets here"):
        build_problem(toy_language(), sets, "f", PromptSettings())
    half = read_function(
        "def f(n: Any) -> int: pass", "f", "assert f(1) == 1", "assert f({2}) == 1", "assert f(3) == 1"
    )
    with pytest.raises(Refused, match="only 2 of 3 tests"):
        build_problem(toy_language(), half, "f", PromptSettings())
    one = read_function("def f(n: int): pass", "f", "assert f(1) == 1")
    assert build_problem(toy_language(), one, "f", PromptSettings())[1] == ()
    with pytest.raises(Refused, match="only 1 of 9 tests"):
        build_problem(toy_language(), one, "f", PromptSettings(), tests=9)


def test_chat_prompt() -> None:
    function = read_function(SOURCE, "end", *TESTS)
    problem, _ = build_problem(toy_language(), function, "end", PromptSettings(canonical=False, style="chat"))
    assert problem.multiplt is not None
    assert problem.prompt.rstrip() in problem.multiplt.chat_prompt
    assert problem.multiplt.chat_prompt.startswith("Write this Toy function.")
    assert problem.multiplt.bare_prompt == ""


def test_values_without_literals_survive() -> None:
    function = read_function("def f(x: float) -> float: pass", "f", "assert f(float('inf')) == float('-inf')")
    (case,) = Strict.of(spelled(function), function.cases).typed_cases()
    assert (case.arguments[0].content, case.expected.content) == (math.inf, -math.inf)

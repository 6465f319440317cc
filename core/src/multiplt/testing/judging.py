"""From Python text to problems and verdicts in few words, for the tests of languages."""

from __future__ import annotations

from collections.abc import Iterable

from multiplt.asserts import Call
from multiplt.execute.verdicts import Judge, Submission
from multiplt.functions import Case, Function, Parameter, build_function, read_definition, read_tests
from multiplt.literals import read_value
from multiplt.plugins import BoundLanguage
from multiplt.problems import Completion, Problem, Verdict
from multiplt.settings import PromptSettings
from multiplt.translate.problems import build_problem
from multiplt.types import parse_type
from multiplt.values import Value, elaborate


def read_function(source: str, name: str, *tests: str) -> Function:
    """A Python function with literal tests, all of which can be used.

    >>> read_function("def f(x: int) -> int: ...", "f", "assert f(1) == 2").cases[0].expected.content
    2
    """
    definition = read_definition(source, name)
    calls, refused = read_tests(definition, tests)
    assert not refused, refused
    function, unfit = build_function(definition, [(test, call) for test, call in calls if isinstance(call, Call)])
    assert not unfit, unfit
    return function


def value(text: str, type: str, expected: bool = False) -> Value:
    """A typed value from the text of a Python value and of its type."""
    return elaborate(read_value(text), parse_type(type), expected=expected)


def function_of(parameters: Iterable[str], returns: str, cases: Iterable[tuple[str, str]]) -> Function:
    """A function `f` of the given types; a case is the text of the tuple of arguments and of the result.

    >>> function_of(["int"], "str", [("(1,)", "'a'")]).cases[0].expected.content
    'a'
    """
    types = [parse_type(parameter) for parameter in parameters]
    return Function(
        name="f",
        parameters=tuple(Parameter(f"x{number}", type) for number, type in enumerate(types)),
        returns=parse_type(returns),
        docstring="",
        cases=tuple(
            Case(tuple(map(elaborate, read_value(arguments), types)), value(expected, returns, expected=True))
            for arguments, expected in cases
        ),
        source="def f(): ...",
        python_name="f",
    )


def problem_of(language: BoundLanguage, function: Function, *, canonical: bool = False) -> Problem:
    """The strict problem that a function makes, none of its tests refused."""
    name = f"Test_0_{function.python_name}"
    problem, refused = build_problem(language, function, name, PromptSettings(canonical=canonical))
    assert not refused, refused
    return problem


def verdicts(judge: Judge, problem: Problem, codes: Iterable[str | Completion]) -> list[Verdict]:
    """The verdicts on completions, of which a text is a continuation of the prompt."""
    completions = (code if isinstance(code, Completion) else Completion(code) for code in codes)
    return [judged.verdict for judged in judge.verdicts(Submission(problem, completion) for completion in completions)]

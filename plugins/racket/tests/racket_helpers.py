"""What the plugin's tests share: functions, problems and verdicts in few words."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

from multiplt.asserts import Call
from multiplt.execute.verdicts import Judge, Submission
from multiplt.functions import Case, Function, Parameter, build_function, read_definition, read_tests
from multiplt.identifiers import spell_function
from multiplt.literals import read_value
from multiplt.plugins import BoundLanguage
from multiplt.problems import Completion, Problem, Verdict
from multiplt.settings import PromptSettings
from multiplt.translate.problems import build_problem
from multiplt.types import parse_type
from multiplt.values import Value, elaborate


def read_function(source: str, name: str, *tests: str) -> Function:
    """A Python function with literal tests."""
    definition = read_definition(source, name)
    calls, refused = read_tests(definition, tests)
    assert not refused
    return build_function(definition, [(test, call) for test, call in calls if isinstance(call, Call)])[0]


def value(text: str, type: str, expected: bool = False) -> Value:
    """A typed value from its Python text."""
    return elaborate(read_value(text), parse_type(type), expected=expected)


def function_of(parameters: Iterable[str], returns: str, cases: Iterable[tuple[str, str]]) -> Function:
    """A function `f` of the given types; a case is the text of the tuple of arguments and of the result."""
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


def problem_of(language: BoundLanguage, function: Function) -> Problem:
    """The strict problem that a function makes, none of its tests refused."""
    problem, refused = build_problem(language, function, "Test_0_f", PromptSettings(canonical=False))
    assert not refused
    return problem


def spelled(language: BoundLanguage, function: Function) -> Function:
    """The function with Racket's names."""
    return spell_function(function, language.spec)


def verdicts(judge: Judge, problem: Problem, codes: Iterable[str]) -> list[Verdict]:
    """The verdicts on completions."""
    return [judged.verdict for judged in judge.verdicts(Submission(problem, Completion(code)) for code in codes)]


def run_bare(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Run a program by `racket` alone, as a reader of the dataset would."""
    (folder / "program.rkt").write_text(text, "utf-8")
    command = ["racket", "program.rkt"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def failed_lines(result: subprocess.CompletedProcess[str]) -> list[int]:
    """The lines of the program whose checks rackunit reports as failed."""
    places = [line for line in result.stderr.splitlines() if line.startswith("location:")]
    return [int(place.split(":")[2]) for place in places]

"""What the plugin's tests share: functions, problems and verdicts in few words."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from multiplt.execute.verdicts import Judge
from multiplt.functions import Case, Function, Parameter
from multiplt.identifiers import spell_function
from multiplt.problems import Completion, Status
from multiplt.testing.judging import problem_of, read_function, value, verdicts
from multiplt.types import BOOL, parse_type
from multiplt.values import Value
from multiplt_lang_ocaml import plugin


def read_spelled(source: str, name: str, *tests: str) -> Function:
    """A Python function with literal tests, as OCaml spells its names."""
    return spell_function(read_function(source, name, *tests), plugin.spec)


def case(arguments: Iterable[Value], expected: Value, tolerance: float | None = None) -> Case:
    """A test that a call gives a value."""
    return Case(tuple(arguments), expected, tolerance=tolerance)


def function_of(parameters: Iterable[str], returns: str, cases: Iterable[Case]) -> Function:
    """A function `f` of the given types."""
    typed = tuple(Parameter(f"x{number}", parse_type(type)) for number, type in enumerate(parameters))
    return Function("f", typed, parse_type(returns), "", tuple(cases), "def f(): ...", "f")


def returning(type: str, expected: str, **check: float) -> Function:
    """A function `f` without parameters that is to return a value, within a `tolerance` where one is given."""
    return function_of([], type, [case([], value(expected, type, expected=True), **check)])


def true_of(type: str, truth: bool) -> Function:
    """A function `f` without parameters whose result must be, or not be, true in Python's sense."""
    return function_of([], type, [Case((), Value(BOOL, truth), "truth")])


def statuses(judge: Judge, function: Function, *codes: str | Completion) -> list[Status]:
    """The statuses of completions of a function."""
    return [verdict.status for verdict in verdicts(judge, problem_of(judge.language, function), codes)]


def run_bare(text: str) -> subprocess.CompletedProcess[str]:
    """Run a program by `ocaml` alone, as a reader of the dataset would."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "program.ml")
        file.write_bytes(text.encode())
        return subprocess.run(
            ["ocaml", file], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, cwd=folder
        )


def suite_passes(function: Function, code: str, before: str = "") -> bool:
    """Whether the suite as text passes for a completion, by exit code alone; any failure is an assertion's."""
    prompt, suite = plugin.build_prompt(function, "completion", False), plugin.translate_tests(function)
    assert not suite.refused
    result = run_bare(f"{before}{prompt} {code}\n{suite.text}")
    assert result.returncode == 0 or "Assert_failure" in result.stderr, result.stderr
    return result.returncode == 0

"""What the plugin's tests share: functions, and programs without anything of ours."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from multiplt.functions import Case, Function, Parameter
from multiplt.literals import read_value
from multiplt.testing.judging import value
from multiplt.types import parse_type
from multiplt.values import elaborate


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


def table(answers: Sequence[str]) -> str:
    """A program of `f` that answers 0, 1, 2, … with the expressions, whatever their type."""
    clauses = "".join(f"    x == {number} && return {code}\n" for number, code in enumerate(answers))
    return f"function f(x)\n{clauses}end\n"


def run_bare(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Run a program by `julia` alone, as a reader of the dataset would."""
    (folder / "program.jl").write_text(text, "utf-8")
    command = ["julia", "--startup-file=no", "-O0", "program.jl"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def failed_lines(result: subprocess.CompletedProcess[str]) -> list[int]:
    """The lines of the program whose tests the library reports as failed or as ended by an error."""
    report = re.compile(r": (?:Test Failed|Error During Test) at .*:(\d+)$", re.MULTILINE)
    return sorted(int(line) for line in report.findall(result.stdout))

"""What the plugin's tests share: functions, problems and verdicts in few words."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

from multiplt.functions import Case, Function, Parameter
from multiplt.identifiers import spell_function
from multiplt.literals import read_value
from multiplt.plugins import BoundLanguage
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


def spelled(language: BoundLanguage, function: Function) -> Function:
    """The function with Racket's names."""
    return spell_function(function, language.spec)


def run_bare(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Run a program by `racket` alone, as a reader of the dataset would."""
    (folder / "program.rkt").write_text(text, "utf-8")
    command = ["racket", "program.rkt"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def failed_lines(result: subprocess.CompletedProcess[str]) -> list[int]:
    """The lines of the program whose checks rackunit reports as failed."""
    places = [line for line in result.stderr.splitlines() if line.startswith("location:")]
    return [int(place.split(":")[2]) for place in places]

"""What the plugin's tests share: functions, problems and verdicts in few words."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from hypothesis import strategies as st

from multiplt.execute.verdicts import Judge
from multiplt.functions import Case, Function, Parameter
from multiplt.identifiers import spell_function
from multiplt.problems import Completion, Status
from multiplt.testing.judging import problem_of, read_function, value, verdicts
from multiplt.testing.strategies import KINDS, Leaves
from multiplt.types import BOOL, parse_type
from multiplt.values import Value
from multiplt_lang_ocaml import plugin

KEPT = [kind for kind in KINDS if kind not in ("any", "union")]
LEAVES = Leaves(ints=st.integers(-10, 10) | st.integers(-(2**62), 2**62 - 1))

# Text of a Python value and its type.
VALUES = [
    ("0", "int"), ("-5", "int"), (str(2**62 - 1), "int"), (str(-(2**62)), "int"),
    ("0.1", "float"), ("-0.0", "float"), ("1e-06", "float"), ("1e+16", "float"), ("5e-324", "float"),
    ("1.7976931348623157e308", "float"), ("float('inf')", "float"), ("float('-inf')", "float"),
    ("float('nan')", "float"), ("3", "float"), ("True", "bool"), ("False", "bool"), ("None", "None"),
    (repr(""), "str"), (repr('"'), "str"), (repr("\\"), "str"), (repr("\\n\\065"), "str"),
    (repr("a\nb\r\n\t\bc"), "str"),
    (repr("".join(map(chr, range(256)))), "str"), (repr("\x001"), "str"), (repr("%d (* *) {|x|} 'c'"), "str"),
    (repr("é ß 漢字 😀 \u2028\ufeff\ufffe\U0010ffff\u0301"), "str"),
    ("[]", "List[int]"), ("[[], [-1]]", "List[List[int]]"), ("[1, None, -2]", "List[Optional[int]]"),
    ("()", "Tuple[()]"), ("(1, 'a', 2.5)", "Tuple[int, str, float]"), ("(7,)", "Tuple[int]"),
    ("((1, 2), (3,))", "Tuple[Tuple[int, ...], ...]"), ("[(1, (2, None))]", "List[Tuple[int, Tuple[int, None]]]"),
    ("{}", "Dict[str, int]"), ("{'k': [1, 2]}", "Dict[str, List[int]]"),
    ("{(1, 2): {3: (4.5,)}}", "Dict[Tuple[int, int], Dict[int, Tuple[float]]]"), ("set()", "Set[int]"),
    ("{1.5, -2.5}", "Set[float]"), ("{('a', None), ('b', 1)}", "Set[Tuple[str, Optional[int]]]"),
    ("None", "Optional[List[int]]"), ("[None]", "Optional[List[Optional[int]]]"), ("(-1, -2.5)",
     "Optional[Tuple[int, float]]"), ("''", "Optional[str]"), ("False", "Optional[bool]"), ("-2.5", "Optional[float]"),
]  # fmt: skip


def read_spelled(source: str, name: str, *tests: str) -> Function:
    """A Python function with literal tests, as OCaml spells its names."""
    return spell_function(read_function(source, name, *tests), plugin.spec)


def case(arguments: Iterable[Value], expected: Value, tolerance: float | None = None) -> Case:
    """A test that a call gives a value."""
    return Case(tuple(arguments), expected, tolerance=tolerance)


def identity(*typed: tuple[str, str]) -> Function:
    """A function `f` of one parameter whose cases give back these values (text) of these types, as one tuple."""
    type = f"Tuple[{', '.join(type for _, type in typed)}]"
    whole = value(f"({', '.join(text for text, _ in typed)},)", type)
    return function_of([type], type, [case([whole], whole)])


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

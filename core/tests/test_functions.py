"""From Python source and tests to a function: definitions, types, cases, contradictions."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from multiplt.asserts import MISSING, Call
from multiplt.errors import Refused
from multiplt.execute.executor import Executor
from multiplt.execute.plan import Limits
from multiplt.execute.sandboxes import find_sandbox
from multiplt.functions import Case, Definition, Function, build_function, read_definition, read_tests
from multiplt.literals import to_text
from multiplt.source import evaluation
from multiplt.source.reading import ReadFunction, RefusedRow, read_functions
from multiplt.testing.judging import read_function
from multiplt.values import plain

FUNCTIONS = Path(__file__).parents[2] / "tests" / "functions.jsonl"


def types_of(definition: Definition) -> list[str]:
    return [*map(str, definition.declared), str(definition.returns)]


@pytest.mark.parametrize(
    ("head", "types"),
    [
        ("def f(a: int, b: 'list[str]') -> bool", ["int", "List[str]", "bool"]),
        ("def f(a, b)", ["Any", "Any", "Any"]),
        ("def f(a: Foo, b: np.ndarray = None) -> 'Bar'", ["Any", "Any", "Any"]),
        ("def f(a: int = None)", ["Optional[int]", "Any"]),
        ("def f(a: Optional[int] = None) -> None", ["Optional[int]", "None"]),
        ("def f(*, a: str) -> object", ["str", "Any"]),
        ("def f(a: int, /, b: float, *, c: bool)", ["int", "float", "bool", "Any"]),
        ("def f() -> 'bool'", ["bool"]),
    ],
)
def test_declared_types(head: str, types: list[str]) -> None:
    assert types_of(read_definition(f"{head}:\n    pass\n", "f")) == types


def test_signature() -> None:
    definition = read_definition("def f(a, /, b, c=1, d=g(), *, e, h=[2]) -> bool: pass", "f")
    signature = definition.signature
    assert signature.parameters == ("a", "b", "c", "d", "e", "h")
    assert signature.defaults == (MISSING, MISSING, 1, MISSING, MISSING, [2])
    assert (signature.keyword_only, signature.returns_bool) == (2, True)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def f(:", "not Python"),
        ("\0", "not Python"),
        ("(" * 5000, "not Python"),
        ("def g(): pass", "no top-level function f"),
        ("f = 1", "no top-level function"),
        ("class f: pass", "no top-level function"),
        ("class A:\n    def f(self): pass", "no top-level"),
        ("async def f(): pass", "async function"),
        ("def f(*a): pass", r"\*args"),
        ("def f(**a): pass", r"\*args"),
        ("def f():\n    yield 1", "generator"),
        ("def f():\n    x = yield", "generator"),
        ("def f():\n    yield from a", "generator"),
        ("def f(): return 1\nclass f: pass", "no top-level"),
    ],
)
def test_refused_definitions(source: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        read_definition(source, "f")


@pytest.mark.parametrize(
    "body",
    [
        "def inner():\n        yield 1\n    return list(inner())",
        "return [lambda: (yield)]",
        "async def g():\n        yield 1\n    return g",
        "return (x for x in a)",
    ],
)
def test_a_generator_inside_makes_no_generator(body: str) -> None:
    assert read_definition(f"def f(a):\n    {body}\n", "f").signature.name == "f"


def test_last_definition_counts_and_decorators_stay() -> None:
    definition = read_definition("def f(a): pass\n\n@cache\ndef f(a, b):\n    '''Doc.'''\n    return a\n", "f")
    assert definition.signature.parameters == ("a", "b")
    assert definition.source.endswith("@cache\ndef f(a, b):\n    return a")


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ('def f():\n    """Doc."""\n    return 1\n', "def f():\n    return 1"),
        ('def f():\n    """Doc\n\n    more."""  # noqa\n\n    return 1\n', "def f():\n\n    return 1"),
        ("def f():\n    'Doc.'\n", "def f():\n    'Doc.'"),
        ("def f(): 'Doc.'; return 1", "def f(): 'Doc.'; return 1"),
        ("def f(a,\n      b): 'Doc.'; return 1", "def f(a,\n      b): 'Doc.'; return 1"),
        ("def f():\n    'Doc.'; x = 1\n    return x", "def f():\n    'Doc.'; x = 1\n    return x"),
        ('def f():\n    """Form\x0cfeed, \u2028 and \x1c."""\n    return "\x0c"\n', 'def f():\n    return "\x0c"'),
        ('def f():\r\n    """Doc."""\r\n    return 1\r\n', "def f():\n    return 1"),
        ("from typing import List\nimport math\n\ndef f():\n    return 1", "import math\n\ndef f():\n    return 1"),
        ("from typing import (\n    List,\n    Dict,\n)\ndef f():\n    return 1", "def f():\n    return 1"),
        (
            "import typing as t\nimport typing_extensions\ndef f(): return 1",
            "import typing_extensions\ndef f(): return 1",
        ),
        ("import typing, math\ndef f(): return 1", "import typing, math\ndef f(): return 1"),
        ("from typing import Any; X = 1\ndef f(): return X", "from typing import Any; X = 1\ndef f(): return X"),
        ('def f():\n    "é"; return 1\n', 'def f():\n    "é"; return 1'),
    ],
)
def test_source_without_docstring(source: str, kept: str) -> None:
    definition = read_definition(source, "f")
    assert definition.source == kept
    assert definition.module == source
    ast.parse(definition.source)


def test_docstring_is_dedented() -> None:
    source = 'def f():\n    """First.\n\n    >>> f()\n    1\n    """\n    return 1\n'
    assert read_definition(source, "f").docstring == "First.\n\n>>> f()\n1"


@pytest.mark.parametrize(
    ("head", "tests", "types"),
    [
        ("def f(a)", ["f(1) == 2", "f(2) == 3.5"], ["int", "float"]),
        ("def f(a)", ["f([]) == None", "f([1]) == 'a'"], ["List[int]", "Optional[str]"]),
        ("def f(a: list) -> dict", ["f([1.5]) == {'a': [1]}"], ["List[float]", "Dict[str, List[int]]"]),
        ("def f(a=None)", ["f() == 1", "f('x') == 1"], ["Optional[str]", "int"]),
        ("def f(a)", ["f(1) == True", "f(2) == 0"], ["int", "bool"]),
        ("def f(a)", ["f(1) == True", "f(2) == 2"], ["int", "Union[bool, int]"]),
        ("def f(a)", ["abs(f(1) - 4) < 1e-6", "f(2) == 3"], ["int", "float"]),
        ("def f(a) -> int", ["abs(f(1) - 4) <= 1"], ["int", "int"]),
        ("def f(a: Any) -> Any", ["f(1) == 1", "f('a') == 'a'"], ["Union[int, str]", "Union[int, str]"]),
    ],
)
def test_types_are_inferred_where_they_are_open(head: str, tests: list[str], types: list[str]) -> None:
    function = read_function(f"{head}: pass", "f", *(f"assert {test}" for test in tests))
    assert [*(str(parameter.type) for parameter in function.parameters), str(function.returns)] == types


def read_rows(*rows: dict[str, Any]) -> list[ReadFunction | RefusedRow]:
    with Executor(find_sandbox(), workers=2) as executor:
        return list(read_functions(rows, executor))


def row(source: str, *tests: Any, **fields: Any) -> dict[str, Any]:
    return {"entrypoint": "f", "content": source, "tests": list(tests), **fields}


def test_contradictory_tests_are_set_aside() -> None:
    tests = [
        "assert f(1) == 1",
        "assert f(2) == 2",
        "assert f(1) == 3",
        "assert f(2) == 2.0",
        "assert abs(f(2) - 2) < 1",
    ]
    (read,) = read_rows(row("def f(n: int) -> float: pass", *tests))
    assert isinstance(read, ReadFunction)
    assert [case.test for case in read.function.cases] == [tests[1], tests[3], tests[4]]
    assert [(refused.test, "contradicts" in refused.reason) for refused in read.refused] == [
        (tests[0], True),
        (tests[2], True),
    ]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"tests": []}, "no tests"),
        ({"tests": None}, "no field tests"),
        ({"tests": "assert f(1)"}, "no field tests"),
        ({"tests": [1]}, "a test is not text"),
        ({"content": None}, "no field content"),
        ({"entrypoint": 3}, "no field entrypoint"),
        ({"content_with_types": 7}, "content_with_types is not text"),
        ({"content": "def g(): pass"}, "no top-level function f"),
        ({"tests": ["assert g(1)"]}, "none of its tests can be used; the first: the test calls f 0 times"),
        ({"tests": ["assert f(1) == 'a'"]}, "none of its tests can be used; the first: 'a' does not fit int"),
        ({"tests": ["assert f(x) == 1"]}, "the test raises NameError"),
    ],
)
def test_wrong_rows_are_refused_and_the_rest_goes_on(fields: dict[str, Any], reason: str) -> None:
    good = row("def f(n: int) -> int: return n", "assert f(1) == 1", "assert f(1 + 1) == 2")
    first, wrong, last = read_rows(good, good | fields, good)
    assert isinstance(wrong, RefusedRow)
    assert reason in wrong.reason
    for read in (first, last):
        assert isinstance(read, ReadFunction)
        assert len(read.function.cases) == read.tests == 2


def test_names_and_annotated_source() -> None:
    source = "def f(n):\n    return n\n"
    typed = {"content_with_types": "def f(n: float) -> float:\n    return n\n"}
    reads = read_rows(row(source, "assert f(1) == 1", id=7), row(source, "assert f(1) == 1", name="mine", **typed))
    names = [(read.name, str(read.function.returns)) for read in reads if isinstance(read, ReadFunction)]
    assert names == [("HumanEval_7_f", "int"), ("mine", "float")]


def outcome(case: Case) -> dict[str, Any]:
    said: dict[str, Any] = {
        "arguments": to_text(tuple(map(plain, case.arguments))),
        "expected": to_text(plain(case.expected)),
    }
    if case.check != "equal":
        said["check"] = case.check
    if case.tolerance is not None:
        said["tolerance"] = case.tolerance
    return said


def test_every_form_of_assert_has_its_expected_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "LIMITS", Limits(wall_s=4.0))
    rows = [json.loads(line) for line in FUNCTIONS.read_text(encoding="utf-8").splitlines()]
    wrong: list[Any] = []
    for given, read in zip(rows, read_rows(*rows), strict=True):
        if isinstance(read, RefusedRow):
            wanted = given.get("expect_function", {}).get("function_refused")
            if wanted is None or wanted not in read.reason:
                wrong.append((given["entrypoint"], "the function", given.get("expect_function"), read.reason))
            continue
        got: dict[str, list[dict[str, Any]]] = {}
        for case in read.function.cases:
            got.setdefault(case.test, []).append(outcome(case))
        for refused in read.refused:
            got.setdefault(refused.test, []).append({"refused": refused.reason})
        for test, expect in zip(given["tests"], given["expect"], strict=True):
            said = got[test].pop(0)
            if not (said == expect or ("refused" in expect and expect["refused"] in said.get("refused", ""))):
                wrong.append((given["entrypoint"], test, expect, said))
    assert not wrong
    assert len(rows) >= 60


def test_ints_and_floats_are_told_apart_where_the_function_does() -> None:
    """HumanEval_92: as floats its tests contradict one another, and no test could ask whether a number is an int."""
    source = "def is_int(x):\n    return isinstance(x, int)"
    answers = {"3": True, "3.0": False, "2": True, "2.5": False}
    function = read_calls(source, "is_int", *(f"assert is_int({x}) == {is_int}" for x, is_int in answers.items()))
    assert str(function.parameters[0].type) == "Union[int, float]"
    assert [repr(case.arguments[0].content.content) for case in function.cases] == ["2", "2.5"]
    plain = read_calls("def f(x): ...", "f", "assert f(3) == 1", "assert f(2.5) == 2")
    assert str(plain.parameters[0].type) == "float"


def read_calls(source: str, name: str, *tests: str) -> Function:
    definition = read_definition(source, name)
    calls, _ = read_tests(definition, tests)
    return build_function(definition, [(test, call) for test, call in calls if isinstance(call, Call)])[0]

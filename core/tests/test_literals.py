"""Python values as text: read without running anything, written so that they read back."""

from __future__ import annotations

import ast
import math
from typing import Any

import pytest
from hypothesis import given, settings

from multiplt.literals import read_value, to_text
from multiplt.testing.strategies import typed_values
from multiplt.types import Type


def alike(left: Any, right: Any) -> bool:
    """Equal with types, order of keys, sign of zero and NaN."""
    if type(left) is not type(right):
        return False
    match left:
        case float():
            return math.copysign(1, left) == math.copysign(1, right) and (
                left == right or (left != left and right != right)
            )
        case list() | tuple():
            return len(left) == len(right) and all(map(alike, left, right))
        case dict():
            return alike(list(left), list(right)) and alike(list(left.values()), list(right.values()))
    return bool(left == right)


@settings(max_examples=120)
@given(typed_values(max_depth=3))
def test_round_trip(typed: tuple[Type, Any]) -> None:
    value = typed[1]
    text = to_text(value)
    again = read_value(text)
    assert to_text(again) == text
    if not typed[0].mentions("set"):
        assert alike(again, value)


@pytest.mark.parametrize(
    "value",
    [
        float("inf"),
        -float("inf"),
        float("nan"),
        -0.0,
        5e-324,
        10**4299,
        10**4300,
        -(10**20_000),
        set(),
        {1, 2},
        [set()],
        (),
        (1,),
        ((),),
        {None: {(): []}},
        {(1, "a"): {True: None}},
        "\ud800",
        "\0",
        "'\"\\\n",
        "\U0001f600",
        True,
        [[[]]],
        {2: "b", 1: "a"},
        [-1.5, 1e300, 1e-300],
    ],
    ids=lambda value: to_text(value)[:20],
)
def test_awkward_values_round_trip(value: Any) -> None:
    assert alike(read_value(to_text(value)), value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("float('inf')", math.inf),
        ("float('-Infinity')", -math.inf),
        ("-float('inf')", -math.inf),
        (" 1\n", 1),
        ("set()", set()),
        ("frozenset({1})", {1}),
        ("set([1, 1])", {1}),
        ("set((1, float('inf')))", {1, math.inf}),
        ("list()", []),
        ("dict()", {}),
        ("tuple()", ()),
        ("[dict(), (list(),)]", [{}, ([],)]),
        ("0x1F", 31),
        ("'a' 'b'", "ab"),
        ("{'a': float('inf')}", {"a": math.inf}),
        ("frozenset((1, 2))", {1, 2}),
    ],
)
def test_spellings(text: str, value: Any) -> None:
    assert read_value(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "f()",
        "1 + 1",
        "[1, x]",
        "__import__('os')",
        "float('1.5')",
        "float(1)",
        "float('inf', x=1)",
        "b'x'",
        "1j",
        "{[]: 1}",
        "{{1}}",
        "{**a}",
        "f'{1}'",
        "lambda: 0",
        "[i for i in a]",
        "1;",
        "def f(): pass",
        "\0",
        "[" * 5000,
        "-" * 50_000 + "1",
        "1" * 5000,
        "dict(a=1)",
        "set(x)",
        "list('ab')",
    ],
    ids=lambda text: text[:20],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_value(text)


def test_tree_too_deep_is_refused() -> None:
    node: ast.expr = ast.Constant(1)
    for _ in range(20_000):
        node = ast.BinOp(node, ast.Add(), ast.Constant(1))
    with pytest.raises(ValueError, match="not a Python literal"):
        read_value(node)

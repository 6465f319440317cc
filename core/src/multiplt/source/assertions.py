"""Reading tests out of what a model said: completions, chat answers, test classes, half sentences."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import suppress

from multiplt.claims import calls_of, without_messages

FENCE = re.compile(r"^[ \t]*```[^\n`]*\n(.*?)(?:^[ \t]*```|\Z)", re.MULTILINE | re.DOTALL)
START = re.compile(r"^[ \t>]*((?:assert\b|self\.assert\w+\s*\().*)$", re.MULTILINE)

MOST_LINES = 30
"""Of one test."""

MOST_TEXT = 100_000
"""Characters of an answer that are looked at."""

METHODS = {"assertEqual": "==", "assertEquals": "==", "assertIs": "is", "assertTrue": "", "assertFalse": "not",
           "assertIsNone": "is None", "assertListEqual": "==", "assertDictEqual": "==", "assertTupleEqual": "==",
           "assertSetEqual": "==", "assertSequenceEqual": "=="}  # fmt: skip
"""What the methods of `unittest.TestCase` say."""


def read_asserts(text: str, entrypoint: str) -> list[str]:
    """The asserts in `text` that call `entrypoint`, each once, as Python writes them: `assert f(1) == 2`.

    They come out of code blocks where there are any, out of functions and test cases; a last one that is cut off
    is left out.

    >>> read_asserts("Here:\\n```python\\nassert f( 1 )==2, 'one'\\nself.assertTrue(f(2))\\nassert f(", "f")
    ['assert f(1) == 2', 'assert f(2)']
    """
    text = text[:MOST_TEXT]
    blocks = FENCE.findall(text) or [text]
    found = dict.fromkeys(test for block in blocks for test in _asserts(block, entrypoint))
    return list(found or dict.fromkeys(_asserts(text, entrypoint)))  # a fence may be the end of what is no block


def _asserts(block: str, entrypoint: str) -> Iterator[str]:
    end = 0
    for match in START.finditer(block):
        if match.start(1) < end:
            continue  # it stands inside the last one
        statements, end = _parse(block, match.start(1))
        for statement in without_messages(statements):
            test = _as_assert(statement)
            if test is not None and calls_of(entrypoint, [test]):
                with suppress(ValueError, RecursionError):
                    yield ast.unparse(test)


def _parse(block: str, start: int) -> tuple[list[ast.stmt], int]:
    """The statements that begin at `start`, on as few lines as parse, and where they end."""
    lines = block[start:].split("\n", MOST_LINES)[:MOST_LINES]
    for count in range(1, len(lines) + 1):
        source = "\n".join(lines[:count])
        with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            return ast.parse(source).body, start + len(source)
    return [], start


def _as_assert(statement: ast.stmt) -> ast.Assert | None:
    """An assert as it is, a method of a test case as the assert that it stands for."""
    match statement:
        case ast.Assert():
            return statement
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name("self"), attr=name), args=[first, *rest])):
            claim = _claim(METHODS.get(name), first, rest)
            return ast.fix_missing_locations(ast.Assert(claim)) if claim else None
    return None


def _claim(says: str | None, first: ast.expr, rest: list[ast.expr]) -> ast.expr | None:
    match says, rest:
        case "==" | "is", [second, *_]:
            return ast.Compare(first, [ast.Eq() if says == "==" else ast.Is()], [second])
        case "", _:
            return first
        case "not", _:
            return ast.UnaryOp(ast.Not(), first)
        case "is None", _:
            return ast.Compare(first, [ast.Is()], [ast.Constant(None)])
    return None

"""Python values as text: reading them without running anything, and writing them back.

This module imports the standard library alone: a copy of it goes into the sandbox with the functions
whose tests are evaluated there.
"""

from __future__ import annotations

import ast
import math
from typing import Any


class _Special(ast.NodeTransformer):
    """Turns the spellings of values that have no literal into constants."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Name("float"), args=[ast.Constant(value=str(text))], keywords=[]):
                if text.strip().lower().lstrip("+-") in ("inf", "infinity", "nan"):
                    return ast.copy_location(ast.Constant(float(text)), node)
            case ast.Call(func=ast.Name("frozenset" | "set"), args=[inner], keywords=[]):
                if isinstance(inner, ast.List | ast.Set | ast.Tuple) and inner.elts:
                    return ast.copy_location(ast.Set(inner.elts), node)
            case ast.Call(func=ast.Name("list"), args=[], keywords=[]):
                return ast.copy_location(ast.List([], ast.Load()), node)
            case ast.Call(func=ast.Name("dict"), args=[], keywords=[]):
                return ast.copy_location(ast.Dict([], []), node)
            case ast.Call(func=ast.Name("tuple"), args=[], keywords=[]):
                return ast.copy_location(ast.Tuple([], ast.Load()), node)
        return node


def read_value(text: str | ast.expr) -> Any:
    """Read a Python value from its text or syntax tree, running nothing.

    Literals, `set()`, `float("inf")`, `float("nan")` and empty constructors are understood. A set
    inside a set is not: it has no literal.

    >>> read_value("{'a': (1, float('inf'))}")
    {'a': (1, inf)}

    Raises `ValueError` for anything else.
    """
    try:
        node = ast.parse(text.strip(), mode="eval").body if isinstance(text, str) else text
        value = ast.literal_eval(_Special().visit(node))
    except (SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise ValueError(f"not a Python literal: {text[:200] if isinstance(text, str) else type(text)}") from error
    if isinstance(value, bytes | complex):
        raise ValueError(f"a {type(value).__name__} has no counterpart in other languages")
    return value


def to_text(value: Any) -> str:
    """Write a Python value so that `read_value` reads it back equal, key order and NaN included.

    >>> to_text({1: [float("nan")], 2: set()})
    "{1: [float('nan')], 2: set()}"
    """
    match value:
        case float() if not math.isfinite(value):
            return f"float('{value}')"
        case list():
            return f"[{', '.join(map(to_text, value))}]"
        case tuple():
            return f"({', '.join(map(to_text, value))}{',' if len(value) == 1 else ''})"
        case dict():
            return "{" + ", ".join(f"{to_text(k)}: {to_text(v)}" for k, v in value.items()) + "}"
        case set() | frozenset():
            return "{" + ", ".join(sorted(map(to_text, value))) + "}" if value else "set()"
        case int() if abs(value) > 10**4000:  # CPython neither reads nor writes so many decimal digits
            return hex(value)
    return repr(value)

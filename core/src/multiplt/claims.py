"""What asserts say of the calls in them: which value a call gives, or only something about it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence


def calls_of(name: str, nodes: Sequence[ast.AST]) -> list[ast.Call]:
    """The calls of the function `name` in syntax trees."""
    return [
        node
        for root in nodes
        for node in ast.walk(root)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]


def without_messages(statements: Sequence[ast.stmt]) -> Sequence[ast.stmt]:
    """The statements, in which no assert has a message any more: it is there for a failure only."""
    for node in _asserts(statements):
        node.msg = None
    return statements


def say_values(statements: Sequence[ast.stmt], name: str, *, bare: bool) -> bool:
    """Whether each call of `name` stands in an assert that says which value it gives.

    That is `f(x) == value`, `abs(f(x) - value) < bound`, and with `bare` also `f(x)` or `not f(x)`. A list or
    tuple made of the call says as much as the call.

    >>> say_values(ast.parse("for x in range(3): assert f(x) == x").body, "f", bare=False)
    True
    >>> say_values(ast.parse("assert len(f(1)) == 2").body, "f", bare=True)
    False
    """
    said = {id(side) for node in _asserts(statements) for side in _sides(node.test, bare)}
    return all(id(call) in said for call in calls_of(name, statements))


def _asserts(statements: Sequence[ast.stmt]) -> Iterator[ast.Assert]:
    return (node for root in statements for node in ast.walk(root) if isinstance(node, ast.Assert))


def _sides(claim: ast.expr, bare: bool) -> Iterator[ast.expr]:
    """The expressions whose value a claim states."""
    match claim:
        case ast.Compare(left=left, ops=[ast.Eq() | ast.Is()], comparators=[right]):
            yield from map(_inside, (left, right))
        case ast.Compare(left=ast.Call(func=ast.Name("abs") | ast.Attribute(attr="fabs"),
                                       args=[ast.BinOp(op=ast.Sub()) as difference]),
                         ops=[ast.Lt() | ast.LtE()]):  # fmt: skip
            yield from (difference.left, difference.right)
        case ast.UnaryOp(op=ast.Not(), operand=operand) if bare:
            yield operand
        case _ if bare:
            yield claim


def _inside(node: ast.expr) -> ast.expr:
    match node:
        case ast.Call(func=ast.Name("list" | "tuple"), args=[inner], keywords=[]):
            return inner
    return node

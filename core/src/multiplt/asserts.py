"""Reading a Python test into what it says of one call.

`assert f(1) == 2` is read from its syntax tree; a test that is more than literals is left to be
evaluated, that is run beside the function in the sandbox, where the one call in it is recorded.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from multiplt.errors import Refused
from multiplt.literals import read_value

MISSING = object()
"""A parameter's default where there is none, or where it is not a literal."""


@dataclass(frozen=True)
class Signature:
    """A function's parameters in order: names, literal defaults (else `MISSING`), and which are keyword-only."""

    name: str
    parameters: tuple[str, ...]
    defaults: tuple[Any, ...]
    keyword_only: int = 0
    returns_bool: bool = False


@dataclass(frozen=True)
class Call:
    """What a test says: these arguments (Python values, in the order of the parameters) give this result.

    `check` is `equal`, or `truth` where only the truth of the result is asked (`expected` is then a
    bool). `tolerance` is the test's own absolute tolerance.
    """

    arguments: tuple[Any, ...]
    expected: Any
    check: Literal["equal", "truth"] = "equal"
    tolerance: float | None = None


@dataclass(frozen=True)
class Pending:
    """A test that has to be evaluated; `truth` is what a bare assert asks of the result, if it is one."""

    test: str
    truth: bool | None = None


class _NotLiteral(Exception):
    """Some part of the test is not a literal."""


def read_test(test: str, signature: Signature) -> Call | Pending:
    """Read one test of a function.

    >>> read_test("assert add(1, b=2) == 3", Signature("add", ("a", "b"), (MISSING, 0)))
    Call(arguments=(1, 2), expected=3, check='equal', tolerance=None)

    Raises `Refused` for what is no test of one call of the function.
    """
    claim = _claim(test)
    calls = [node for node in ast.walk(claim) if _is_call(node, signature.name)]
    if len(calls) != 1:
        raise Refused(f"the test calls {signature.name} {len(calls)} times instead of once")
    call = calls[0]
    assert isinstance(call, ast.Call)
    truth = True if claim is call else False if _negates(claim, call) else None
    if truth is not None and not signature.returns_bool:
        return Pending(test, truth)
    try:
        expected, tolerance = (truth, None) if truth is not None else _expectation(claim, call)
        return Call(_bind(call, signature), expected, tolerance=tolerance)
    except _NotLiteral:
        return Pending(test)


def _claim(test: str) -> ast.expr:
    try:
        body = ast.parse(test.strip()).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Refused(f"the test is not Python: {error}") from None
    if len(body) != 1 or not isinstance(body[0], ast.Assert):
        raise Refused("the test is not one assert statement")
    return body[0].test


def _is_call(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _negates(claim: ast.expr, call: ast.Call) -> bool:
    return isinstance(claim, ast.UnaryOp) and isinstance(claim.op, ast.Not) and claim.operand is call


def _literal(node: ast.expr) -> Any:
    try:
        return read_value(node)
    except ValueError as error:
        raise _NotLiteral from error


def _expectation(claim: ast.expr, call: ast.Call) -> tuple[Any, float | None]:
    """The expected value and the tolerance that a claim states of a call."""
    match claim:
        case ast.Compare(left=left, ops=[ast.Eq() | ast.Is()], comparators=[right]):
            if left is call or right is call:
                return _equality(right if left is call else left)
        case ast.Compare(left=ast.Call(func=ast.Name("abs"), args=[ast.BinOp(op=ast.Sub()) as difference]),
                         ops=[ast.Lt() | ast.LtE()], comparators=[bound]):  # fmt: skip
            if call in (difference.left, difference.right):
                expected = difference.right if difference.left is call else difference.left
                return _number(expected), _below(_number(bound), isinstance(claim.ops[0], ast.Lt))
        case ast.Call(func=ast.Name("isclose") | ast.Attribute(ast.Name("math"), "isclose"),
                      args=[left, right], keywords=keywords):  # fmt: skip
            if call in (left, right):
                expected = _literal(right if left is call else left)
                return expected, _bound(expected, keywords, "rel_tol", "abs_tol", 1e-9)
    raise _NotLiteral


def _number(node: ast.expr) -> int | float:
    value = _literal(node)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _NotLiteral
    return value


def _below(bound: float, strictly: bool) -> float:
    """The tolerance of a difference below `bound`: at an int, ints apart by `bound` itself are too far apart."""
    return math.nextafter(bound, 0) if strictly and isinstance(bound, int) else bound


def _equality(other: ast.expr) -> tuple[Any, float | None]:
    match other:
        case ast.Call(func=ast.Name("approx") | ast.Attribute(attr="approx"), args=[expected], keywords=keywords):
            value = _literal(expected)
            return value, _bound(value, keywords, "rel", "abs", 1e-6) if keywords else None
    return _literal(other), None


def _bound(expected: Any, keywords: list[ast.keyword], relative: str, absolute: str, default: float) -> float:
    """The absolute tolerance of math.isclose (rel_tol 1e-9) or pytest.approx (rel 1e-6) at this value."""
    given = {keyword.arg: _number(keyword.value) for keyword in keywords}
    if not isinstance(expected, int | float) or given.keys() - {relative, absolute}:
        raise _NotLiteral
    share = given.get(relative, 0.0 if relative == "rel" and absolute in given else default)
    return float(max(share * abs(expected), given.get(absolute, 0.0)))


def _bind(call: ast.Call, signature: Signature) -> tuple[Any, ...]:
    """The call's arguments in the order of the parameters, defaults filled in."""
    bound: dict[str, Any] = {}
    for name, value in _named_arguments(call, signature):
        if name in bound:
            raise Refused(f"the test passes multiple values for {name}")
        bound[name] = value
    for name, default in zip(signature.parameters, signature.defaults, strict=True):
        if name not in bound:
            if default is MISSING:
                raise _NotLiteral
            bound[name] = default
    return tuple(bound[name] for name in signature.parameters)


def _named_arguments(call: ast.Call, signature: Signature) -> Iterator[tuple[str, Any]]:
    positional = signature.parameters[: len(signature.parameters) - signature.keyword_only]
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        raise _NotLiteral
    if len(call.args) > len(positional):
        raise Refused(f"the test passes {len(call.args)} arguments, {signature.name} takes {len(positional)}")
    for name, argument in zip(positional, call.args, strict=False):
        yield name, _literal(argument)
    for keyword in call.keywords:
        if keyword.arg is None:
            raise _NotLiteral
        if keyword.arg not in signature.parameters:
            raise Refused(f"the test passes {keyword.arg}, which {signature.name} does not take")
        yield keyword.arg, _literal(keyword.value)

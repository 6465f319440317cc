"""Reading a Python test into what it says of the calls in it.

`assert f(1) == 2` is read from its syntax tree; a test that is more than literals is left to be
evaluated, that is run beside the function in the sandbox, where the one call in it is recorded. A test
of several statements (a loop with asserts, say) is evaluated too, and each call in it recorded.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from multiplt.claims import calls_of, say_values, without_messages
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
    """A test that has to be evaluated.

    `truth` is what a bare assert asks of the result, if it is one, `tolerance` the test's own absolute
    tolerance. `many` says that the test is more than one assert, so that it may call the function often.
    """

    test: str
    truth: bool | None = None
    tolerance: float | None = None
    many: bool = False


class _NotLiteral(Exception):
    """Some part of the test is not a literal."""


def read_test(test: str, signature: Signature, *, exact: bool = False) -> Call | Pending:
    """Read one test of a function.

    With `exact`, and wherever the test is more than one assert, it must say which value each call gives:
    what is recorded is one answer, where a test that says less may admit others.

    >>> read_test("assert add(1, b=2) == 3", Signature("add", ("a", "b"), (MISSING, 0)))
    Call(arguments=(1, 2), expected=3, check='equal', tolerance=None)

    Raises `Refused` for what is no test of the function.
    """
    statements = _statements(test)
    claim = statements[0].test if len(statements) == 1 and isinstance(statements[0], ast.Assert) else None
    calls = calls_of(signature.name, statements)
    different = {ast.get_source_segment(test, call) for call in calls}
    if not calls or (claim and len(different) > 1):
        raise Refused(f"the test calls {signature.name} {len(calls)} times instead of once")
    read = _read_claim(test, claim, calls[0], signature) if claim else Pending(test, many=True)
    if isinstance(read, Pending) and (exact or read.many):
        bare = signature.returns_bool or not read.many
        if not say_values(statements, signature.name, bare=bare):
            raise Refused(f"the test says less of a call of {signature.name} than its value")
    return read


def _read_claim(test: str, claim: ast.expr, call: ast.Call, signature: Signature) -> Call | Pending:
    truth = True if claim is call else False if _negates(claim, call) else None
    if truth is not None and not signature.returns_bool:
        return Pending(test, truth)
    try:
        expected, tolerance = (truth, None) if truth is not None else _expectation(claim, call)
        return Call(_bind(call, signature), expected, tolerance=tolerance)
    except _NotLiteral:
        return Pending(test, tolerance=_tolerance(claim, call))


def _statements(test: str) -> Sequence[ast.stmt]:
    try:
        body = ast.parse(test.strip()).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Refused(f"the test is not Python: {error}") from None
    if not any(isinstance(node, ast.Assert) for statement in body for node in ast.walk(statement)):
        raise Refused("there is no assert statement in the test")
    return without_messages(body)


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
        case ast.Compare(left=ast.Call(args=[ast.BinOp(left=left, right=right)])) if (
            bound := _tolerance(claim, call)
        ) is not None:
            return _number(right if left is call else left), bound
        case ast.Call(func=ast.Name("isclose") | ast.Attribute(ast.Name("math"), "isclose"),
                      args=[left, right], keywords=keywords):  # fmt: skip
            if call in (left, right):
                expected = _literal(right if left is call else left)
                return expected, _bound(expected, keywords, "rel_tol", "abs_tol", 1e-9)
    raise _NotLiteral


def _tolerance(claim: ast.expr, call: ast.Call) -> float | None:
    """The bound below which a claim has the difference between the call and another number, if it is that."""
    match claim:
        case ast.Compare(left=ast.Call(func=ast.Name("abs") | ast.Attribute(ast.Name("math"), "fabs"),
                                       args=[ast.BinOp(op=ast.Sub()) as difference]),
                         ops=[ast.Lt() | ast.LtE()], comparators=[bound]):  # fmt: skip
            if call in (difference.left, difference.right):
                with suppress(_NotLiteral):
                    return _below(_number(bound), isinstance(claim.ops[0], ast.Lt))
    return None


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

"""Typed values: a Python value elaborated against the type of the place where it stands.

A `Value` is a Python value together with the type of the place where it stands, all the way down, so
that a language only has to say how each kind is spelled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from multiplt.errors import Refused
from multiplt.literals import to_text
from multiplt.types import BOOL, FLOAT, INT, Type, infer_type

LARGEST = 10**4000
"""Ints beyond it are refused: CPython would neither read nor write them in decimal."""


@dataclass(frozen=True)
class Value:
    """A value at a type.

    `content` is a plain bool, int, float, str or None for the scalars; a tuple of `Value` for a list,
    tuple or set; a tuple of (key, value) pairs for a dict; and for an optional, union or Any the
    `Value` it holds (None for an absent optional).

    >>> elaborate([1, 2], Type("list", (Type("float"),))).content[0]
    Value(type=Type(kind='float', args=(), variadic=False), content=1.0)
    """

    type: Type
    content: Any


def elaborate(value: Any, type: Type, *, expected: bool = False) -> Value:
    """Give a Python value the type of the place where it stands.

    An int becomes the float that equals it where a float is due, and a bool an int. As the `expected`
    side of a test, 0 and 1 may stand for a bool too, and a float for the int that equals it
    (`assert f(4) == 2.0`), as `==` has it; as an argument not, since the function could tell the
    difference. Ints have at most 4,000 digits.

    Raises `Refused` where the value does not fit the type.
    """
    match type.kind:
        case "any":
            inner = infer_type(value)
            return Value(type, elaborate(value, inner, expected=expected))
        case "optional":
            return Value(type, None if value is None else elaborate(value, type.args[0], expected=expected))
        case "union":
            return Value(type, _elaborate_member(value, type, expected))
        case "list" if isinstance(value, list):
            return Value(type, tuple(elaborate(item, type.args[0], expected=expected) for item in value))
        case "set" if isinstance(value, set | frozenset) and not type.args[0].mentions("set"):
            items = sorted(value, key=to_text)
            return Value(type, tuple(elaborate(item, type.args[0], expected=expected) for item in items))
        case "tuple" if isinstance(value, tuple) and (type.variadic or len(value) == len(type.args)):
            args = type.args * len(value) if type.variadic else type.args
            return Value(type, tuple(elaborate(v, arg, expected=expected) for v, arg in zip(value, args, strict=True)))
        case "dict" if isinstance(value, dict):
            key, item = type.args
            return Value(
                type,
                tuple(
                    (elaborate(k, key, expected=expected), elaborate(v, item, expected=expected))
                    for k, v in value.items()
                ),
            )
    return Value(type, _elaborate_scalar(value, type, expected))


def _elaborate_member(value: Any, type: Type, expected: bool) -> Value:
    exact = infer_type(value)
    members = sorted(type.args, key=lambda member: (member != exact, member == BOOL))  # its own type first
    for member in members:
        try:
            return elaborate(value, member, expected=expected)
        except Refused:
            continue
    raise _misfit(value, type)


def _elaborate_scalar(value: Any, type: Type, expected: bool) -> Any:
    match type.kind, value:
        case ("bool", bool()) | ("float", float()) | ("none", None):
            return value
        case "str", str():
            if any("\ud800" <= character <= "\udfff" for character in value):
                raise Refused("a string holds a lone surrogate, which is no character")
            return value
        case "int", bool() | int():
            if abs(value) > LARGEST:
                raise Refused("an int has more than 4,000 digits")
            return int(value)
        case "bool", int() | float() if value in (0, 1) and expected:
            return bool(value)
        case "int", float() if expected and value.is_integer():
            return int(value)
        case "float", bool() | int() if abs(value) <= 2**1023 and int(float(value)) == value:
            return float(value)
    raise _misfit(value, type)


def _misfit(value: Any, type: Type) -> Refused:
    text = to_text(value)
    return Refused(f"{text if len(text) <= 200 else text[:200] + '…'} does not fit {type}")


def plain(value: Value) -> Any:
    """The Python value that an elaborated value stands for."""
    match value.type.kind:
        case "optional" | "union" | "any":
            return None if value.content is None else plain(value.content)
        case "list":
            return [plain(item) for item in value.content]
        case "tuple":
            return tuple(plain(item) for item in value.content)
        case "set":
            return {plain(item) for item in value.content}
        case "dict":
            return {plain(key): plain(item) for key, item in value.content}
    return value.content


def widened(value: Value) -> Value:
    """An expected value in which an int in a union with float is the float that equals it, since either may answer.

    For suites as text in languages whose own equality tells the two apart. An int that no float equals stays.
    """
    content = value.content
    match value.type.kind:
        case "union" if FLOAT in value.type.args and content.type == INT:
            try:
                return replace(value, content=elaborate(content.content, FLOAT))
            except Refused:  # no float equals it
                return value
        case "list" | "tuple" | "set":
            return replace(value, content=tuple(map(widened, content)))
        case "dict":
            return replace(value, content=tuple((widened(key), widened(item)) for key, item in content))
        case "optional" | "union" | "any" if content is not None:
            return replace(value, content=widened(content))
    return value

"""Python's equality, by type, between an expected value and what a program answered.

The actual side is decoded from the record channel (`multiplt.execute.records`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from multiplt.errors import Refused
from multiplt.execute.records import Items, Pairs
from multiplt.types import FLOAT
from multiplt.values import Value, elaborate

RELATIVE, ABSOLUTE = 1e-6, 1e-9
"""Floats are equal within either; a test's own tolerance takes their place."""


@dataclass(frozen=True)
class Idioms:
    """What a language cannot tell apart, so that the type decides.

    `false_is_none`: its None is its false. `tuples_are_lists`, `sets_are_lists`: it has lists alone
    for these. `one_number_type`: it may answer 3.0 for the int 3, below 2^53.
    """

    false_is_none: bool = False
    tuples_are_lists: bool = False
    sets_are_lists: bool = False
    one_number_type: bool = False


@dataclass(frozen=True)
class Equality:
    """The equality of one test: a language's idioms and the test's own absolute tolerance, if any."""

    idioms: Idioms = Idioms()
    tolerance: float | None = None

    def __call__(self, expected: Value, actual: Any) -> bool:
        """Whether `actual` is the expected value at its type.

        Ints are equal by value, floats within a relative 1e-6 or an absolute 1e-9 (where the test has a
        tolerance, both within that), NaN equals NaN, a bool never equals a number, lists and tuples go by
        elements, dictionaries and sets without order.
        """
        content = expected.content
        match expected.type.kind:
            case "none":
                return self._is_none(actual)
            case "bool":
                return isinstance(actual, bool) and actual == content
            case "int":
                return self._same_int(content, actual)
            case "float":
                return isinstance(actual, int | float) and not isinstance(actual, bool) and self._close(content, actual)
            case "str":
                return isinstance(actual, str) and actual == content
            case "list":
                return isinstance(actual, list) and self._each(content, actual)
            case "tuple":
                kinds = (tuple, list) if self.idioms.tuples_are_lists else tuple
                return isinstance(actual, kinds) and self._each(content, actual)
            case "set":
                items = actual if self.idioms.sets_are_lists and isinstance(actual, list) else _items(actual)
                return items is not None and _any_order(content, items, self)
            case "dict":
                return isinstance(actual, Pairs) and _any_order(content, actual.pairs, self._same_entry)
            case "optional" if content is None:
                return self._is_none(actual)
            case "union" if content.type.kind == "int" and FLOAT in expected.type.args:
                return self(content, actual) or self._as_float(content, actual)
        return self(content, actual)

    def _is_none(self, actual: Any) -> bool:
        return actual is None or (self.idioms.false_is_none and actual is False)

    def _same_int(self, expected: int, actual: Any) -> bool:
        if isinstance(actual, bool) or not isinstance(actual, int | float):
            return False
        if isinstance(actual, float) and not (self.idioms.one_number_type and abs(actual) < 2**53):
            return False
        return actual == expected or (self.tolerance is not None and abs(actual - expected) <= self.tolerance)

    def _close(self, expected: float, actual: float) -> bool:
        try:
            actual = float(actual)
        except OverflowError:
            return False
        if math.isnan(expected) or math.isnan(actual):
            return math.isnan(expected) and math.isnan(actual)
        if self.tolerance is not None:
            return expected == actual or abs(expected - actual) <= self.tolerance
        return math.isclose(expected, actual, rel_tol=RELATIVE, abs_tol=ABSOLUTE)

    def _each(self, expected: Sequence[Value], actual: Sequence[Any]) -> bool:
        return len(expected) == len(actual) and all(map(self, expected, actual))

    def _same_entry(self, expected: tuple[Value, Value], actual: tuple[Any, Any]) -> bool:
        return self(expected[0], actual[0]) and self(expected[1], actual[1])

    def _as_float(self, expected: Value, actual: Any) -> bool:
        """In a union of int and float an int may be answered by the float that equals it."""
        try:
            return self(elaborate(expected.content, FLOAT), actual)
        except Refused:
            return False


def _items(actual: Any) -> Sequence[Any] | None:
    return actual.items if isinstance(actual, Items) else None


def _any_order(expected: Sequence[Any], actual: Sequence[Any], same: Callable[[Any, Any], bool]) -> bool:
    remaining = list(actual)
    if len(remaining) != len(expected):
        return False
    for item in expected:
        match = next((position for position, other in enumerate(remaining) if same(item, other)), None)
        if match is None:
            return False
        del remaining[match]
    return True


def truth(actual: Any) -> bool:
    """Python's truth of a decoded value: empty containers, zero, the empty string and None are false."""
    match actual:
        case Items(content) | Pairs(content):
            return bool(content)
    return bool(actual)

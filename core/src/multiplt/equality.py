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
from multiplt.idioms import CONTAINERS, NO_IDIOMS, SCALARS, Idioms
from multiplt.types import ANY, FLOAT, Type
from multiplt.values import Value, elaborate

RELATIVE, ABSOLUTE = 1e-6, 1e-9
"""Floats are equal within either; a test's own tolerance takes their place."""


@dataclass(frozen=True)
class Equality:
    """The equality of one test: a language's idioms and the test's own absolute tolerance, if any."""

    idioms: Idioms = NO_IDIOMS
    tolerance: float | None = None

    def __call__(self, expected: Value, actual: Any) -> bool:
        """Whether `actual` is the expected value at its type.

        Ints are equal by value, floats within a relative 1e-6 or an absolute 1e-9 (where the test has a
        tolerance, both within that), NaN equals NaN, a bool never equals a number, lists and tuples go by
        elements, dictionaries and sets without order.
        """
        content = expected.content
        if expected.type.kind in SCALARS:
            actual = self._scalar(actual)
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
                return self._each(content, self._list(actual))
            case "tuple":
                return self._each(content, actual if isinstance(actual, tuple) else self._tuple(actual))
            case "set":
                return _any_order(content, actual.items if isinstance(actual, Items) else self._set(actual), self)
            case "dict":
                return _any_order(content, self._pairs(actual), self._same_entry)
            case "optional" if content is None:
                return self._is_none(actual)
            case "union" if content.type.kind == "int" and FLOAT in expected.type.args:
                return self(content, actual) or self._as_float(content, actual)
        return self(content, actual)

    def _is_none(self, actual: Any) -> bool:
        actual = self._scalar(actual)
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

    def _scalar(self, actual: Any) -> Any:
        """What stands for a scalar: itself, or the one item of a list where that is the same."""
        if not self.idioms.scalars_are_lists or not isinstance(actual, list | Pairs):
            return actual
        items = self._list(actual)
        return self._scalar(items[0]) if items and len(items) == 1 else actual

    def _list(self, actual: Any) -> Sequence[Any] | None:
        """The items of what stands for a list; None where nothing does."""
        if isinstance(actual, list):
            return actual
        if isinstance(actual, Pairs) and self.idioms.names_are_keys:
            return [item for _, item in actual.pairs]
        if actual is None:
            return [] if self.idioms.none_is_empty else None
        is_scalar = isinstance(actual, bool | int | float | str)
        return [actual] if self.idioms.scalars_are_lists and is_scalar else None

    def _tuple(self, actual: Any) -> Sequence[Any] | None:
        return self._list(actual) if self.idioms.tuples_are_lists else None

    def _set(self, actual: Any) -> Sequence[Any] | None:
        if self.idioms.sets_are_keys:
            pairs = self._pairs(actual)
            return None if pairs is None or any(item is not True for _, item in pairs) else [key for key, _ in pairs]
        return self._list(actual) if self.idioms.sets_are_lists else None

    def _pairs(self, actual: Any) -> Sequence[tuple[Any, Any]] | None:
        """The entries of what stands for a dictionary; None where nothing does."""
        if isinstance(actual, Pairs):
            return actual.pairs
        if isinstance(actual, list) and self.idioms.dicts_are_lists:
            return list(enumerate(actual, 1))
        nothing = actual is None and self.idioms.none_is_empty
        return [] if nothing or (actual == [] and self.idioms.names_are_keys) else None

    def _each(self, expected: Sequence[Value], actual: Sequence[Any] | None) -> bool:
        return actual is not None and len(expected) == len(actual) and all(map(self, expected, actual))

    def _same_entry(self, expected: tuple[Value, Value], actual: tuple[Any, Any]) -> bool:
        key, name = expected[0], actual[0]
        same_key = _is_text_of(key, name) if self.idioms.names_are_keys else self(key, name)
        return same_key and self(expected[1], actual[1])

    def _as_float(self, expected: Value, actual: Any) -> bool:
        """In a union of int and float an int may be answered by the float that equals it."""
        try:
            return self(elaborate(expected.content, FLOAT), actual)
        except Refused:
            return False


def _is_text_of(key: Value, text: Any) -> bool:
    """Whether `text` is how a dictionary's key is written where keys are names."""
    while key.type.kind in ("optional", "union", "any") and key.content is not None:
        key = key.content
    if not isinstance(text, str) or key.type.kind == "str":
        return bool(text == key.content)
    if key.type.kind == "bool":
        return text.lower() == str(key.content).lower()
    try:
        number = float(text)
    except ValueError:
        return False
    return number == key.content or (key.type.kind == "float" and Equality()(key, number))


def _any_order(expected: Sequence[Any], actual: Sequence[Any] | None, same: Callable[[Any, Any], bool]) -> bool:
    if actual is None or len(actual) != len(expected):
        return False
    remaining = list(actual)
    for item in expected:
        match = next((position for position, other in enumerate(remaining) if same(item, other)), None)
        if match is None:
            return False
        del remaining[match]
    return True


def truth(actual: Any, type: Type = ANY, idioms: Idioms = NO_IDIOMS) -> bool:
    """Python's truth of a decoded value: empty containers, zero, the empty string and None are false.

    Where a scalar is a list of one item, `type`, the declared type of the result, says which it is.
    """
    if idioms.scalars_are_lists and not any(map(type.admits, CONTAINERS)):
        return truth(Equality(idioms)._scalar(actual))
    if idioms.scalars_are_lists and not any(map(type.admits, SCALARS)):
        return isinstance(actual, bool | int | float | str) or truth(actual)
    match actual:
        case Items(content) | Pairs(content):
            return bool(content)
    return bool(actual)

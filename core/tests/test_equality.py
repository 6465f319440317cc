"""Equality is Python's, by type, between an expected value and what came through the channel."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_helpers import encode

from multiplt.equality import Equality, truth
from multiplt.execute.records import Items, Pairs, Unknown, decode
from multiplt.idioms import Idioms
from multiplt.testing.strategies import can_change, changed, decoded, typed_values
from multiplt.types import Type, parse_type
from multiplt.values import elaborate, plain

PLAIN = Equality()
LISTS = Equality(Idioms(false_is_none=True, tuples_are_lists=True, sets_are_lists=True, one_number_type=True))


@settings(max_examples=120)
@given(typed_values(max_depth=3))
def test_value_equals_itself_through_the_channel(typed: tuple[Type, Any]) -> None:
    type, value = typed
    expected = elaborate(value, type)
    assert PLAIN(expected, decode(encode(plain(expected))))
    assert PLAIN(expected, decoded(plain(expected)))


@settings(max_examples=120)
@given(st.data(), typed_values())
def test_changed_value_does_not(data: st.DataObject, typed: tuple[Type, Any]) -> None:
    type, value = typed
    if can_change(value, type):
        new = elaborate(data.draw(changed(value, type)), type)
        assert not PLAIN(elaborate(value, type), decode(encode(plain(new))))


@settings(max_examples=100)
@given(st.data(), typed_values(kinds=("int", "str", "list", "dict", "set", "tuple")))
def test_order_of_sets_and_dictionaries_does_not_matter(data: st.DataObject, typed: tuple[Type, Any]) -> None:
    def shuffled(value: Any) -> Any:
        match value:
            case Items(items):
                return Items(tuple(data.draw(st.permutations([shuffled(item) for item in items]))))
            case Pairs(pairs):
                return Pairs(tuple(data.draw(st.permutations([(k, shuffled(v)) for k, v in pairs]))))
            case list():
                return list(map(shuffled, value))
        return value

    expected = elaborate(typed[1], typed[0])
    assert PLAIN(expected, shuffled(decoded(plain(expected))))


@pytest.mark.parametrize(
    ("type", "value", "actual", "equal"),
    [
        ("int", 3, 3, True),
        ("int", 3, 3.0, False),
        ("int", 1, True, False),
        ("int", 0, False, False),
        ("int", 3, "3", False),
        ("int", 10**30, 10**30, True),
        ("int", 10**30, 10**30 + 1, False),
        ("int", 0, None, False),
        ("int", 3, Unknown("3"), False),
        ("float", 1.0, 1, True),
        ("float", 1.0, True, False),
        ("float", 1.0, 1 + 0.9e-6, True),
        ("float", 1.0, 1 + 1.2e-6, False),
        ("float", 1e9, 1e9 + 900, True),
        ("float", 1e9, 1e9 + 1100, False),
        ("float", 0.0, 0.9e-9, True),
        ("float", 0.0, 1.1e-9, False),
        ("float", 0.0, -0.0, True),
        ("float", math.nan, math.nan, True),
        ("float", math.nan, 0.0, False),
        ("float", 0.0, math.nan, False),
        ("float", math.inf, math.inf, True),
        ("float", math.inf, -math.inf, False),
        ("float", math.inf, 1e308, False),
        ("float", 1e300, 10**400, False),
        ("float", 1e22, 10**22, True),
        ("float", 1.0, "1.0", False),
        ("bool", True, True, True),
        ("bool", True, 1, False),
        ("bool", False, 0, False),
        ("bool", False, None, False),
        ("bool", True, 1.0, False),
        ("str", "e\u0301", "\xe9", False),
        ("str", "\U0001f600", "\U0001f600", True),
        ("str", "a", ["a"], False),
        ("str", "", None, False),
        ("None", None, None, True),
        ("None", None, False, False),
        ("None", None, [], False),
        ("List[int]", [1], (1,), False),
        ("List[int]", [1, 2], [2, 1], False),
        ("List[int]", [], None, False),
        ("List[int]", [1], Items((1,)), False),
        ("Tuple[int]", (1,), [1], False),
        ("Tuple[int]", (1,), (1,), True),
        ("List[float]", [1.0], [1 + 1e-7], True),
        ("Set[int]", {1, 2}, Items((2, 1)), True),
        ("Set[int]", {1}, Items((1, 1)), False),
        ("Set[int]", {1}, [1], False),
        ("Set[int]", set(), Pairs(()), False),
        ("Dict[str, int]", {}, Items(()), False),
        ("Dict[str, int]", {"a": 1}, Pairs((("a", 1), ("a", 1))), False),
        ("Dict[int, int]", {1: 1}, Pairs(((True, 1),)), False),
        ("Dict[str, int]", {"a": 1, "b": 2}, Pairs((("b", 2), ("a", 1))), True),
        ("Dict[str, int]", {"a": 1}, Pairs((("a", 2),)), False),
        ("Optional[int]", None, None, True),
        ("Optional[int]", None, False, False),
        ("Optional[int]", None, 0, False),
        ("Optional[int]", 0, None, False),
        ("Optional[List[int]]", [], None, False),
        ("Union[int, str]", 1, 1, True),
        ("Union[int, str]", 1, 1.0, False),
        ("Union[int, float]", 1, 1.0, True),
        ("Union[int, float]", 1, 1, True),
        ("Union[int, float]", 10**30 + 1, 1e30, False),
        ("Union[int, float]", 1, True, False),
        ("Union[bool, float]", True, 1.0, False),
        ("Union[bool, float]", 1.0, True, False),
        ("Union[bool, int]", True, 1, False),
        ("Optional[Union[int, float]]", 1, 1.0, True),
        ("Any", [1, "a"], [1, "a"], True),
        ("Any", True, 1, False),
        ("Any", None, None, True),
    ],
)
def test_by_type(type: str, value: Any, actual: Any, equal: bool) -> None:
    assert PLAIN(elaborate(value, parse_type(type)), actual) is equal


@pytest.mark.parametrize(
    ("type", "value", "actual", "equal"),
    [
        ("int", 3, 3.0, True),
        ("int", 3, 3.5, False),
        ("int", 2**53, float(2**53), False),
        ("int", 2**53 - 1, float(2**53 - 1), True),
        ("int", 3, math.nan, False),
        ("int", 1, True, False),
        ("None", None, False, True),
        ("None", None, None, True),
        ("Optional[int]", None, False, True),
        ("Optional[int]", 0, False, False),
        ("bool", False, None, False),
        ("Tuple[int, int]", (1, 2), [1, 2], True),
        ("List[int]", [1], (1,), False),
        ("Set[int]", {1, 2}, [2, 1], True),
        ("Set[int]", {1}, [1, 1], False),
        ("List[int]", [1, 2], [2, 1], False),
    ],
)
def test_idioms(type: str, value: Any, actual: Any, equal: bool) -> None:
    assert LISTS(elaborate(value, parse_type(type)), actual) is equal


@pytest.mark.parametrize(
    ("type", "value", "actual", "tolerance", "equal"),
    [
        ("float", 1.5, 1.6, 0.11, True),
        ("float", 1.5, 1.6, 0.09, False),
        ("float", 1.0, 1 + 1e-8, 1e-9, False),
        ("float", math.inf, math.inf, 0.1, True),
        ("float", math.inf, 1.0, 0.1, False),
        ("float", math.nan, math.nan, 0.1, True),
        ("int", 10, 11, 1.5, True),
        ("int", 10, 11, 0.5, False),
        ("int", 10, True, 99, False),
        ("Optional[float]", 1.5, 1.6, 0.2, True),
        ("float", 1.5, 2, 0.5, True),
    ],
)
def test_own_tolerance(type: str, value: Any, actual: Any, tolerance: float, equal: bool) -> None:
    assert Equality(tolerance=tolerance)(elaborate(value, parse_type(type)), actual) is equal


@pytest.mark.parametrize(
    ("actual", "true"),
    [
        (None, False),
        (0, False),
        (0.0, False),
        ("", False),
        ([], False),
        ((), False),
        (Items(()), False),
        (Pairs(()), False),
        (False, False),
        (True, True),
        (-1, True),
        ("0", True),
        ([0], True),
        (Items((0,)), True),
        (Pairs(((0, 0),)), True),
        (Unknown("f"), True),
        (math.nan, True),
    ],
)
def test_truth_is_pythons(actual: Any, true: bool) -> None:
    assert truth(actual) is true

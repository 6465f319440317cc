"""Elaboration: a value takes the type of the place where it stands, or is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multiplt.errors import Refused
from multiplt.literals import to_text
from multiplt.testing.strategies import can_change, changed, typed_values
from multiplt.types import Type, parse_type
from multiplt.values import Value, elaborate, plain, widened


@pytest.mark.parametrize(
    ("value", "type", "argument", "expected"),
    [  # what stands at the type as an argument and as an expected value; None: refused
        (1, "float", "1.0", "1.0"),
        (True, "float", "1.0", "1.0"),
        (2**53, "float", "9007199254740992.0", "9007199254740992.0"),
        (2**53 + 1, "float", None, None),
        (10**400, "float", None, None),
        (-(10**400), "float", None, None),
        (True, "int", "1", "1"),
        (1, "bool", None, "True"),
        (0, "bool", None, "False"),
        (2, "bool", None, None),
        (1.0, "bool", None, "True"),
        (2.0, "int", None, "2"),
        (2.5, "int", None, None),
        (math.inf, "int", None, None),
        (math.nan, "int", None, None),
        (1e300, "int", None, str(int(1e300))),
        (math.nan, "float", "float('nan')", "float('nan')"),
        (10**3999, "int", str(10**3999), str(10**3999)),
        (10**4001, "int", None, None),
        (-(10**4001), "int", None, None),
        ("a", "int", None, None),
        (1, "str", None, None),
        (None, "int", None, None),
        (1, "None", None, None),
        (None, "None", "None", "None"),
        (None, "Optional[int]", "None", "None"),
        (3, "Optional[float]", "3.0", "3.0"),
        ([1, 2.5], "List[float]", "[1.0, 2.5]", "[1.0, 2.5]"),
        ((1,), "List[int]", None, None),
        ([1], "Tuple[int]", None, None),
        ((1, 2), "Tuple[int, float]", "(1, 2.0)", "(1, 2.0)"),
        ((1, 2, 3), "Tuple[int, int]", None, None),
        ((1, 2, 3), "Tuple[float, ...]", "(1.0, 2.0, 3.0)", "(1.0, 2.0, 3.0)"),
        ((), "Tuple[()]", "()", "()"),
        ({1: 2}, "Dict[float, float]", "{1.0: 2.0}", "{1.0: 2.0}"),
        ({"a": None}, "Dict[str, int]", None, None),
        ({None: 1}, "Dict[Optional[str], int]", "{None: 1}", "{None: 1}"),
        (frozenset({1}), "Set[float]", "{1.0}", "{1.0}"),
        ([2.0], "List[int]", None, "[2]"),
        ({"a": (0,)}, "Dict[str, Tuple[bool]]", None, "{'a': (False,)}"),
        (1, "Union[float, str]", "1.0", "1.0"),
        (1, "Union[str, int]", "1", "1"),
        (True, "Union[int, bool]", "True", "True"),
        (1, "Union[bool, float]", "1.0", "1.0"),
        (b"x", "Union[int, str]", None, None),
        ([1], "Union[List[float], List[int]]", "[1]", "[1]"),
        ([], "Union[str, List[int]]", "[]", "[]"),
        ([1, "a", None], "Any", "[1, 'a', None]", "[1, 'a', None]"),
        (object, "Any", None, None),
        ({frozenset({1})}, "Set[Set[int]]", None, None),
        ("\ud800", "str", None, None),
        (["\udfff"], "List[str]", None, None),
        ({"\ud800": 1}, "Any", None, None),
        ("\U0010ffff", "str", "'\\U0010ffff'", "'\\U0010ffff'"),
    ],
    ids=lambda value: to_text(value)[:20],
)
def test_rules(value: Any, type: str, argument: str | None, expected: str | None) -> None:
    for wanted, side in ((argument, False), (expected, True)):
        if wanted is None:
            with pytest.raises(Refused):
                elaborate(value, parse_type(type), expected=side)
        else:
            assert to_text(plain(elaborate(value, parse_type(type), expected=side))) == wanted


def test_reason_names_value_and_type_and_stays_short() -> None:
    with pytest.raises(Refused, match=r"'ab' does not fit List\[int\]"):
        elaborate("ab", parse_type("List[int]"))
    with pytest.raises(Refused) as refused:
        elaborate("x" * 100_000, parse_type("int"))
    assert len(str(refused.value)) < 300
    with pytest.raises(Refused, match="does not fit str"):
        elaborate(10**6000, parse_type("str"))


def assert_typed(value: Value) -> None:
    """Every kind has the content that `Value` promises."""
    content, type = value.content, value.type
    match type.kind:
        case "optional" | "union" | "any":
            assert (content is None and type.kind == "optional") or isinstance(content, Value)
            if content is not None:
                assert type.kind == "any" or content.type in (type.args if type.kind == "union" else type.args[:1])
                assert_typed(content)
        case "list" | "tuple" | "set":
            for item in content:
                assert_typed(item)
        case "dict":
            for pair in content:
                for part in pair:
                    assert_typed(part)
        case kind:
            assert content.__class__.__name__ == {"none": "NoneType"}.get(kind, kind)


@settings(max_examples=120)
@given(typed_values(max_depth=3))
def test_elaborated_values_keep_the_promise_and_stand_for_the_value(typed: tuple[Type, Any]) -> None:
    type, value = typed
    elaborated = elaborate(value, type)
    assert elaborated.type == type
    assert_typed(elaborated)
    again = elaborate(plain(elaborated), type)
    assert again == elaborated or to_text(plain(again)) == to_text(plain(elaborated))
    assert plain(elaborated) == value or "nan" in to_text(value)


@settings(max_examples=120)
@given(st.data(), typed_values())
def test_changed_values_are_of_the_type_and_unequal(data: st.DataObject, typed: tuple[Type, Any]) -> None:
    type, value = typed
    if can_change(value, type):
        new = data.draw(changed(value, type))
        elaborate(new, type)
        assert new != value


@pytest.mark.parametrize(("type", "value"), [("None", None), ("Tuple[()]", ()), ("Tuple[None, None]", (None, None))])
def test_what_cannot_change_says_so(type: str, value: Any) -> None:
    assert not can_change(value, parse_type(type))


@pytest.mark.parametrize(
    ("value", "type", "wide"),
    [
        (3, "Union[int, float]", "3.0"),
        (3.5, "Union[int, float]", "3.5"),
        (2**53 + 1, "Union[int, float]", "9007199254740993"),
        (3, "Union[int, float, None]", "3.0"),
        (None, "Union[int, float, None]", "None"),
        (3, "Union[int, str]", "3"),
        (True, "Union[bool, float]", "True"),
        (3, "int", "3"),
        (3, "Any", "3"),
        ([1, "a"], "List[Union[int, float, str]]", "[1.0, 'a']"),
        ((1, 1), "Tuple[int, Union[int, float]]", "(1, 1.0)"),
        ({1: 2}, "Dict[int, Union[int, float]]", "{1: 2.0}"),
        ({1: 2}, "Dict[Union[int, float], int]", "{1.0: 2}"),
        ([1], "Union[str, List[Union[int, float]]]", "[1.0]"),
    ],
)
def test_an_int_beside_float_is_the_float_that_equals_it(value: Any, type: str, wide: str) -> None:
    assert to_text(plain(widened(elaborate(value, parse_type(type), expected=True)))) == wide

"""What a language cannot tell apart: equality by type, and what is refused for it."""

from __future__ import annotations

from typing import Any

import pytest

from multiplt.equality import Equality, truth
from multiplt.errors import Refused
from multiplt.execute.records import Items, Pairs
from multiplt.idioms import Idioms, refuse_ambiguous
from multiplt.testing.judging import value
from multiplt.types import parse_type

# Idioms: type, expected value, what is equal to it, what is not.
EQUAL: list[tuple[Idioms, str, str, list[Any], list[Any]]] = [
    (Idioms(dicts_are_lists=True), "Dict[int, str]", "{1: 'a', 2: 'b'}",
     [["a", "b"], Pairs(((2, "b"), (1, "a")))], [["b", "a"], ["a"], None, Pairs(((1, "a"),))]),
    (Idioms(dicts_are_lists=True), "Dict[str, int]", "{}", [[], Pairs(())], [None, [1], ""]),
    (Idioms(dicts_are_lists=True), "List[str]", "['a']", [["a"]], [Pairs(((1, "a"),)), "a"]),
    (Idioms(sets_are_keys=True), "Set[str]", "{'a', 'b'}", [Items(("b", "a")), Pairs((("b", True), ("a", True)))],
     [["a", "b"], Pairs((("a", True),)), Pairs((("a", True), ("b", 1))), None]),
    (Idioms(sets_are_keys=True, dicts_are_lists=True), "Set[int]", "{1, 2}", [[True, True]], [[1, 2], [True], []]),
    (Idioms(none_is_empty=True), "List[int]", "[]", [[], None], [False, "", [None]]),
    (Idioms(none_is_empty=True), "Dict[int, int]", "{}", [None, Pairs(())], [[], 0]),
    (Idioms(none_is_empty=True), "int", "0", [0], [None, []]),
    (Idioms(scalars_are_lists=True), "int", "3", [3, [3], [[3]]], [[3, 3], [], [4], None]),
    (Idioms(scalars_are_lists=True), "bool", "True", [True, [True]], [1, [1]]),
    (Idioms(scalars_are_lists=True), "List[int]", "[3]", [3, [3], [[3]]], [[4], [3, 3], "3", None]),
    (Idioms(scalars_are_lists=True), "List[List[str]]", "[['a'], ['b', 'c']]",
     [[["a"], ["b", "c"]], ["a", ["b", "c"]]], [["a", "b", "c"], [["a"], ["b"]]]),
    (Idioms(scalars_are_lists=True), "Tuple[int]", "(3,)", [(3,)], [3, [3]]),
    (Idioms(scalars_are_lists=True, tuples_are_lists=True), "Tuple[int]", "(3,)", [(3,), 3, [3]], [4, []]),
    (Idioms(scalars_are_lists=True, sets_are_lists=True), "Set[int]", "{3}", [Items((3,)), 3, [3]], [[3, 3], 4]),
    (Idioms(names_are_keys=True), "List[int]", "[1, 2]", [[1, 2], Pairs((("a", 1), ("b", 2)))],
     [Pairs((("a", 2), ("b", 1))), Pairs((("a", 1),))]),
    (Idioms(names_are_keys=True), "Dict[str, int]", "{'a': 1, '2': 3}", [Pairs((("2", 3), ("a", 1)))],
     [[1, 3], Pairs((("a", 1), (2, 3))), Pairs((("a", 1),))]),
    (Idioms(names_are_keys=True), "Dict[int, int]", "{1: 5}", [Pairs((("1", 5),))], [Pairs((("x", 5),)), [5], 5]),
    (Idioms(names_are_keys=True), "Dict[float, int]", "{1.5: 5}", [Pairs((("1.5", 5),))], [Pairs((("1", 5),))]),
    (Idioms(names_are_keys=True), "Dict[float, int]", f"{{{0.1 + 0.2!r}: 5}}",
     [Pairs((("0.3", 5),))], [Pairs((("0.31", 5),)), Pairs((("x", 5),))]),
    (Idioms(scalars_are_lists=True), "Optional[int]", "None", [None, [None]], [[], [None, None], [[]], 0]),
    (Idioms(names_are_keys=True), "Dict[bool, int]", "{True: 5}", [Pairs((("TRUE", 5),))], [Pairs((("1", 5),))]),
    (Idioms(names_are_keys=True), "Dict[Any, int]", "{1: 5}", [Pairs((("1", 5),))], [Pairs((("2", 5),))]),
    (Idioms(names_are_keys=True), "Dict[str, int]", "{}", [[], Pairs(())], [None, [1]]),
    (Idioms(names_are_keys=True, scalars_are_lists=True), "int", "1", [Pairs((("a", 1),))], [Pairs((("a", 2),))]),
]  # fmt: skip


@pytest.mark.parametrize(("idioms", "type", "expected", "equal", "unequal"), EQUAL)
def test_equality(idioms: Idioms, type: str, expected: str, equal: list[Any], unequal: list[Any]) -> None:
    same = Equality(idioms)
    assert [answer for answer in equal if not same(value(expected, type), answer)] == []
    assert [answer for answer in unequal if same(value(expected, type), answer)] == []


def test_truth_of_a_scalar_that_is_a_list_of_one() -> None:
    lists = Idioms(scalars_are_lists=True)
    assert not truth([False], parse_type("bool"), lists)
    assert not truth([0], parse_type("Optional[int]"), lists)
    named = Idioms(scalars_are_lists=True, names_are_keys=True)
    assert not truth(Pairs((("a", False),)), parse_type("bool"), named)
    assert truth(Pairs((("a", False),)), parse_type("List[bool]"), named)
    assert truth([0], parse_type("List[int]"), lists)
    assert truth(0, parse_type("Tuple[int, ...]"), lists)
    assert not truth(None, parse_type("List[int]"), lists)
    assert not truth([], parse_type("List[int]"), lists)
    assert truth([False], parse_type("bool"))


# Idioms, type, values that are refused for them, values that are not.
REFUSED: list[tuple[Idioms, str, list[str], list[str]]] = [
    (Idioms(false_is_none=True), "Optional[bool]", ["None", "False"], ["True"]),
    (Idioms(false_is_none=True), "Any", ["None", "False"], ["True", "0", "[]"]),
    (Idioms(false_is_none=True), "Optional[int]", [], ["None", "0"]),
    (Idioms(false_is_none=True), "bool", [], ["False"]),
    (Idioms(none_is_empty=True), "Optional[List[int]]", ["None", "[]"], ["[0]"]),
    (Idioms(none_is_empty=True), "Optional[int]", [], ["None", "0"]),
    (Idioms(none_is_empty=True), "Any", ["None", "[]"], ["0", "[0]"]),
    (Idioms(none_is_empty=True), "Optional[Tuple[int, int]]", [], ["None", "(1, 2)"]),
    (Idioms(none_is_empty=True), "Optional[Tuple[int, ...]]", ["None", "()"], ["(1, 2)"]),
    (Idioms(tuples_are_lists=True), "Union[List[int], Tuple[int, int]]", ["[1, 2]", "(1, 2)"], ["[1]"]),
    (Idioms(tuples_are_lists=True), "Any", [], ["[1]", "(1, 2)"]),
    (Idioms(sets_are_lists=True), "Union[List[int], Set[int]]", ["[1]", "{1}"], []),
    (Idioms(dicts_are_lists=True), "Union[List[int], Dict[int, int]]", ["[1]", "{1: 1}"], []),
    (Idioms(dicts_are_lists=True, tuples_are_lists=True), "Union[Tuple[int], Dict[int, int]]", ["(1,)", "{1: 1}"], []),
    (Idioms(sets_are_keys=True), "Union[Set[int], Dict[int, bool]]", ["{1}", "{1: True}"], []),
    (Idioms(sets_are_keys=True), "Union[Set[int], List[bool]]", [], ["{1}", "[True]"]),
    (Idioms(sets_are_keys=True, dicts_are_lists=True), "Union[Set[int], List[bool]]", ["{1}", "[True]"], []),
    (Idioms(names_are_keys=True), "Union[List[int], Dict[str, int]]", ["[]", "{}"], ["[1]", "{'a': 1}"]),
    (Idioms(scalars_are_lists=True), "Union[int, List[int]]", ["1", "[1]"], ["[]", "[1, 2]"]),
    (Idioms(scalars_are_lists=True), "Union[int, Tuple[int, int]]", [], ["1", "(1, 2)"]),
    (Idioms(scalars_are_lists=True), "Union[int, Tuple[int]]", ["1", "(1,)"], []),
    (Idioms(scalars_are_lists=True), "Optional[int]", [], ["1", "None"]),
    (Idioms(), "Union[List[int], Tuple[int, int], Set[int], bool, None]", [], ["[1]", "(1, 2)", "{1}", "None"]),
]  # fmt: skip


@pytest.mark.parametrize(("idioms", "type", "refused", "kept"), REFUSED)
def test_refusals(idioms: Idioms, type: str, refused: list[str], kept: list[str]) -> None:
    for text in refused:
        with pytest.raises(Refused, match=r"are one value in Toy, and .* admits both"):
            refuse_ambiguous(value(text, type), idioms, "Toy")
    for text in kept:
        refuse_ambiguous(value(text, type), idioms, "Toy")

"""Types: annotations in every spelling, inference, join, refinement."""

from __future__ import annotations

from functools import reduce
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multiplt.errors import Refused
from multiplt.testing.strategies import Leaves, typed_values, types
from multiplt.types import ANY, NONE, Type, infer_type, join, parse_type, refine, union
from multiplt.values import elaborate

SPELLINGS = {
    "int": ["int", "'int'", '"int"', " int "],
    "float": ["float"],
    "bool": ["bool", "'bool'"],
    "str": ["str", "Text", "typing.Text"],
    "None": ["None", "'None'"],
    "Any": ["Any", "object", "typing.Any", "Optional[Any]", "Union[int, Any]"],
    "List[int]": ["List[int]", "list[int]", "typing.List[int]", "t.List['int']", "'List[int]'", "Sequence[int]"],
    "List[Any]": ["list", "List", "typing.List", "Iterable", "collections.abc.Sequence"],
    "Tuple[int, str]": ["Tuple[int, str]", "tuple[int, str]", "tuple['int', 'str']"],
    "Tuple[int, ...]": ["Tuple[int, ...]", "tuple[int, ...]"],
    "Tuple[int]": ["Tuple[int]", "tuple[int]", "Tuple[int,]"],
    "Tuple[Any, ...]": ["tuple", "Tuple"],
    "Tuple[()]": ["Tuple[()]", "tuple[()]"],
    "Dict[str, List[int]]": ["Dict[str, List[int]]", "dict[str, list[int]]", "Mapping[str, list[int]]"],
    "Dict[Any, Any]": ["dict", "Dict", "OrderedDict"],
    "Dict[str, int]": ["Counter[str]", "DefaultDict[str, int]", "collections.OrderedDict[str, int]"],
    "Set[str]": ["Set[str]", "set[str]", "frozenset[str]", "FrozenSet[str]", "AbstractSet[str]"],
    "Set[Any]": ["set", "Set", "frozenset"],
    "Optional[int]": ["Optional[int]", "int | None", "None | int", "Union[int, None]", "Union[None, int]",
                      "Optional[Optional[int]]", "Optional['int']", "'int | None'", "Optional[int | None]"],
    "Union[int, str]": ["Union[int, str]", "int | str", "Union[int, str, int]", "Union[int, Union[str, int]]"],
    "Optional[Union[int, str]]": ["int | str | None", "Optional[Union[int, str]]", "Union[int, None, str]"],
    "Union[str, bool]": ["Literal['a', True]"],
    "Optional[str]": ["Literal['a', None]"],
    "str ": ["Literal['a', 'b']", "Annotated[str, 'a name']", "Final[str]"],
    "int ": ["Literal[-1, 2]"],
    "List[Optional[Dict[str, Tuple[float, ...]]]]": ["list[dict[str, tuple[float, ...]] | None]"],
}  # fmt: skip


@pytest.mark.parametrize(("current", "spelling"), [(k, s) for k, all in SPELLINGS.items() for s in all])
def test_spelling(current: str, spelling: str) -> None:
    assert str(parse_type(spelling)) == current.strip()


@pytest.mark.parametrize(
    "annotation",
    [
        "",
        "int int",
        "bytes",
        "complex",
        "Callable",
        "Callable[[int], int]",
        "T",
        "np.ndarray",
        "List[int, str]",
        "Dict[int]",
        "Optional",
        "Union",
        "Optional[int, str]",
        "Literal",
        "Literal[()]",
        "Literal[b'x']",
        "Literal[Color.RED]",
        "List[MyClass]",
        "int or str",
        "1",
        "lambda: 0",
        "[int]",
        "Type[int]",
        "\0",
        "...",
    ],
)
def test_outside_the_algebra(annotation: str) -> None:
    with pytest.raises(Refused):
        parse_type(annotation)


@pytest.mark.parametrize("annotation", ["List[" * 3000 + "int" + "]" * 3000, "int | " * 5000 + "str", "x" * 10_000])
def test_hostile_annotation_is_refused_briefly(annotation: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_type(annotation)
    assert len(str(refused.value)) < 11_000


@given(types(max_depth=3))
def test_written_type_reads_back(type: Type) -> None:
    assert parse_type(str(type)) == type
    assert parse_type(repr(str(type))) == type


@pytest.mark.parametrize(
    ("value", "type"),
    [
        (1, "int"),
        (True, "bool"),
        (1.0, "float"),
        ("", "str"),
        (None, "None"),
        ([], "List[Any]"),
        ((), "Tuple[()]"),
        ({}, "Dict[Any, Any]"),
        (set(), "Set[Any]"),
        (frozenset({1}), "Set[int]"),
        ([1, 2.5], "List[float]"),
        ([1, None], "List[Optional[int]]"),
        ([None, None], "List[None]"),
        ([[], [1]], "List[List[int]]"),
        ([True, 1], "List[Union[bool, int]]"),
        ([1, "a", None], "List[Optional[Union[int, str]]]"),
        ([(1, "a"), (2, "b")], "List[Tuple[int, str]]"),
        ([(1,), (1, 2)], "List[Tuple[int, ...]]"),
        ({"a": 1, "b": None}, "Dict[str, Optional[int]]"),
        ({None: 1, "a": 2}, "Dict[Optional[str], int]"),
        ([{"a": []}, {"a": [1.5]}], "List[Dict[str, List[float]]]"),
        ([[1], ["a"]], "List[List[Union[int, str]]]"),
    ],
)
def test_inference(value: Any, type: str) -> None:
    assert str(infer_type(value)) == type


@pytest.mark.parametrize("value", [b"x", 1j, object(), range(3), [b"x"], {"a": {1j}}, ..., len])
def test_inference_refuses(value: Any) -> None:
    with pytest.raises(Refused, match="has no counterpart"):
        infer_type(value)


EXACT = Leaves(ints=st.integers(-(2**53), 2**53))
"""Ints that are floats too, so that a join of ints and floats holds them."""


def canonical(type: Type) -> Type:
    """The type with unions in one order."""
    args = tuple(map(canonical, type.args))
    return Type(type.kind, tuple(sorted(args, key=str)) if type.kind == "union" else args, type.variadic)


@settings(max_examples=100)
@given(typed_values(max_depth=3, leaves=EXACT))
def test_inferred_type_elaborates(typed: tuple[Type, Any]) -> None:
    elaborate(typed[1], infer_type(typed[1]))


@settings(max_examples=100)
@given(st.lists(typed_values(leaves=EXACT).map(lambda typed: typed[1]), min_size=3, max_size=3))
def test_join(values: list[Any]) -> None:
    inferred = list(map(infer_type, values))
    joins = {canonical(reduce(join, order)) for order in permutations(inferred)}
    assert len(joins) == 1, "neither the order nor the grouping of values may matter"
    for type, value in zip(inferred, values, strict=True):
        assert canonical(join(reduce(join, inferred), type)) in joins, "an upper bound absorbs"
        elaborate(value, reduce(join, inferred))


@given(typed_values())
def test_join_with_itself_and_nothing(typed: tuple[Type, Any]) -> None:
    type = infer_type(typed[1])
    assert join(type, type) == join(type, ANY) == join(ANY, type) == type
    assert join(type, NONE) == join(NONE, type) == union([type, NONE])


@pytest.mark.parametrize(
    ("declared", "seen", "refined"),
    [
        ("list", [1], "List[int]"),
        ("dict", {"a": [1]}, "Dict[str, List[int]]"),
        ("List[float]", [1], "List[float]"),
        ("Optional[list]", None, "Optional[List[Any]]"),
        ("Optional[list]", [1], "Optional[List[int]]"),
        ("tuple", (1, 2), "Tuple[int, ...]"),
        ("tuple", (1, "a"), "Tuple[Union[int, str], ...]"),
        ("Union[list, str]", [1], "Union[List[int], str]"),
        ("Union[str, dict, list]", {1: "a"}, "Union[str, Dict[int, str], List[Any]]"),
        ("int", "a", "int"),
        ("Any", [1], "List[int]"),
        ("list", [], "List[Any]"),
        ("Dict[str, Any]", {"a": 1, "b": "x"}, "Dict[str, Union[int, str]]"),
        ("Tuple[int, list]", (1, ["a"]), "Tuple[int, List[str]]"),
        ("Tuple[int, list]", (1, [], 2), "Tuple[int, List[Any]]"),
    ],
)
def test_refinement(declared: str, seen: Any, refined: str) -> None:
    assert str(refine(parse_type(declared), infer_type(seen))) == refined


def test_refinement_by_values_of_which_some_do_not_fit() -> None:
    seen = join(infer_type([1]), NONE)
    assert str(refine(parse_type("list"), seen)) == "List[int]"
    assert str(refine(parse_type("Optional[list]"), seen)) == "Optional[List[int]]"


@given(types(max_depth=3), typed_values())
def test_refinement_keeps_what_is_declared(declared: Type, typed: tuple[Type, Any]) -> None:
    assert refine(declared, ANY) == declared
    if not declared.mentions("any"):
        assert canonical(refine(declared, infer_type(typed[1]))) == canonical(declared)


def test_admits_and_mentions() -> None:
    type = parse_type("Optional[Union[int, List[bool]]]")
    assert type.admits("none")
    assert type.admits("int")
    assert not type.admits("bool")
    assert type.mentions("bool")
    assert not type.mentions("float", "str")
    assert ANY.admits("bool")
    assert not parse_type("List[None]").admits("none")

"""Hypothesis strategies for types, values at a type, and values changed in one place.

>>> from hypothesis import given
>>> @given(typed_values(kinds=("int", "str", "list")))  # doctest: +SKIP
... def test_identity(typed):
...     type, value = typed
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Any, get_args

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from multiplt.equality import Equality
from multiplt.errors import Refused
from multiplt.execute.records import Items, Pairs
from multiplt.types import ANY, NONE, Kind, Type, infer_type, union
from multiplt.values import elaborate, plain

KINDS: tuple[Kind, ...] = get_args(Kind)
SCALARS: tuple[Kind, ...] = ("int", "float", "bool", "str", "none")
NO_KEY: tuple[Kind, ...] = ("list", "dict", "set", "any")
SIZE = 4
"""Items of a container, at most."""

AWKWARD = "\"'\\`$%#{}@&;|()[]<>~^*/\0\a\b\t\n\v\f\r\x1b\x7f\x85\xa0é\u2028\ufeff\U0001f600\U0010ffff"
"""Characters that some language's strings must escape."""

TEXT = st.text(st.sampled_from(AWKWARD) | st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ["#{x}", "${x}", "$x", "%d %s", "\\n", "\\", '"', "'", '"""', "]]", "--", "(*", "*)", "|#", "/*", "\r\n"]
)
INTS = st.integers(-10, 10) | st.sampled_from(
    [sign * (2**bits + by) for sign in (-1, 1) for bits in (31, 53, 62, 63, 100) for by in (-1, 0, 1)]
)
FLOATS = st.sampled_from(
    [0.0, -0.0, 0.1, -2.5, 1e-7, 1e15, 1e16, 1e22, 1.7976931348623157e308, 5e-324, *map(float, ("inf", "-inf", "nan"))]
) | st.floats(-1e6, 1e6)


@dataclass(frozen=True)
class Leaves:
    """What the scalars inside values are drawn from; a language that lacks some gets narrower ones.

    >>> Leaves(text=st.text("abc"), ints=st.integers(-(2**62), 2**62 - 1))  # doctest: +SKIP
    """

    text: SearchStrategy[str] = TEXT
    ints: SearchStrategy[int] = INTS
    floats: SearchStrategy[float] = FLOATS


LEAVES = Leaves()


def types(kinds: Collection[Kind] = KINDS, max_depth: int = 2, *, hashable: bool = False) -> SearchStrategy[Type]:
    """Types made of `kinds`, with containers, optionals and unions nested at most `max_depth` deep.

    `hashable` keeps to what can be a key or an item of a set.
    """
    usable = [kind for kind in kinds if not (hashable and kind in NO_KEY)]
    scalars = [st.just(Type(kind)) for kind in usable if kind in SCALARS] or [st.just(Type("int"))]
    open_ended = [st.just(ANY)] if "any" in usable else []
    if max_depth == 0:
        return st.one_of(scalars + open_ended)
    inner = types(kinds, max_depth - 1, hashable=hashable)
    keys = types(kinds, max_depth - 1, hashable=True)
    made: dict[str, SearchStrategy[Type]] = {
        "list": inner.map(lambda item: Type("list", (item,))),
        "set": keys.map(lambda item: Type("set", (item,))),
        "dict": st.tuples(keys, inner).map(lambda args: Type("dict", args)),
        "tuple": st.lists(inner, max_size=3).map(lambda args: Type("tuple", tuple(args)))
        | inner.map(lambda item: Type("tuple", (item,), variadic=True)),
        "optional": inner.map(lambda item: union([item, NONE])),
        "union": st.lists(inner, min_size=2, max_size=3).map(union),
    }
    return st.one_of(scalars + open_ended + [made[kind] for kind in usable if kind in made])


def values(type: Type, leaves: Leaves = LEAVES, *, key: bool = False) -> SearchStrategy[Any]:
    """Python values of `type`; `key` where they are to be keys or items of a set.

    An int never stands for a float, and a value where the type is open (Any) is a scalar or a list of
    one kind of scalars.
    """
    inner = [values(arg, leaves, key=key or type.kind == "set") for arg in type.args]
    match type.kind:
        case "none":
            return st.none()
        case "bool":
            return st.booleans()
        case "int":
            return leaves.ints
        case "float":
            return st.integers(-40, 40).map(lambda quarters: quarters / 4) if key else leaves.floats
        case "str":
            return leaves.text
        case "list":
            return st.lists(inner[0], max_size=SIZE)
        case "tuple":
            return st.lists(inner[0], max_size=SIZE).map(tuple) if type.variadic else st.tuples(*inner)
        case "set":
            return st.sets(inner[0], max_size=SIZE)
        case "dict":
            return st.dictionaries(values(type.args[0], leaves, key=True), inner[1], max_size=SIZE)
        case "optional":
            return st.none() | inner[0]
        case "union":
            return st.one_of(inner)
    scalars = [values(Type(kind), leaves, key=key) for kind in SCALARS]
    return st.one_of(*scalars, *(st.lists(scalar, max_size=SIZE) for scalar in scalars))


def typed_values(
    kinds: Collection[Kind] = KINDS, max_depth: int = 2, leaves: Leaves = LEAVES
) -> SearchStrategy[tuple[Type, Any]]:
    """A type made of `kinds` and a Python value of it.

    >>> typed_values(kinds=("int", "list", "optional"), max_depth=3)  # doctest: +SKIP
    """
    pairs = types(kinds, max_depth).flatmap(lambda type: st.tuples(st.just(type), values(type, leaves)))
    return pairs.filter(lambda pair: _fits(pair[1], pair[0]))


def changed(value: Any, type: Type, leaves: Leaves = LEAVES) -> SearchStrategy[Any]:
    """`value` changed in one place: still of `type`, and unequal to `value` both in Python and by the core.

    Where `can_change(value, type)` is false there is none, and the strategy draws nothing.
    """
    return _changes(value, type, leaves).filter(lambda new: _fits(new, type) and not _same(value, new, type))


def can_change(value: Any, type: Type) -> bool:
    """Whether another value of `type` differs from `value`: not so at None, `Tuple[()]` and their like."""
    return not _changes(value, type, LEAVES).is_empty


def _changes(value: Any, type: Type, leaves: Leaves) -> SearchStrategy[Any]:
    match type.kind:
        case "none":
            return st.nothing()
        case "bool":
            return st.just(not value)
        case "int":
            return st.just(value + 1 if value < 0 else value - 1) | leaves.ints
        case "float":
            return st.just(0.5 if abs(value) > 1 else value + 2 if abs(value) <= 1 else 1.0)
        case "str":
            return st.sampled_from([value + "a", "a" + value, value[1:], value[:-1]])
        case "list":
            return _changed_items(value, type.args[0], leaves)
        case "tuple" if type.variadic:
            return _changed_items(list(value), type.args[0], leaves).map(tuple)
        case "tuple":
            return st.one_of(
                [
                    _changes(value[i], arg, leaves).map(partial(_with_item, list(value), i)).map(tuple)
                    for i, arg in enumerate(type.args)
                ]
            )
        case "set":
            added = values(type.args[0], leaves, key=True).map(lambda item: {*value, item})
            return st.one_of(added, *(st.just(value - {item}) for item in value))
        case "dict":
            return _changed_entries(value, type, leaves)
        case "optional" if value is None:
            return values(type.args[0], leaves)
        case "optional":
            return st.none() | _changes(value, type.args[0], leaves)
        case "union":
            return values(type, leaves)
    return _changes(value, infer_type(value), leaves) | values(ANY, leaves)


def _changed_items(items: list[Any], type: Type, leaves: Leaves) -> SearchStrategy[Any]:
    """One item more, one less, one changed, or all the other way round."""
    made = [values(type, leaves).map(lambda new: [*items, new]), st.just(items[::-1])]
    for i, item in enumerate(items):
        made.append(st.just(items[:i] + items[i + 1 :]))
        made.append(_changes(item, type, leaves).map(partial(_with_item, items, i)))
    return st.one_of(made)


def _changed_entries(entries: dict[Any, Any], type: Type, leaves: Leaves) -> SearchStrategy[Any]:
    """One entry more, one less, or one value changed."""
    key, item = type.args
    entry = st.tuples(values(key, leaves, key=True), values(item, leaves))
    made = [entry.map(lambda pair: {**entries, pair[0]: pair[1]})]
    for name, old in entries.items():
        made.append(st.just({k: v for k, v in entries.items() if k is not name}))
        made.append(_changes(old, item, leaves).map(partial(_with_entry, entries, name)))
    return st.one_of(made)


def _with_item(items: list[Any], position: int, new: Any) -> list[Any]:
    return [*items[:position], new, *items[position + 1 :]]


def _with_entry(entries: dict[Any, Any], key: Any, new: Any) -> dict[Any, Any]:
    return {**entries, key: new}


def _fits(value: Any, type: Type) -> bool:
    try:
        elaborate(value, type)
    except Refused:
        return False
    return True


def _same(old: Any, new: Any, type: Type) -> bool:
    actual = decoded(plain(elaborate(new, type)))
    return bool(old == new) or Equality()(elaborate(old, type), actual)


def decoded(value: Any) -> Any:
    """A Python value as it is once it has gone through the record channel: sets and dictionaries without order."""
    match value:
        case list():
            return list(map(decoded, value))
        case tuple():
            return tuple(map(decoded, value))
        case set() | frozenset():
            return Items(tuple(map(decoded, value)))
        case dict():
            return Pairs(tuple((decoded(key), decoded(item)) for key, item in value.items()))
    return value

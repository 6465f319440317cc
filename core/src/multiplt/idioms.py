"""What a language cannot tell apart, so that the type decides, and the values that it must refuse for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from multiplt.errors import Refused
from multiplt.types import Kind, Type
from multiplt.values import Value

SCALARS: tuple[Kind, ...] = ("int", "float", "bool", "str")
CONTAINERS: tuple[Kind, ...] = ("list", "tuple", "set", "dict")


@dataclass(frozen=True)
class Idioms:
    """What is one value in a language and several in Python.

    `false_is_none`: its None is its false. `none_is_empty`: its None is its empty container.
    `tuples_are_lists`, `sets_are_lists`: it has lists alone for these. `dicts_are_lists`: a list is its
    dictionary with the keys 1 to n, and the empty one is either. `sets_are_keys`: its set is a
    dictionary from each item to true. `names_are_keys`: the items of a list may have names; a dictionary
    is such a list, its keys as text, and a list stays one with names. `scalars_are_lists`: a scalar is a
    list of one item. `one_number_type`: it may answer 3.0 for the int 3, below 2^53.
    """

    false_is_none: bool = False
    none_is_empty: bool = False
    tuples_are_lists: bool = False
    sets_are_lists: bool = False
    dicts_are_lists: bool = False
    sets_are_keys: bool = False
    names_are_keys: bool = False
    scalars_are_lists: bool = False
    one_number_type: bool = False


NO_IDIOMS = Idioms()
"""A language that tells apart what Python does."""


def refuse_ambiguous(value: Value, idioms: Idioms, title: str) -> None:
    """Refuse a value where its type admits another that is the same in the language called `title`.

    >>> refuse_ambiguous(elaborate(None, parse_type("Optional[bool]")), Idioms(false_is_none=True), "Toy")
    Traceback (most recent call last):
    multiplt.errors.Refused: None and False are one value in Toy, and Optional[bool] admits both

    Raises `Refused`.
    """
    type = value.type
    if type.kind not in ("optional", "union", "any"):
        return
    held = value
    while held.content is not None and held.type.kind in ("optional", "union", "any"):
        held = held.content
    kind: Kind = "none" if held.content is None else held.type.kind
    items = len(held.content) if kind in CONTAINERS else int(kind in SCALARS)
    for other, names in _same_as(kind, held, idioms, is_open=type.kind == "any"):
        if _admits(type, other, items):
            raise Refused(f"{names} are one value in {title}, and {type} admits both")


def _same_as(kind: Kind, held: Value, idioms: Idioms, is_open: bool) -> Iterator[tuple[Kind, str]]:
    """The kinds that have a value which is the same as the one held, each with the pair in words.

    Where the type is open, the value's own kind decides, except at None.
    """
    empty = kind == "none" or (kind in CONTAINERS and not held.content)
    if idioms.false_is_none and (kind == "none" or (kind == "bool" and not held.content)):
        yield ("bool" if kind == "none" else "none"), "None and False"
    if idioms.none_is_empty and empty:
        others: tuple[Kind, ...] = CONTAINERS if kind == "none" else ("none",)
        yield from ((other, f"None and an empty {_noun(other if kind == 'none' else kind)}") for other in others)
    if is_open:
        return
    tuples, dicts = idioms.tuples_are_lists, idioms.dicts_are_lists or (idioms.names_are_keys and empty)
    sets = idioms.sets_are_lists or (idioms.sets_are_keys and dicts)
    merged = [("list", "tuple", tuples), ("list", "set", sets), ("tuple", "set", tuples and sets),
              ("list", "dict", dicts), ("tuple", "dict", tuples and dicts),
              ("set", "dict", idioms.sets_are_keys or (sets and dicts))]  # fmt: skip
    for one, two, same in merged:
        if same and kind in (one, two):
            yield (two if kind == one else one), f"a {_noun(one)} and a {_noun(two)}"  # type: ignore[misc]
    if idioms.scalars_are_lists and kind in SCALARS:
        yield from ((other, "a value and a list of it") for other in ("list", "tuple", "set"))
    if idioms.scalars_are_lists and kind in ("list", "tuple", "set") and len(held.content) == 1:
        yield from ((other, "a value and a list of it") for other in SCALARS)


def _admits(type: Type, kind: Kind, items: int) -> bool:
    """Whether a value of `kind` can stand at `type`; if a tuple, one of so many items."""
    if type.kind in ("optional", "union"):
        return (type.kind == "optional" and kind == "none") or any(_admits(arg, kind, items) for arg in type.args)
    if kind == type.kind == "tuple" and not type.variadic:
        return len(type.args) == items
    return type.admits(kind)


def _noun(kind: str) -> str:
    return "dictionary" if kind == "dict" else kind

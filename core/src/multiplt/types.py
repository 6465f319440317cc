"""The type algebra: the Python types that cross languages, as one small closed set.

A `Type` is read from an annotation (`parse_type`), inferred from values (`infer_type`), joined
(`join`), refined where it was left open (`refine`), and written back as a current Python annotation
(`str(type)`).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal

from multiplt.errors import Refused

Kind = Literal[
    "int", "float", "bool", "str", "none", "any", "list", "tuple", "dict", "set", "optional", "union"
]

NAMES = {"list": "List", "tuple": "Tuple", "dict": "Dict", "set": "Set", "optional": "Optional", "union": "Union"}


@dataclass(frozen=True)
class Type:
    """A type: its kind and its parameters.

    `args` holds the element type of a list, set or optional; key and value types of a dict; the
    member types of a union; the element types of a tuple, or one element type with `variadic`.

    >>> str(Type("dict", (STR, Type("list", (INT,)))))
    'Dict[str, List[int]]'
    """

    kind: Kind
    args: tuple[Type, ...] = ()
    variadic: bool = False

    def __str__(self) -> str:
        if self.kind == "none":
            return "None"
        if self.kind == "any":
            return "Any"
        if self.kind == "tuple" and not self.args:
            return "Tuple[()]"
        if not self.args:
            return self.kind
        args = [str(arg) for arg in self.args] + (["..."] if self.variadic else [])
        return f"{NAMES[self.kind]}[{', '.join(args)}]"

    def admits(self, kind: Kind) -> bool:
        """Whether a value of `kind` can stand here: directly, under an optional, or in a union."""
        if self.kind in ("optional", "union"):
            return (self.kind == "optional" and kind == "none") or any(arg.admits(kind) for arg in self.args)
        return self.kind in (kind, "any")

    def mentions(self, *kinds: Kind) -> bool:
        """Whether one of `kinds` occurs anywhere in this type."""
        return self.kind in kinds or any(arg.mentions(*kinds) for arg in self.args)


INT, FLOAT, BOOL, STR = Type("int"), Type("float"), Type("bool"), Type("str")
NONE, ANY = Type("none"), Type("any")

SCALARS = {"int": INT, "float": FLOAT, "bool": BOOL, "str": STR, "Text": STR, "None": NONE, "Any": ANY, "object": ANY}
CONTAINERS: dict[str, Kind] = {
    "list": "list", "List": "list", "Sequence": "list", "Iterable": "list", "Collection": "list",
    "MutableSequence": "list",
    "tuple": "tuple", "Tuple": "tuple",
    "dict": "dict", "Dict": "dict", "Mapping": "dict", "MutableMapping": "dict", "DefaultDict": "dict",
    "OrderedDict": "dict", "Counter": "dict",
    "set": "set", "Set": "set", "frozenset": "set", "FrozenSet": "set", "AbstractSet": "set", "MutableSet": "set",
}  # fmt: skip


def parse_type(annotation: str | ast.expr) -> Type:
    """Read a Python annotation in old or new spelling, quoted or not.

    >>> str(parse_type("'dict[str, int | None]'"))
    'Dict[str, Optional[int]]'

    Raises `Refused` where the annotation names something outside the algebra.
    """
    if isinstance(annotation, str):
        try:
            return parse_type(ast.parse(annotation.strip(), mode="eval").body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise Refused(f"the annotation {annotation[:200]!r} is not Python") from None
    match annotation:
        case ast.Constant(value=None):
            return NONE
        case ast.Constant(value=str(text)):
            return parse_type(text)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return union([parse_type(left), parse_type(right)])
        case ast.Name() | ast.Attribute():
            return _parse_bare(_last_name(annotation))
        case ast.Subscript(value=ast.Name() | ast.Attribute() as base, slice=slice):
            return _parse_generic(_last_name(base), slice.elts if isinstance(slice, ast.Tuple) else [slice])
    raise Refused(f"the annotation {ast.unparse(annotation)} has no counterpart in other languages")


def _last_name(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr


def _parse_bare(name: str) -> Type:
    if name in SCALARS:
        return SCALARS[name]
    match CONTAINERS.get(name):
        case "dict":
            return Type("dict", (ANY, ANY))
        case "tuple":
            return Type("tuple", (ANY,), variadic=True)
        case None:
            raise Refused(f"the annotation {name} has no counterpart in other languages")
        case kind:
            return Type(kind, (ANY,))


def _parse_generic(name: str, args: list[ast.expr]) -> Type:
    match name, args:
        case "Optional", [arg]:
            return union([parse_type(arg), NONE])
        case "Union", _:
            return union([parse_type(arg) for arg in args])
        case "Annotated", [arg, *_]:
            return parse_type(arg)
        case "Final", [arg]:
            return parse_type(arg)
        case "Literal", [_, *_]:
            return reduce(join, map(_type_of_literal, args))
        case "Counter", [key]:
            return Type("dict", (parse_type(key), INT))
    match CONTAINERS.get(name), args:
        case "tuple", [arg, ast.Constant(value=value)] if value is ...:
            return Type("tuple", (parse_type(arg),), variadic=True)
        case "tuple", _:
            return Type("tuple", tuple(parse_type(arg) for arg in args))
        case "dict", [key, value]:
            return Type("dict", (parse_type(key), parse_type(value)))
        case ("list" | "set") as kind, [arg]:
            return Type(kind, (parse_type(arg),))
    written = f"{name}[{', '.join(map(ast.unparse, args))}]"
    raise Refused(f"the annotation {written} has no counterpart in other languages")


def _type_of_literal(node: ast.expr) -> Type:
    try:
        return infer_type(ast.literal_eval(node))
    except ValueError:
        raise Refused(f"the annotation Literal[{ast.unparse(node)}] has no counterpart in other languages") from None


def union(members: Iterable[Type]) -> Type:
    """The union of `members`: flattened, without repetition, with None turned into an optional.

    >>> str(union([INT, NONE])), str(union([INT, STR, INT])), str(union([INT, ANY]))
    ('Optional[int]', 'Union[int, str]', 'Any')
    """
    distinct = list(dict.fromkeys(part for member in members for part in _members(member)))
    if ANY in distinct:
        return ANY
    present = [member for member in distinct if member != NONE]
    if not present:
        return NONE
    inner = present[0] if len(present) == 1 else Type("union", tuple(present))
    return Type("optional", (inner,)) if NONE in distinct else inner


def _members(type: Type) -> list[Type]:
    """The alternatives that a type consists of; None is one of an optional's."""
    if type.kind in ("optional", "union"):
        none = [NONE] if type.kind == "optional" else []
        return [*none, *(member for arg in type.args for member in _members(arg))]
    return [type]


def join(left: Type, right: Type) -> Type:
    """The narrowest type of the algebra that holds the values of both.

    An int beside a float is a float (PEP 484's numeric tower), Any yields to what is known, tuples of
    different lengths become variadic, anything else becomes a union.
    """
    if left == right or right == ANY:
        return left
    if left == ANY:
        return right
    if {left.kind, right.kind} == {"int", "float"}:
        return FLOAT
    if "optional" in (left.kind, right.kind) or "union" in (left.kind, right.kind) or NONE in (left, right):
        return _join_members(left, right)
    if left.kind == right.kind == "tuple":
        return _join_tuples(left, right)
    if left.kind == right.kind:
        return Type(left.kind, tuple(map(join, left.args, right.args)))
    return union([left, right])


def _join_members(left: Type, right: Type) -> Type:
    joined = [member for member in _members(left) if member != NONE]
    for member in (member for member in _members(right) if member != NONE):
        for position, known in enumerate(joined):
            merged = join(known, member)
            if merged.kind != "union":
                joined[position] = merged
                break
        else:
            joined.append(member)
    return union([*joined, *([NONE] if left.admits("none") or right.admits("none") else [])])


def _join_tuples(left: Type, right: Type) -> Type:
    if not left.variadic and not right.variadic and len(left.args) == len(right.args):
        return Type("tuple", tuple(map(join, left.args, right.args)))
    return Type("tuple", (reduce(join, left.args + right.args, ANY),), variadic=True)


def infer_type(value: Any) -> Type:
    """The type of one Python value; an empty container leaves its elements open (Any).

    >>> str(infer_type({"a": [1, 2.5]})), str(infer_type([1, None]))
    ('Dict[str, List[float]]', 'List[Optional[int]]')

    Raises `Refused` for a value outside the algebra.
    """
    match value:
        case None:
            return NONE
        case bool():
            return BOOL
        case int():
            return INT
        case float():
            return FLOAT
        case str():
            return STR
        case list():
            return Type("list", (_join_all(value),))
        case tuple():
            return Type("tuple", tuple(map(infer_type, value)))
        case dict():
            return Type("dict", (_join_all(value), _join_all(value.values())))
        case set() | frozenset():
            return Type("set", (_join_all(value),))
    raise Refused(f"a {type(value).__name__} has no counterpart in other languages")


def _join_all(values: Iterable[Any]) -> Type:
    return reduce(join, map(infer_type, values), ANY)


def refine(declared: Type, seen: Type) -> Type:
    """`declared` with every Any in it replaced by what was `seen` there.

    >>> str(refine(parse_type("Dict[str, list]"), infer_type({"a": [1]})))
    'Dict[str, List[int]]'
    """
    if declared.kind == "any":
        return seen
    if declared.kind in ("optional", "union"):
        return union([refine(member, seen) for member in _members(declared)])
    seen = next((member for member in _members(seen) if member.kind == declared.kind), ANY)
    if declared.variadic:
        return Type("tuple", (refine(declared.args[0], reduce(join, seen.args, ANY)),), variadic=True)
    if len(declared.args) != len(seen.args):
        return declared
    return Type(declared.kind, tuple(map(refine, declared.args, seen.args)))

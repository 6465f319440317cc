"""The OCaml code that follows from a type: its type expression, printer, equality and truth."""

from __future__ import annotations

from collections.abc import Sequence

from multiplt import Refused, Type

SCALARS = {"int": "int", "float": "float", "bool": "bool", "str": "string", "none": "unit"}

HELPERS = {
    "close": """\
 let close actual expected =
   actual = expected || (actual <> actual && expected <> expected)
   || abs_float (actual -. expected)
      <= min max_float (max 1e-9 (1e-6 *. max (abs_float actual) (abs_float expected))) in""",
    "within": """\
 let within tolerance actual expected =
   actual = expected || (actual <> actual && expected <> expected)
   || abs_float (actual -. expected) <= tolerance in""",
    "any_order": """\
 let any_order equal actual expected =
   let count item = List.fold_left (fun n other -> if equal other item then n + 1 else n) 0 in
   List.compare_lengths actual expected = 0
   && List.for_all (fun item -> count item actual = count item expected) expected in""",
}
"""What a suite compares with where `=` is not Python's equality, by the name that `equality` uses."""


def type_expression(type: Type, nested: bool = False) -> str:
    """The type as OCaml writes it; `nested` where a tuple needs parentheses.

    Raises `Refused` for unions and open types.
    """
    match type.kind:
        case "list" | "set":
            return f"{type_expression(type.args[0], nested=True)} list"
        case "dict":
            return f"({' * '.join(type_expression(arg, nested=True) for arg in type.args)}) list"
        case "optional":
            return f"{type_expression(type.args[0], nested=True)} option"
        case "tuple" if type.variadic:
            return f"{type_expression(type.args[0], nested=True)} list"
        case "tuple" if len(type.args) > 1:
            product = " * ".join(type_expression(arg, nested=True) for arg in type.args)
            return f"({product})" if nested else product
        case "tuple":
            return type_expression(type.args[0], nested) if type.args else "unit"
        case "union" | "any":
            raise Refused(f"OCaml has no type for {type}: every value there must have one and the same type")
    return SCALARS[type.kind]


def writer(type: Type) -> str:
    """A function of the harness that writes values of the type to the record channel."""
    parts = [writer(arg) for arg in type.args]
    match type.kind:
        case "list" | "set":
            return f"(Harness.{type.kind} {parts[0]})"
        case "dict":
            return f"(Harness.dict {parts[0]} {parts[1]})"
        case "optional":
            return f"(Harness.option {parts[0]})"
        case "tuple" if type.variadic:
            return f"(Harness.variadic {parts[0]})"
        case "tuple":
            fields = _names("x", parts)
            steps = [f"Harness.tuple {len(parts)}", *(f"{part} {x}" for part, x in zip(parts, fields, strict=True))]
            return f"(fun ({', '.join(fields)}) -> {'; '.join(steps)})"
    return f"Harness.{SCALARS[type.kind]}"


def equality(type: Type, tolerance: float | None = None) -> str:
    """A function that compares a result with what is expected as `multiplt.equality` does.

    It is `( = )` where that is exactly right, else made of `HELPERS`.
    """
    if not type.mentions("float", "dict", "set"):
        return "( = )"
    parts = [equality(arg, tolerance) for arg in type.args]
    match type.kind:
        case "float":
            return "close" if tolerance is None else f"(within {tolerance!r})"
        case "optional":
            return f"(Option.equal {parts[0]})"
        case "set":
            return f"(any_order {parts[0]})"
        case "dict":
            return f"(any_order {_fieldwise(parts)})"
        case "tuple" if not type.variadic:
            return _fieldwise(parts)
    return f"(List.equal {parts[0]})"


def truthy(type: Type, value: str) -> str:
    """An expression that is true where `value`, of the type, is true in Python's sense."""
    match type.kind:
        case "bool":
            return value
        case "int":
            return f"{value} <> 0"
        case "float":
            return f"{value} <> 0."
        case "str":
            return f'{value} <> ""'
        case "none":
            return f"{value} <> ()"
        case "optional":
            return f"match {value} with Some item -> {truthy(type.args[0], 'item')} | None -> false"
        case "tuple" if not type.variadic:
            return f"ignore {value}; {'true' if type.args else 'false'}"
    return f"{value} <> []"


def _fieldwise(parts: Sequence[str]) -> str:
    """The equality of tuples whose fields are compared by `parts`."""
    left, right = _names("a", parts), _names("b", parts)
    same = (
        f"{a} = {b}" if part == "( = )" else f"{part} {a} {b}" for part, a, b in zip(parts, left, right, strict=True)
    )
    return f"(fun ({', '.join(left)}) ({', '.join(right)}) -> {' && '.join(same)})"


def _names(letter: str, parts: Sequence[str]) -> list[str]:
    return [f"{letter}{position}" for position in range(1, len(parts) + 1)]

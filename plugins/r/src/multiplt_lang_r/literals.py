"""Pieces of R's literals: characters of strings, kinds of vectors, names."""

from __future__ import annotations

import math
import re

from multiplt import Refused, Value

ESCAPES = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def string(value: str) -> str:
    """A string literal in ASCII, whatever the locale; in single quotes, as Python has it, where that is possible.

    Raises `Refused` for the one character that a string cannot hold.
    """
    if "\0" in value:
        raise Refused("a string in R cannot hold the character NUL")
    quote = '"' if "'" in value and '"' not in value else "'"
    return quote + "".join(_character(character, quote) for character in value) + quote


def _character(character: str, quote: str) -> str:
    if character == quote:
        return f"\\{quote}"
    return ESCAPES.get(character, character if " " <= character <= "~" else f"\\U{ord(character):08x}")


def vector_kind(item: str) -> str | None:
    """The kind of vector that holds a rendered item as one of its own; None where none does."""
    if item[0] in "'\"":
        return "character"
    if item in ("TRUE", "FALSE"):
        return "logical"
    return "numeric" if re.match(r"-?(?:\d|Inf|NaN)", item) else None


def name(key: str) -> str:
    """A rendered key of a dictionary as a name, which in R is text: a number as `as.character` has it.

    Raises `Refused` for other keys.
    """
    match vector_kind(key):
        case "character":
            return key
        case "logical":
            return f"'{key}'"
        case "numeric" if re.search(r"[.e]", key):
            return f"'{float(key):.15g}'"
        case "numeric":
            return f"'{key}'"
    raise Refused("a name in R is text, so a dictionary has no other keys than strings, numbers and bools")


def depth(value: Value) -> int:
    """The levels of containers in a value."""
    match value.type.kind:
        case "list" | "tuple" | "set":
            return 1 + max(map(depth, value.content), default=0)
        case "dict":
            return 1 + max((depth(item) for _, item in value.content), default=0)
        case "optional" | "union" | "any" if value.content is not None:
            return depth(value.content)
    return 0


def number(value: float) -> str:
    """A float, infinities and NaN included."""
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else "Inf" if value > 0 else "-Inf"

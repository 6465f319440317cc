"""How Lua writes numbers and strings. No name of a library is used, which a program may have changed."""

from __future__ import annotations

import math

from multiplt.errors import Refused

NAN = "0/0"
ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def integer(value: int) -> str:
    """An int. Raises `Refused` where it has more than 64 bits."""
    if not -(2**63) <= value < 2**63:
        raise Refused(f"{value} is beyond Lua's integers of 64 bits")
    return str(value) if value > -(2**63) else f"{value + 1} - 1"  # 2^63, without its sign, would be a float


def number(value: float) -> str:
    """A float."""
    if math.isfinite(value):
        return repr(value)
    return NAN if math.isnan(value) else "1/0" if value > 0 else "-1/0"


def string(value: str) -> str:
    """A string, in the quotation marks that Python would take."""
    quote = '"' if "'" in value and '"' not in value else "'"
    return quote + "".join(f"\\{c}" if c == quote else _character(c) for c in value) + quote


def _character(character: str) -> str:
    """One character inside a string literal that is not its delimiter."""
    if character in ESCAPES or character.isprintable():
        return ESCAPES.get(character, character)
    return f"\\{ord(character):03}" if character < "\x80" else f"\\u{{{ord(character):X}}}"

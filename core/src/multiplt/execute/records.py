"""The record channel: what a harness writes, and how the core reads it.

The channel is a stream of frames, `<length in bytes>:<payload>`. The payloads:

| payload | means |
|---|---|
| `v<case> <value>` | the case returned this value |
| `e<case> <message>` | the case raised |
| `x<status> <message>` | the candidate could not be loaded: `SyntaxError`, `TypeError` or `Exception` |
| `z<nonce> <digest>` | the last record |

A value is written by its type, lengths in bytes and text in UTF-8:

| value | written |
|---|---|
| none, true, false | `N`, `T`, `F` |
| int, float | `i<digits>;`, `d<digits>;` (floats with 17 significant digits, or `inf`, `-inf`, `nan`) |
| str | `s<length>:<bytes>` |
| list, tuple, set | `l<count>:`, `t<count>:`, `z<count>:`, then the items |
| dict | `m<count>:`, then key and value of each entry |
| anything else | `?<length>:<its printed form>` |

The digest is a polynomial hash over every byte before the last frame, keyed by the nonce (a
Carter-Wegman hash, so that who does not know the nonce cannot add bytes unseen):
`digest = (digest * key + byte + 1) mod 2147483647`, from 0, where `key` is 2 plus the number that the
first five hexadecimal digits of the nonce spell. The products stay below 2^53, so any language can compute it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

MODULUS = 2147483647
DEPTH = 200  # levels of nesting
DIGITS = 4000  # of an int; `multiplt.values` refuses more, CPython cannot read many more
CONSTANTS = {b"N": None, b"T": True, b"F": False}


class BadRecord(ValueError):
    """The channel holds something that no harness writes."""


class _TooDeep(Exception):
    """A value is nested deeper than any that is expected."""


@dataclass(frozen=True)
class Items:
    """A set as it came: its items in any order, perhaps repeated."""

    items: tuple[Any, ...]


@dataclass(frozen=True)
class Pairs:
    """A dictionary as it came: its entries in any order, keys perhaps repeated or unhashable."""

    pairs: tuple[tuple[Any, Any], ...]


@dataclass(frozen=True)
class Unknown:
    """A value with no counterpart in Python, by its printed form."""

    text: str


@dataclass(frozen=True)
class CaseResult:
    """What one case came to: `returned` a decoded value, or `raised` with a message in `value`."""

    case: int
    kind: Literal["returned", "raised"]
    value: Any


@dataclass(frozen=True)
class Records:
    """All that a channel held.

    `load_error` is (status, message) where the candidate could not be loaded; `complete` says that the
    last record arrived with the right nonce and digest.
    """

    cases: tuple[CaseResult, ...]
    load_error: tuple[str, str] | None
    complete: bool


def digest(data: bytes, nonce: str) -> int:
    """The keyed polynomial hash of `data`; see the module's text."""
    key = 2 + int(nonce[:5], 16)
    value = 0
    for byte in data:
        value = (value * key + byte + 1) % MODULUS
    return value


def read_records(data: bytes, nonce: str) -> Records:
    """Decode a channel's bytes.

    Raises `BadRecord` where they are not what a harness writes: broken frames, values that do not
    decode, anything after the last record, a wrong nonce or digest. A stream that merely stops early
    gives `complete=False`.
    """
    cases: list[CaseResult] = []
    load_error = None
    for start, payload, end in _frames(data):
        kind, body = payload[:1], payload[1:]
        if kind == b"z":
            if body != f"{nonce} {digest(data[:start], nonce)}".encode() or end != len(data):
                raise BadRecord("the last record is not the harness's")
            return Records(tuple(cases), load_error, complete=True)
        head, _, rest = body.partition(b" ")
        if kind == b"x" and load_error is None and head in (b"SyntaxError", b"TypeError", b"Exception"):
            load_error = (head.decode(), rest.decode(errors="replace"))
        elif kind in (b"v", b"e") and head.isdigit() and len(head) < 10:
            value = decode(rest) if kind == b"v" else rest.decode(errors="replace")
            cases.append(CaseResult(int(head), "returned" if kind == b"v" else "raised", value))
        else:
            raise BadRecord(f"unknown record {payload[:40]!r}")
    return Records(tuple(cases), load_error, complete=False)


def _frames(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    position = 0
    while position < len(data):
        colon = data.find(b":", position, position + 20)
        length = data[position:colon]
        if colon < 0 and len(data) - position < 20 and data[position:].isdigit():
            return  # cut in the middle of a length
        if colon < 0 or not length.isdigit():
            raise BadRecord(f"not a frame: {data[position : position + 40]!r}")
        end = colon + 1 + int(length)
        if end > len(data):
            return
        yield position, data[colon + 1 : end], end
        position = end


def decode(data: bytes) -> Any:
    """Decode one value: plain Python for scalars, lists and tuples, else `Items`, `Pairs`, `Unknown`.

    What no expected value can equal is `Unknown` too: an int of more than 4,000 digits, a string that
    is no UTF-8, a value nested more than 200 deep.

    >>> decode(b"l2:i1;s2:ab")
    [1, 'ab']

    Raises `BadRecord`.
    """
    try:
        value, end = _decode(data, 0, DEPTH)
    except _TooDeep:
        return Unknown(f"a value nested more than {DEPTH} deep")
    except ValueError as error:
        raise BadRecord(f"not a value: {data[:40]!r}") from error
    if end != len(data):
        raise BadRecord(f"more than a value: {data[:40]!r}")
    return value


def _decode(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    tag = data[at : at + 1]
    if tag in CONSTANTS:
        return CONSTANTS[tag], at + 1
    end = data.index(b";" if tag in (b"i", b"d") else b":", at)
    text, at = data[at + 1 : end].decode("ascii"), end + 1
    if tag == b"i":
        return _int(text), at
    if tag == b"d":
        return float(text), at
    count = int(text) if len(text) < 20 and text.isdigit() else -1
    if not 0 <= count <= len(data) - at:
        raise BadRecord("a length beyond the record")
    if tag in (b"s", b"?"):
        return _text(tag, data[at : at + count]), at + count
    if not depth:
        raise _TooDeep
    items = []
    for _ in range(count * 2 if tag == b"m" else count):
        item, at = _decode(data, at, depth - 1)
        items.append(item)
    match tag:
        case b"l":
            return items, at
        case b"t":
            return tuple(items), at
        case b"z":
            return Items(tuple(items)), at
        case b"m":
            return Pairs(tuple(zip(items[::2], items[1::2], strict=True))), at
    raise BadRecord(f"unknown value tag {tag!r}")


def _int(text: str) -> int | Unknown:
    digits = text.removeprefix("-")
    if not digits.isdigit():
        raise BadRecord("not an int")
    return int(text) if len(digits) <= DIGITS else Unknown(f"an int of more than {DIGITS} digits")


def _text(tag: bytes, data: bytes) -> str | Unknown:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return Unknown(f"{data!r}, which is not UTF-8" if tag == b"s" else data.decode(errors="replace"))
    return text if tag == b"s" else Unknown(text)


def shown(value: Any) -> str:
    """A decoded value as Python would print it, for the account of a failure."""
    match value:
        case Unknown(text):
            return text
        case Items(items):
            return "{" + ", ".join(map(shown, items)) + "}" if items else "set()"
        case Pairs(pairs):
            return "{" + ", ".join(f"{shown(k)}: {shown(v)}" for k, v in pairs) + "}"
        case list():
            return f"[{', '.join(map(shown, value))}]"
        case tuple():
            return f"({', '.join(map(shown, value))}{',' if len(value) == 1 else ''})"
    return repr(value)

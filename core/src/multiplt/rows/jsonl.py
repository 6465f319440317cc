"""Rows as JSON: one object a line, or one document."""

from __future__ import annotations

import datetime
import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, BinaryIO

from multiplt.errors import MultipltError, Refused

Row = dict[str, Any]
"""One record of a dataset: its fields by name."""


def to_json(value: Any) -> str:
    """One line of JSON, readable where it can be and escaped where the text is no Unicode.

    >>> to_json({"a": "é"}), to_json({"a": chr(0xD800)})
    ('{"a": "é"}', '{"a": "\\\\ud800"}')

    Two surrogates that make a pair are read back as the one character that they spell.
    Raises `Refused` for a value that JSON has no form for.
    """
    text = json.dumps(value, ensure_ascii=False, default=_plain)
    return text if is_unicode(text) else json.dumps(value, default=_plain)


def is_unicode(text: str) -> bool:
    """Whether `text` can be written as UTF-8, that is, holds no lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _plain(value: Any) -> str:
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    raise Refused(f"a {type(value).__name__} has no form in JSON")


def write_lines(rows: Iterable[Row], file: BinaryIO) -> None:
    """Write `rows` to `file`, one JSON object a line."""
    for row in rows:
        file.write(to_json(row).encode() + b"\n")


def read_lines(lines: Iterable[bytes], source: str) -> Iterator[Row]:
    """The rows of JSONL; empty lines are passed over.

    Raises `MultipltError` with the line number for a line that is no JSON object.
    """
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _parse(line, f"line {number} of {source}", mend="mend or remove that line")


def read_document(lines: Iterator[bytes], source: str) -> Iterator[Row]:
    """The rows of a JSON document, an object or a list of objects over any number of lines, or else of JSONL."""
    first = next(lines, b"")
    if _is_object(first):
        yield from read_lines(chain((first,), lines), source)
        return
    rest = list(lines)
    try:
        document = json.loads(b"".join([first, *rest]).decode("utf-8-sig"))
    except (ValueError, RecursionError):
        yield from read_lines([first, *rest], source)
        return
    for number, row in enumerate(document if isinstance(document, list) else [document], 1):
        if not isinstance(row, dict):
            raise MultipltError(f"row {number} of {source} is not a JSON object; mend or remove it")
        yield row


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line.decode("utf-8-sig")), dict)
    except (ValueError, RecursionError):
        return False


def read_object(text: bytes, source: str) -> Row:
    """The one JSON object that `text` holds."""
    return _parse(text, source, mend="mend or remove it")


def _parse(text: bytes, what: str, mend: str) -> Row:
    try:
        row = json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise MultipltError(f"{what} is not JSON ({error}); {mend}") from error
    if not isinstance(row, dict):
        raise MultipltError(f"{what} is not a JSON object; {mend}")
    return row


def unzipped(file: BinaryIO, source: str) -> Iterator[bytes]:
    """The lines of `file`, decompressed.

    Raises `MultipltError` where the compressed data is damaged or ends early.
    """
    try:
        yield from gzip.GzipFile(fileobj=file)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise MultipltError(f"{source} is damaged or cut off ({error}); fetch or make it again") from error

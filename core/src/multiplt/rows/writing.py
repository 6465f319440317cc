"""Writing rows in the form that the name of the output says."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from multiplt.errors import Refused, UsageError
from multiplt.rows.atomic import cannot_write, replacing
from multiplt.rows.jsonl import Row, to_json, write_lines
from multiplt.rows.parquet import unrepresentable, write_parquet
from multiplt.rows.rejected import Rejected

SUFFIXES = (".jsonl", ".json", ".jsonl.gz", ".json.gz", ".parquet")


def is_stream(out: str) -> bool:
    """Whether `out` is standard output, a pipe or a device, written as rows come, and not a file."""
    return out == "-" or Path(out).is_fifo() or Path(out).is_char_device()


def output_writer(out: str | Path) -> Callable[[Iterable[Row], BinaryIO], object]:
    """The function that writes rows to a file named `out`.

    Raises `UsageError` where the name says no form; ask before work starts.
    """
    name = str(out)
    if name.endswith(".parquet"):
        return write_parquet
    if name.endswith((".jsonl.gz", ".json.gz")):
        return _write_zipped
    if name == "-" or name.endswith((".jsonl", ".json")) or (Path(out).exists() and not Path(out).is_file()):
        return write_lines
    raise UsageError(f"the name {name} says no form for the rows; end it in {', '.join(SUFFIXES[:-1])} or .parquet")


def _write_zipped(rows: Iterable[Row], file: BinaryIO) -> None:
    with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as zipped:  # the same rows, the same bytes
        for row in rows:
            zipped.write(to_json(row).encode() + b"\n")


def write_rows(rows: Iterable[Row], out: str | Path, rejected: Rejected | None = None) -> int:
    """Write `rows` to `out` as JSONL or Parquet, by its suffix, `-` being standard output; their number.

    The file is there whole or not at all. JSONL escapes text that is no Unicode; Parquet cannot hold
    it, so such a row goes to `rejected`, or `Refused` is raised where that is None.

    Raises `UsageError` where the name says no form, `MultipltError` where the file cannot be written.
    """
    write = output_writer(out)
    count = 0

    def counted() -> Iterator[Row]:
        nonlocal count
        for row in _representable(rows, rejected) if write is write_parquet else rows:
            count += 1
            yield row

    if str(out) == "-":
        try:
            write(counted(), sys.stdout.buffer)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise  # the reader has seen enough: no fault
        except OSError as error:
            raise cannot_write("standard output", error) from error
    else:
        with replacing(Path(out)) as file:
            write(counted(), file)
    return count


def _representable(rows: Iterable[Row], rejected: Rejected | None) -> Iterator[Row]:
    for row in rows:
        reason = unrepresentable(row)
        if reason is None:
            yield row
        elif rejected is None:
            raise Refused(f"{row.get('name') or row.get('id') or 'a row'}: {reason}; write JSONL instead of Parquet")
        else:
            rejected.add(row, "write", reason)

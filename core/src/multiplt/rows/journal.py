"""An output that is written row by row as long work gets done, and continued after a kill."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from multiplt.rows.atomic import cannot_write, replacing
from multiplt.rows.jsonl import Row, to_json, write_lines
from multiplt.rows.reading import read_rows
from multiplt.rows.rejected import Rejected
from multiplt.rows.writing import output_writer, write_rows

Work = Callable[[Iterator[Row]], Iterator[Row]]


class Journal:
    """The output `path` and, until it is whole, the journal `.NAME.partial` beside it.

    The journal holds, in the order of the input, what became of each row, rows that were set aside
    (they have a `reason`) included.
    """

    def __init__(self, path: Path) -> None:
        output_writer(path)
        self.path = path
        self.partial = path.with_name(f".{path.name}.partial")

    def complete(
        self, rows: Iterator[Row], work: Work, same: Callable[[Row, Row], bool], rejected: Rejected
    ) -> None:
        """Write what `work` makes of `rows`, one for each, without doing again what is there.

        `same(row, result)` says whether `result` is what became of `row`.

        Raises `MultipltError` where nothing more can be written; what is in the journal is then kept.
        """
        try:
            if self.path.exists() and not self.partial.exists():
                with replacing(self.partial) as copy:
                    write_lines(read_rows(self.path), copy)
            with self.partial.open("a+b") as journal:
                remaining = _skip_done(journal, rows, same)
                for row in work(remaining):
                    journal.write(to_json(row).encode() + b"\n")
                    journal.flush()
                os.fsync(journal.fileno())
        except OSError as error:
            raise cannot_write(self.partial, error) from error
        write_rows(self._kept(rejected), self.path, rejected)
        self.partial.unlink()

    def _kept(self, rejected: Rejected) -> Iterator[Row]:
        with self.partial.open("rb") as journal:
            for row in map(json.loads, journal):
                if "reason" in row:
                    rejected.add(row, row["stage"], row["reason"])
                else:
                    yield row


def _skip_done(journal: BinaryIO, rows: Iterator[Row], same: Callable[[Row, Row], bool]) -> Iterator[Row]:
    """The rows after those whose results the journal begins with; what comes behind these is cut off."""
    journal.seek(0)
    done, remaining = 0, rows
    for row in rows:
        line = journal.readline()
        if not line.endswith(b"\n") or not same(row, json.loads(line)):
            remaining = chain([row], rows)
            break
        done += len(line)
    journal.truncate(done)
    return remaining

"""An output that is written row by row as long work gets done, and continued after a kill."""

from __future__ import annotations

import json
import os
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from multiplt.errors import MultipltError, UsageError
from multiplt.rows.atomic import cannot_write, remove_leftovers, replacing
from multiplt.rows.jsonl import Row, to_json, write_lines
from multiplt.rows.reading import read_rows
from multiplt.rows.rejected import Rejected
from multiplt.rows.writing import output_writer, write_rows

Work = Callable[[Iterator[Row]], Iterator[Row]]
TO_DO = -1


class Journal:
    """The output `path` and, until it is whole, the journal `.NAME.partial` beside it.

    The journal holds what became of each row, in the order in which that was known. `identity` gives
    what a row and what became of it have in common, and `same(row, result)` says whether the one
    became the other. `is_result` tells a row of this output from a file that holds something else.

    Raises `UsageError` where `path` can be no such output.
    """

    def __init__(
        self,
        path: Path,
        identity: Callable[[Row], object],
        same: Callable[[Row, Row], bool],
        is_result: Callable[[Row], bool],
    ) -> None:
        output_writer(path)
        if path.is_dir():
            raise UsageError(f"{path} is a folder; name a file, such as {path / 'results.jsonl'}")
        self.path = path
        self.partial = path.with_name(f".{path.name}.partial")
        self._identity, self._same, self._is_result = identity, same, is_result

    def complete(self, rows: Iterator[Row], work: Work, rejected: Rejected) -> None:
        """Write what `work` makes of `rows`, one for each, in their order, without doing again what is there.

        Rows that were set aside (they have a `reason`) go to `rejected`, and are tried again next time.

        Raises `MultipltError` where nothing more can be written; what is in the journal is then kept.
        """
        self._begin()
        done = self._read()
        places: list[int] = []
        with self.partial.open("ab", buffering=0) as end, self.partial.open("rb") as journal:

            def remaining() -> Iterator[Row]:
                for row in rows:
                    places.append(self._find(journal, done, row))
                    if places[-1] == TO_DO:
                        yield row

            added = [self._append(end, row) for row in work(remaining())]
            write_rows(self._kept(journal, places, added, rejected), self.path, rejected)
        self.partial.unlink()

    def _begin(self) -> None:
        """Make the journal, of the output where that is there already."""
        remove_leftovers(self.partial.parent, self.partial.name)
        if self.partial.exists():
            return
        with replacing(self.partial) as copy:
            if self.path.exists() and self.path.stat().st_size:
                write_lines(map(self._checked, read_rows(self.path)), copy)

    def _checked(self, row: Row) -> Row:
        if not self._is_result(row):
            raise MultipltError(f"{self.path} exists and holds something else; remove it or choose another output")
        return row

    def _read(self) -> dict[int, deque[int]]:
        """Where the whole lines begin, by the identity of what they became of; a line cut off by a kill is removed."""
        done: dict[int, deque[int]] = defaultdict(deque)
        end = 0
        with self.partial.open("r+b") as journal:
            for line in journal:
                if not line.endswith(b"\n"):
                    break
                row = json.loads(line)
                if "reason" not in row:
                    done[hash(self._identity(row))].append(end)
                end += len(line)
            journal.truncate(end)
        return done

    def _find(self, journal: BinaryIO, done: dict[int, deque[int]], row: Row) -> int:
        places = done.get(hash(self._identity(row)), deque())
        for place in places:
            if self._same(row, _line_at(journal, place)):
                places.remove(place)
                return place
        return TO_DO

    def _append(self, end: FileIO, row: Row) -> int:
        place = end.seek(0, os.SEEK_END)
        data = to_json(row).encode() + b"\n"
        try:
            while data:
                data = data[end.write(data) :]
        except OSError as error:
            raise cannot_write(self.path, error) from error
        return place

    def _kept(self, journal: BinaryIO, places: list[int], added: list[int], rejected: Rejected) -> Iterator[Row]:
        latest = iter(added)
        for place in places:
            row = _line_at(journal, next(latest) if place == TO_DO else place)
            if "reason" in row:
                rejected.add(row, row["stage"], row["reason"])
            else:
                yield row


def _line_at(journal: BinaryIO, place: int) -> Row:
    journal.seek(place)
    row: Row = json.loads(journal.readline())
    return row

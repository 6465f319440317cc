"""Stage `dedup`: of translations that are too near to each other, one is kept.

As in the MultiPL-T paper, first within each problem and then across problems, where the paper compares random groups
of 200 and here every program is compared with all that are kept. Programs with a higher pass rate come first, then
those that came first in the input; languages are apart from each other.
"""

from __future__ import annotations

import tempfile
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO, NamedTuple

from multiplt.errors import MultipltError, Refused
from multiplt.plugins import BoundLanguage, installed
from multiplt.problems import Completion, Problem
from multiplt.rows import Row, set_aside
from multiplt.rows.jsonl import to_json
from multiplt.run.engine import StageContext, StageResult
from multiplt.run.shards import read_shards
from multiplt.translate.near_duplicates import THRESHOLD, Distinct
from multiplt.translate.rouge import Vocabulary

WITHIN = "it is nearly the same as another translation of its problem"
ACROSS = "it is nearly the same as a translation of another problem"

PLACE = "place in the input"
"""A field that tells rows apart where they have nothing else to do so; it is taken out again."""


@dataclass(frozen=True)
class Deduplicate:
    """Translations → those that are too near to none that is kept, in the whole of the input.

    Rows have `content`, `language` (else the `language` here), and what they translate in `original_id` or `name`.
    They are told apart by these and `completion`, or by `PLACE`. What is set aside has in `detail` its keeper,
    by `id` or else by name and completion, and the score.
    """

    threshold: float = THRESHOLD
    across_problems: bool = True
    language: str | None = None
    name: str = "dedup"
    whole: bool = True

    def settings(self) -> Mapping[str, Any]:
        """What decides the rows."""
        return {"threshold": self.threshold, "across_problems": self.across_problems, "language": self.language}

    def __call__(self, rows: list[Row], context: StageContext) -> StageResult:
        """Each row, kept or set aside."""

        def find() -> dict[object, Dropped]:
            return find_near_duplicates(read_shards(context.source), self, context.advance)

        dropped = context.resource("dropped", find)
        kept: list[Row] = []
        rejected: list[Row] = []
        for row in rows:
            plain = {field: value for field, value in row.items() if field != PLACE}
            if found := dropped.get(identity(row)):
                rejected.append(set_aside(plain | {"detail": found.detail}, self.name, found.reason))
            else:
                kept.append(plain)
        return StageResult(kept, rejected)


class Dropped(NamedTuple):
    """Why a row is not kept, and what is known beside the reason."""

    reason: str
    detail: Mapping[str, Any] | None = None


def identity(row: Row) -> object:
    """What tells a row apart from all others."""
    return row[PLACE] if PLACE in row else (row.get("language"), row.get("name"), row.get("completion"))


def find_near_duplicates(
    rows: Iterable[Row], stage: Deduplicate, advance: Callable[[int], None] = lambda rows: None
) -> dict[object, Dropped]:
    """The rows that are not kept, by identity.

    `advance` hears how many rows' work is done, and is set back at the end. Memory is some 300 bytes for each row and
    1,400 for each that is kept; the programs' tokens, 4 bytes each, lie in a file.
    """
    dropped: dict[object, Dropped] = {}
    steps = _Steps(advance, of=3 if stage.across_problems else 2)
    bound = cache(lambda name: installed().language(name))
    with ExitStack() as files:
        languages: dict[str, _Programs] = defaultdict(
            lambda: _Programs(stage.threshold, files.enter_context(tempfile.TemporaryFile()))
        )
        for row in rows:
            try:
                language = _language(row, stage.language, bound)
                languages[language.spec.name].add(row, _without_comments(row, language))
            except MultipltError as reason:
                dropped[identity(row)] = Dropped(str(reason))
            steps.add()
        for programs in languages.values():
            dropped.update(programs.drop(stage.across_problems, steps))
    advance(-steps.reported)
    return dropped


class _Steps:
    """Reports a row after so many steps `of` its work."""

    def __init__(self, advance: Callable[[int], None], of: int) -> None:
        self._advance, self._of = advance, of
        self._steps = self.reported = 0

    def add(self) -> None:
        self._steps += 1
        if self._steps % self._of == 0:
            self._advance(1)
            self.reported += 1


def _language(row: Row, default: str | None, bound: Callable[[str], BoundLanguage]) -> BoundLanguage:
    name = row.get("language") or default
    if not isinstance(name, str):
        raise Refused("it does not say its language")
    return bound(name)


def _without_comments(row: Row, language: BoundLanguage) -> str:
    content = row.get("content")
    if not isinstance(content, str):
        raise Refused("it has no text in content")
    problem = Problem(name=str(row.get("name")), language=language.spec.tag, prompt="", tests="")
    return language.clean(problem, Completion(content, whole=True)).without_comments


def _pass_rate(row: Row) -> float:
    rate = row.get("pass_rate") or 0.0
    if not isinstance(rate, int | float) or not 0 <= rate <= 1:
        raise Refused("its pass_rate is no number from 0 to 1")
    return float(rate)


class _Programs:
    """The programs of one language: what they are called in memory, their tokens in a file."""

    def __init__(self, threshold: float, file: BinaryIO) -> None:
        self._threshold, self._file = threshold, file
        self._vocabulary = Vocabulary()
        self._ends = array("q", [0])
        self._pass_rates = array("d")
        self._problems = array("q")
        self._problem_numbers: dict[int | str, int] = {}
        self._called: list[tuple[object, object]] = []

    def add(self, row: Row, text: str) -> None:
        """Add a program; `text` is its content without comments."""
        rate = _pass_rate(row)
        program = self._vocabulary.encode(text)
        self._file.write(program.tobytes())
        self._ends.append(self._ends[-1] + len(program))
        self._pass_rates.append(rate)
        problem = row.get("original_id") if row.get("original_id") is not None else row.get("name")
        key = len(self._called) if problem is None else to_json(problem)
        self._problems.append(self._problem_numbers.setdefault(key, len(self._problem_numbers)))
        self._called.append((identity(row), _label(row)))

    def drop(self, across_problems: bool, steps: _Steps) -> Iterator[tuple[object, Dropped]]:
        """Those that are not kept, by identity."""
        import numpy as np

        self._file.flush()
        # Mode c: a read-only array would have all functions compiled once more.
        self._tokens = np.memmap(self._file, np.int32, "c") if self._ends[-1] else np.zeros(0, np.int32)
        problems, pass_rates = np.array(self._problems), np.array(self._pass_rates)
        order = np.lexsort((-pass_rates, problems))  # stable: then as in the input
        starts = np.flatnonzero(np.diff(problems[order], prepend=-1))
        kept: list[int] = []
        for group in np.split(order, starts[1:]):
            yield from self._drop_near(group.tolist(), WITHIN, kept, steps)
        if across_problems:
            kept.sort(key=lambda number: (-self._pass_rates[number], number))
            yield from self._drop_near(kept, ACROSS, [], steps)

    def _drop_near(
        self, numbers: list[int], reason: str, kept: list[int], steps: _Steps
    ) -> Iterator[tuple[object, Dropped]]:
        """Of the programs `numbers`, in this order, those that are too near to one before; the others are `kept`."""
        import numpy as np

        distinct = Distinct(self._threshold, self._vocabulary)
        keepers = []
        for number in numbers:
            program = np.asarray(self._tokens[self._ends[number] : self._ends[number + 1]])
            steps.add()
            near = distinct.find(program)
            if near is None:
                distinct.keep(program)
                keepers.append(number)
                continue
            detail = {"keeper": self._called[keepers[near.keeper]][1], "score": near.score}
            yield self._called[number][0], Dropped(reason, detail)
        kept += keepers


def _label(row: Row) -> object:
    """What a keeper is called."""
    if row.get("id") is not None:
        return row["id"]
    if row.get("name") is None:
        return f"row {row[PLACE] + 1}" if PLACE in row else None
    return row["name"] if row.get("completion") is None else f"{row['name']}/{row['completion']}"

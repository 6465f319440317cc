"""Validated translations as they are read for a training set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from multiplt.errors import MultipltError, Refused
from multiplt.plugins import installed
from multiplt.rows import Row, read_rows
from multiplt.rows.parquet import unrepresentable

DESCRIBED = ("name", "language", "completion", "original_id")
"""What a solution is called where it is set aside."""

CALLED = ("name", "completion")


@dataclass(frozen=True, slots=True)
class Solution:
    """A translation that passed its tests.

    `function` is what all solutions of one function share: the name of its problem, else `original_id`.
    `described` is what the row is called.
    """

    language: str
    function: int | str
    content: str
    tests: str
    pass_rate: float
    original_id: int | str | None
    edu_score: float | None
    described: Row

    @property
    def called(self) -> str:
        """What it is called where it is named in another's stead."""
        return "/".join(str(self.described[field]) for field in CALLED if self.described.get(field) is not None)


def read_translations(sources: Iterable[str]) -> Iterator[Row]:
    """The rows of all `sources`, in order; the folder of a run is read for its `dataset`.

    Raises `MultipltError` at once where a source is missing or empty.
    """
    return chain.from_iterable([read_rows(_translations_of(source)) for source in sources])


def _translations_of(source: str) -> str:
    dataset = Path(source) / "dataset"
    return str(dataset) if dataset.is_dir() else source


def read_solutions(
    rows: Iterable[Row], refuse: Callable[[Row, str], object], language: str | None = None
) -> dict[str, list[Solution]]:
    """The solutions in `rows` by language, in the order of the rows; `refuse` is told which are none, and why.
    `language` is that of rows that do not say theirs.

    A program that is there twice for one function counts once. Raises `MultipltError` where there is no solution.
    """
    solutions: dict[str, list[Solution]] = defaultdict(list)
    seen: set[tuple[str, int | str, str]] = set()
    texts: dict[str, str] = {}
    reason = ""
    for row in rows:
        try:
            solution = _solution({"language": language} | row if language else row, texts)
        except Refused as refused:
            refuse(_described(row), reason := str(refused))
            continue
        key = (solution.language, solution.function, solution.content)
        if key in seen:
            refuse(solution.described, "the same program as an earlier solution of the function")
            continue
        seen.add(key)
        solutions[solution.language].append(solution)
    if not solutions:
        raise MultipltError(f"none of the rows is a translation ({reason}); give those that multiplt translate wrote")
    return dict(solutions)


def _described(row: Row) -> Row:
    return {field: row[field] for field in DESCRIBED if field in row}


def _solution(row: Row, texts: dict[str, str]) -> Solution:
    """The solution in a row; `texts` keeps in memory once what all solutions of a function share.

    Raises `Refused` where the row lacks something.
    """
    if (reason := unrepresentable(row)) is not None:
        raise Refused(reason)
    language, content, tests, original_id = (row.get(f) for f in ("language", "content", "tests", "original_id"))
    if not isinstance(language, str):
        raise Refused("it has no language")
    for field, value in (("content", content), ("tests", tests)):
        if not isinstance(value, str) or not value.strip():
            raise Refused(f"it has no {field}")
    if not (original_id is None or isinstance(original_id, str) or _is_integer(original_id)):
        raise Refused("its original_id is neither text nor an integer of 64 bits")
    function = row.get("name") if isinstance(row.get("name"), str) else original_id
    if function is None:
        raise Refused("it has neither name nor original_id")
    pass_rate, edu_score = _number(row.get("pass_rate")), _number(row.get("edu_score"))
    if pass_rate is None or not 0 < pass_rate <= 1:
        raise Refused("it has no pass_rate above 0 and up to 1")
    canonical = _language(language)
    tests = texts.setdefault(str(tests), str(tests))
    return Solution(canonical, function, str(content), tests, pass_rate, original_id, edu_score, _described(row))


@cache
def _language(name: str) -> str:
    try:
        return installed().language(name).spec.name
    except MultipltError as error:
        raise Refused(str(error)) from None


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    with suppress(OverflowError):
        return float(value)
    return None

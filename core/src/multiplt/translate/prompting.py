"""Stage `prompts`: tested functions become problems in a language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from multiplt.errors import Refused, UsageError
from multiplt.functions import RefusedTest
from multiplt.plugins import BoundLanguage, installed
from multiplt.problems import Problem
from multiplt.rows import Row, is_benchmark, set_aside
from multiplt.run.engine import StageContext, StageResult
from multiplt.run.resources import LazyExecutor
from multiplt.settings import ExecuteSettings, PromptSettings
from multiplt.source.evaluation import Runs
from multiplt.source.reading import ReadFunction, RefusedRow, read_functions
from multiplt.translate.problems import ENOUGH, build_problem

ENOUGH_FOR_BENCHMARK = 2
"""Tests of its own, mostly three, with which a benchmark's problem stays: its scores are compared by problem."""

Built = tuple[Problem, tuple[RefusedTest, ...]]


@dataclass(frozen=True)
class Prompts:
    """Tested functions → problems of `language`; tests that are more than literals are evaluated in the sandbox."""

    language: str
    prompts: PromptSettings
    execute: ExecuteSettings
    name: str = "prompts"

    def settings(self) -> Mapping[str, Any]:
        """What decides the rows."""
        return {"language": self.language, **self.prompts.model_dump()}

    def __call__(self, rows: list[Row], context: StageContext) -> StageResult:
        """One problem, or one rejected row, for each row."""
        executor = context.resource("executor", lambda: LazyExecutor(self.execute))
        kept: list[Row] = []
        rejected: list[Row] = []
        for row in build_rows(rows, installed().language(self.language), self.prompts, executor):
            (rejected if "reason" in row else kept).append(row)
            context.advance()
        return StageResult(kept, rejected)


def refuse_benchmark(functions: str) -> None:
    """Raise `UsageError` where `functions` names a benchmark, whose solutions were asked for in the prompts."""
    if is_benchmark(functions):
        raise UsageError(f"{functions} is a benchmark, whose prompts show no solution; leave canonical out")


def build_rows(
    rows: Iterable[Row], language: BoundLanguage, settings: PromptSettings, executor: Runs
) -> Iterator[Row]:
    """For each row of a shard its problem as a row, or the row set aside with its reason.

    A row of a `benchmark` never shows its solution.
    """
    for read in read_functions(rows, executor):
        if isinstance(read, RefusedRow):
            yield set_aside(dict(read.row), "prompts", read.reason)
            continue
        try:
            problem, refused = _build(language, read, settings)
        except Refused as reason:
            yield set_aside(dict(read.row), "prompts", str(reason))
            continue
        row = problem.to_row()
        if read.row.get("id") is not None:
            row["original_id"] = read.row["id"]
        reasons = [{"test": test.test, "reason": test.reason} for test in refused]
        yield row | ({"refused_tests": reasons} if reasons else {})


def _build(language: BoundLanguage, read: ReadFunction, settings: PromptSettings) -> Built:
    """The problem of a function, and all its tests that were refused.

    Where types are inferred, one odd test may give them a union that the language lacks: then it is that
    test which is refused, and not the function.
    """
    try:
        return _build_as_read(language, read, settings)
    except Refused:
        built = [*_without_one_test(language, read, settings)]
        if not built:
            raise
        return min(built, key=lambda item: len(item[1]))


def _without_one_test(language: BoundLanguage, read: ReadFunction, settings: PromptSettings) -> Iterator[Built]:
    for other in read.without_one_test():
        with suppress(Refused):
            yield _build_as_read(language, other, settings)


def _build_as_read(language: BoundLanguage, read: ReadFunction, settings: PromptSettings) -> Built:
    enough = ENOUGH
    if read.row.get("benchmark"):
        settings, enough = settings.model_copy(update={"canonical": False}), ENOUGH_FOR_BENCHMARK
    problem, refused = build_problem(language, read.function, read.name, settings, read.tests, enough)
    return problem, (*read.refused, *refused)

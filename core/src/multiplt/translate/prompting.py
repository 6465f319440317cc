"""Stage `prompts`: tested functions become problems in a language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from multiplt.errors import Refused
from multiplt.plugins import BoundLanguage, installed
from multiplt.rows import Row, set_aside
from multiplt.run.engine import StageContext, StageResult
from multiplt.settings import ExecuteSettings, PromptSettings
from multiplt.source.evaluation import Runs
from multiplt.source.reading import RefusedRow, read_functions
from multiplt.translate.problems import build_problem
from multiplt.translate.resources import LazyExecutor


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


def build_rows(
    rows: Iterable[Row], language: BoundLanguage, settings: PromptSettings, executor: Runs
) -> Iterator[Row]:
    """For each row of a shard its problem as a row, or the row set aside with its reason."""
    for read in read_functions(rows, executor):
        if isinstance(read, RefusedRow):
            yield set_aside(dict(read.row), "prompts", read.reason)
            continue
        try:
            problem, refused = build_problem(language, read.function, read.name, settings, read.tests)
        except Refused as reason:
            yield set_aside(dict(read.row), "prompts", str(reason))
            continue
        row = problem.to_row()
        if read.row.get("id") is not None:
            row["original_id"] = read.row["id"]
        reasons = [{"test": test.test, "reason": test.reason} for test in (*read.refused, *refused)]
        yield row | ({"refused_tests": reasons} if reasons else {})

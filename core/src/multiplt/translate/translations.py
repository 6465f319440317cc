"""Stage `translations`: completions that passed become training text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from multiplt.errors import Refused
from multiplt.plugins import BoundLanguage, installed
from multiplt.problems import Problem, Status
from multiplt.rows import Row, set_aside
from multiplt.run.engine import StageContext, StageResult


@dataclass(frozen=True)
class Translations:
    """Problems with verdicts → one row for each distinct completion that passed; the others with their status."""

    language: str
    name: str = "translations"

    def settings(self) -> Mapping[str, Any]:
        """What decides the rows."""
        return {}

    def __call__(self, rows: list[Row], context: StageContext) -> StageResult:
        """The translations of a shard."""
        language = installed().language(self.language)
        kept: list[Row] = []
        rejected: list[Row] = []
        for row in rows:
            for translation in self._translations(row, language):
                (rejected if "reason" in translation else kept).append(translation)
            context.advance()
        return StageResult(kept, rejected, expanded=len(kept) + len(rejected) - len(rows))

    def _translations(self, row: Row, language: BoundLanguage) -> Iterator[Row]:
        """For each completion of a problem its translation, or a row set aside with its reason."""
        problem = Problem.from_row(row)
        passed = sum(result is not None and result["status"] == Status.OK for result in row["results"])
        first: dict[str, int] = {}
        for index, (sample, result) in enumerate(zip(row["samples"], row["results"], strict=True)):
            described = {"name": problem.name, "language": self.language, "completion": index}
            if result is None:
                yield set_aside(described, self.name, f"it has no verdict: {sample['error']}")
                continue
            if result["status"] != Status.OK:
                failed = described | {"text": sample["text"], "failure": result["failure"]}
                yield set_aside(failed, self.name, result["status"])
                continue
            try:
                cleaned = language.clean(problem, language.extract_completion(problem, sample["text"]))
            except Refused as reason:
                yield set_aside(described | {"text": sample["text"]}, self.name, str(reason))
                continue
            if first.setdefault(cleaned.without_comments, index) != index:
                yield set_aside(described, self.name, "the same program as an earlier completion")
                continue
            yield described | {
                "original_id": row.get("original_id"),
                "content": cleaned.text,
                "tests": problem.tests,
                "pass_rate": passed / len(row["samples"]),
            }

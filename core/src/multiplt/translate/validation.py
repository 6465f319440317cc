"""Stage `execute`: completions get their verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from multiplt.errors import Refused
from multiplt.execute.verdicts import Judge, Judged, Submission
from multiplt.problems import Problem
from multiplt.rows import Row
from multiplt.run.engine import StageContext, StageResult
from multiplt.run.resources import open_executor, open_judge
from multiplt.settings import ExecuteSettings


@dataclass(frozen=True)
class Execute:
    """Problems with samples → the same with the verdict on each; a sample with an `error` gets none."""

    language: str
    execute: ExecuteSettings
    toolchain: str
    name: str = "execute"

    def settings(self) -> Mapping[str, Any]:
        """What decides the rows."""
        return {"timeout": self.execute.timeout, "memory": self.execute.memory, "toolchain": self.toolchain}

    def __call__(self, rows: list[Row], context: StageContext) -> StageResult:
        """Each row with `results`, one for each of its samples."""
        executor = context.resource("executor", lambda: open_executor(self.execute))
        judge = context.resource("judge", lambda: open_judge(self.language, executor, self.execute))
        attempts = judge.attempts(_submissions(rows, judge))
        kept = []
        for row in rows:
            kept.append(_judged(row, attempts))
            context.advance()
        return StageResult(kept)


def _submissions(rows: list[Row], judge: Judge) -> Iterator[Submission | Refused]:
    for row in rows:
        problem = Problem.from_row(row)
        for sample in row["samples"]:
            if "error" not in sample:
                try:
                    yield Submission(problem, judge.language.extract_completion(problem, sample["text"]))
                except Refused as reason:
                    yield reason


def _judged(row: Row, attempts: Iterator[Judged | Refused]) -> Row:
    """The row with its results; a sample that has none says why in `error`."""
    samples, results = [], []
    for sample in row["samples"]:
        attempt = None if "error" in sample else next(attempts)
        samples.append(sample | {"error": str(attempt)} if isinstance(attempt, Refused) else sample)
        results.append(_result(attempt) if isinstance(attempt, Judged) else None)
    return {**row, "samples": samples, "results": results}


def _result(judged: Judged) -> Row:
    verdict = asdict(judged.verdict)
    return {"program": judged.program, **verdict, "status": str(judged.verdict.status)}

"""Stage `ceiling`: which problems a completion could pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from multiplt.errors import Refused
from multiplt.evaluate.ceiling import Reach, reaches
from multiplt.problems import Problem
from multiplt.rows import Row
from multiplt.run.engine import StageContext, StageResult
from multiplt.run.resources import shared_judge
from multiplt.settings import ExecuteSettings


@dataclass(frozen=True)
class Reachable:
    """Problems → for each its name, whether it is `reachable`, and the `cause` why not (`evaluate.ceiling`)."""

    language: str
    execute: ExecuteSettings
    toolchain: str
    name: str = "ceiling"

    def settings(self) -> Mapping[str, Any]:
        """What decides the rows."""
        return {"timeout": self.execute.timeout, "memory": self.execute.memory, "toolchain": self.toolchain}

    def __call__(self, rows: list[Row], context: StageContext) -> StageResult:
        """One row for each problem."""
        judge = shared_judge(context, self.language, self.toolchain, self.execute)
        problems = [Problem.from_row(row) for row in rows]
        found = reaches(problems, judge, context.advance)
        return StageResult([_row(problem, reach) for problem, reach in zip(problems, found, strict=True)])


def _row(problem: Problem, reach: Reach | Refused) -> Row:
    cause = str(reach) if isinstance(reach, Refused) else reach.cause
    return {"name": problem.name, "reachable": not cause, "cause": cause}

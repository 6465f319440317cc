"""Rejected rows without what they hold: most of what is looked at is set aside, and would be kept twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from multiplt.rows import Row
from multiplt.run.engine import Stage, StageContext, StageResult

FIELDS = ("id", "entrypoint", "stage", "reason", "detail", "repository", "path", "line")


@dataclass(frozen=True)
class Brief:
    """A stage, but of the rows that it sets aside only what they are called, where they come from and the reason."""

    stage: Stage

    @property
    def name(self) -> str:
        """The stage's own."""
        return self.stage.name

    @property
    def whole(self) -> bool:
        """The stage's own."""
        return getattr(self.stage, "whole", False)

    @property
    def parallel(self) -> bool:
        """The stage's own."""
        return getattr(self.stage, "parallel", False)

    @property
    def model(self) -> Any:
        """The stage's own."""
        return getattr(self.stage, "model", None)

    @property
    def threads(self) -> int:
        """The stage's own."""
        return getattr(self.stage, "threads", 1)

    def settings(self) -> Mapping[str, Any]:
        """The stage's own, and that its rejected rows are brief."""
        return {**self.stage.settings(), "rejected": "brief"}

    def __call__(self, rows: list[Row], context: StageContext) -> StageResult:
        """What the stage makes of the rows."""
        result = self.stage(rows, context)
        brief = [{field: row[field] for field in FIELDS if field in row} for row in result.rejected]
        return StageResult(result.kept, brief, result.expanded)

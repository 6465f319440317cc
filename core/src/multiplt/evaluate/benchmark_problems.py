"""Stage `problems`: what a model is evaluated on, from tested functions or as problems that are there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from multiplt.errors import Refused
from multiplt.language import CANONICAL
from multiplt.plugins import BoundLanguage, installed
from multiplt.problems import Problem
from multiplt.rows import Row, set_aside
from multiplt.run.engine import StageContext, StageResult
from multiplt.run.resources import LazyExecutor
from multiplt.settings import EvaluationSettings, ExecuteSettings, PromptSettings
from multiplt.translate.prompting import build_rows

FILE_NAME = re.compile(r"[^./\0][^/\0]{0,199}")
"""Names that a problem's files can have."""

ANSWERS = ("completions", "results", "samples")
"""Fields that a problem has where it was answered before."""


@dataclass(frozen=True)
class BenchmarkProblems:
    """Tested functions, or problems in MultiPL-E's form → problems of `language` whose prompts show no solution."""

    language: str
    evaluation: EvaluationSettings
    execute: ExecuteSettings
    name: str = "problems"

    def settings(self) -> Mapping[str, Any]:
        """What decides the rows."""
        return {"language": self.language, "style": self.evaluation.style, "compat": self.evaluation.compat}

    def __call__(self, rows: list[Row], context: StageContext) -> StageResult:
        """One problem, or one rejected row, for each row."""
        executor = context.resource("executor", lambda: LazyExecutor(self.execute))
        language = installed().language(self.language)
        prompts = PromptSettings(canonical=False, style=self.evaluation.style)
        kept: list[Row] = []
        rejected: list[Row] = []
        for are_problems, group in groupby(rows, key=_is_problem):
            for row in group if are_problems else build_rows(group, language, prompts, executor):
                context.advance()
                if not are_problems and "reason" in row:
                    rejected.append(row)
                    continue
                try:
                    kept.append(self._checked(row, language))
                except Refused as reason:
                    rejected.append(set_aside(row, self.name, str(reason)))
        return StageResult(kept, rejected)

    def _checked(self, row: Row, language: BoundLanguage) -> Row:
        """The row as it is asked and judged. Raises `Refused` where it must not be."""
        problem = Problem.from_row(row)
        strict = problem.multiplt
        if problem.language.lower() not in map(str.lower, language.spec.names):
            raise Refused(f"it is a problem in {problem.language}")
        if not FILE_NAME.fullmatch(problem.name):
            raise Refused("its name cannot be a file's")
        if not strict and not problem.tests.strip():
            raise Refused("the row has no tests")
        if CANONICAL in problem.prompt or (strict and strict.bare_prompt):
            raise Refused("its prompt shows the Python solution; make it with multiplt prompts --no-canonical")
        if strict and self.evaluation.style == "chat" and not strict.chat_prompt:
            raise Refused("it has no prompt for chat models; make it with multiplt prompts --style chat")
        left_out = (*ANSWERS, "multiplt") if self.evaluation.compat else ANSWERS
        return {name: value for name, value in row.items() if name not in left_out}


def _is_problem(row: Row) -> bool:
    return isinstance(row.get("prompt"), str) and isinstance(row.get("tests"), str)

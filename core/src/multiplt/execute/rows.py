"""Rows with completions become rows with results, in MultiPL-E's form."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from multiplt.errors import Refused
from multiplt.execute.verdicts import Judge, Judged, Submission
from multiplt.problems import Completion, Problem
from multiplt.rows import Row, set_aside


@dataclass(frozen=True)
class Pending:
    """A row that waits for its verdicts: its problem and completions, or why there are none."""

    row: Row
    problem: Problem | None = None
    completions: tuple[str, ...] = ()
    reason: str = ""

    @classmethod
    def of(cls, row: Row, strict: Mapping[str, Any]) -> Pending:
        """Read a row; `strict` gives the field `multiplt` by name where the row's form dropped it."""
        completions = row.get("completions")
        if not isinstance(completions, list) or not all(isinstance(text, str) for text in completions):
            return cls(row, reason="the row has no list of completions")
        fields = {key: value for key, value in row.items() if key != "completions"}
        if not fields.get("multiplt"):
            fields["multiplt"] = strict.get(str(row.get("name")))
        try:
            problem = Problem.from_row(fields)
        except Refused as reason:
            return cls(row, reason=str(reason))
        if not problem.multiplt and not problem.tests.strip():
            return cls(row, reason="the row has no tests")
        return cls(row, problem, tuple(completions))

    @property
    def language(self) -> str:
        """The language that the row names; empty where it is no problem."""
        return self.problem.language if self.problem else ""


def execute_rows(
    rows: Iterable[Row], judge_of: Callable[[str], Judge], strict: Mapping[str, Any], *, extract: bool = False
) -> Iterator[Row]:
    """For each row the same with `results` in the order of its completions, or the row set aside with its reason.

    Completions are appended to the prompt as they are; with `extract` they are a model's answers, of
    which the code is taken first. `judge_of` gives the judge of a language, known to work.
    """
    for language, group in groupby((Pending.of(row, strict) for row in rows), key=lambda pending: pending.language):
        if not language:
            yield from (set_aside(pending.row, "execute", pending.reason) for pending in group)
        else:
            yield from _execute(group, judge_of(language), extract)


def _execute(group: Iterator[Pending], judge: Judge, extract: bool) -> Iterator[Row]:
    waiting: deque[Pending] = deque()

    def submissions() -> Iterator[Submission | Refused]:
        for pending in group:
            waiting.append(pending)
            assert pending.problem is not None
            for text in pending.completions:
                yield _submission(pending.problem, text, judge, extract)

    attempts: list[Judged | Refused] = []
    for attempt in judge.attempts(submissions()):
        yield from _empty(waiting)
        attempts.append(attempt)
        if len(attempts) == len(waiting[0].completions):
            yield _finished(waiting.popleft(), attempts)
            attempts = []
    yield from _empty(waiting)


def _submission(problem: Problem, text: str, judge: Judge, extract: bool) -> Submission | Refused:
    try:
        return Submission(problem, judge.language.extract_completion(problem, text) if extract else Completion(text))
    except Refused as reason:
        return reason


def _empty(waiting: deque[Pending]) -> Iterator[Row]:
    """The rows at the head that have no completions, and so no verdicts to wait for."""
    while waiting and not waiting[0].completions:
        yield _finished(waiting.popleft(), [])


def _finished(pending: Pending, attempts: Sequence[Judged | Refused]) -> Row:
    for number, attempt in enumerate(attempts):
        if isinstance(attempt, Refused):
            return set_aside(pending.row, "execute", f"completion {number}: {attempt}")
    row = {key: value for key, value in pending.row.items() if key not in ("completions", "results")}
    return row | {"results": [result_row(attempt) for attempt in attempts if isinstance(attempt, Judged)]}


def result_row(judged: Judged) -> dict[str, Any]:
    """A result in MultiPL-E's form; `verdict` holds what it has no field for, the mode included."""
    verdict = judged.verdict
    return {
        "program": judged.program,
        "timestamp": int(time.time()),
        "stdout": verdict.stdout,
        "stderr": verdict.stderr,
        "exit_code": verdict.exit_code,
        "status": verdict.status.multipl_e,
        "verdict": {
            "status": str(verdict.status),
            "mode": verdict.mode,
            "passed": verdict.passed,
            "total": verdict.total,
            "message": verdict.message,
            "failure": asdict(verdict.failure) if verdict.failure else None,
            "wall_s": round(verdict.wall_s, 4),
            "cpu_s": round(verdict.cpu_s, 4),
            "retried": verdict.retried,
            "toolchain": verdict.toolchain,
        },
    }

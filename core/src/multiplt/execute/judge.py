"""Judging: from what the cases returned to a verdict."""

from __future__ import annotations

from collections.abc import Sequence

from multiplt.equality import Equality, truth
from multiplt.execute.plan import Outcome
from multiplt.execute.records import CaseResult, shown
from multiplt.functions import Case
from multiplt.hookspecs import Results
from multiplt.idioms import Idioms
from multiplt.literals import to_text
from multiplt.problems import Failure, Problem, Status, Verdict
from multiplt.types import Type
from multiplt.values import plain

SHOWN = 1000
"""Characters of a value or message that a verdict keeps."""


def judge(problem: Problem, outcome: Outcome, results: Results, idioms: Idioms, toolchain: str = "") -> Verdict:
    """The verdict on one run of a completion."""
    if problem.multiplt is None:
        passed, total, failure, status = int(results.status is Status.OK), 1, None, results.status or Status.EXCEPTION
    else:
        cases = problem.multiplt.typed_cases()
        failures = _failures(cases, results.cases, problem.multiplt.typed_returns(), idioms)
        passed, total = len(results.cases) - len(failures), len(cases)
        failure = failures[0][1] if failures else None
        unanswered = Status.OK if len(results.cases) == total else Status.TAMPERED
        status = results.status or (failures[0][0] if failures else unanswered)
    return Verdict(
        status=status,
        mode=problem.mode,
        passed=passed,
        total=total,
        exit_code=outcome.exit_code,
        stdout=outcome.stdout,
        stderr=outcome.stderr,
        message=results.message[:SHOWN],
        failure=failure,
        wall_s=outcome.wall_s,
        cpu_s=outcome.cpu_s,
        retried=outcome.retried,
        toolchain=toolchain,
    )


def _failures(
    cases: Sequence[Case], results: Sequence[CaseResult], returns: Type, idioms: Idioms
) -> list[tuple[Status, Failure]]:
    failures: list[tuple[Status, Failure]] = []
    for case, result in zip(cases, results, strict=False):
        status = _case_status(case, result, returns, idioms)
        if status is not Status.OK:
            actual = result.value if result.kind == "raised" else shown(result.value)
            arguments = ", ".join(to_text(plain(argument)) for argument in case.arguments)
            expected = to_text(plain(case.expected))
            failures.append((status, Failure(result.case, arguments[:SHOWN], expected[:SHOWN], actual[:SHOWN])))
    return failures


def _case_status(case: Case, result: CaseResult, returns: Type, idioms: Idioms) -> Status:
    if result.kind == "raised":
        return Status.EXCEPTION
    if case.check == "truth":
        return Status.OK if truth(result.value, returns, idioms) == case.expected.content else Status.WRONG
    return Status.OK if Equality(idioms, case.tolerance)(case.expected, result.value) else Status.WRONG

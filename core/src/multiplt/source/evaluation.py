"""Evaluating tests that are more than literals, by running them in the sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

from multiplt.asserts import Call, Pending
from multiplt.errors import Refused
from multiplt.execute.plan import SERVER_FOLDER, Command, ExecutionPlan, Limits, Outcome, Server
from multiplt.execute.records import BadRecord, CaseResult, read_records
from multiplt.functions import Definition
from multiplt.literals import read_value, to_text

Calls = tuple[Call, ...]
"""What a test says: of one call, or of several where it is more than one assert."""

LIMITS = Limits(wall_s=10.0)
SEEDS = ("0", "1")
"""Tests are evaluated once under each hash seed, so that an answer that depends on it shows."""


RECORDER = {"recorder.py": "source/recorder.py", "literals.py": "literals.py"}
"""Where the files of a program come from in this package."""


class Runs(Protocol):
    """What evaluation needs of an executor."""

    def run(self, plans: Iterable[ExecutionPlan]) -> Iterator[Outcome]:
        """Outcomes in the order of the plans."""


@dataclass(frozen=True)
class Evaluation:
    """The tests of one function that are to be evaluated."""

    definition: Definition
    tests: tuple[Pending, ...]

    def plans(self) -> list[ExecutionPlan]:
        """One plan per hash seed."""
        job = {
            "source": self.definition.module,
            "entrypoint": self.definition.signature.name,
            "parameters": self.definition.signature.parameters,
            "tests": [pending.test for pending in self.tests],
        }
        plan = ExecutionPlan({**_recorder(), "job.json": json.dumps(job)}, _python("recorder.py"), limits=LIMITS)
        server = _server()
        return [replace(plan, environment={"PYTHONHASHSEED": seed}, server=server) for seed in SEEDS]


def _python(script: str) -> Command:
    return Command("python3", "-S", "-B", script)


@cache
def _recorder() -> dict[str, str]:
    package = files("multiplt")
    return {name: (package / path).read_text() for name, path in RECORDER.items()}


@cache
def _server() -> Server:
    script = files("multiplt").joinpath("source", "server.py").read_text()
    return Server({**_recorder(), "server.py": script}, _python(f"{SERVER_FOLDER}/server.py"))


def evaluate(evaluations: Iterable[Evaluation], executor: Runs) -> Iterator[list[Calls | Refused]]:
    """For each evaluation, what each of its tests says, or why it cannot be used."""
    kept: list[Evaluation] = []

    def plans() -> Iterator[ExecutionPlan]:
        for evaluation in evaluations:
            kept.append(evaluation)
            yield from evaluation.plans()

    outcomes = executor.run(plans())
    for first in outcomes:
        evaluation = kept.pop(0)
        runs = [first, *(next(outcomes) for _ in SEEDS[1:])]
        yield _joined(evaluation, runs)


def _joined(evaluation: Evaluation, outcomes: Sequence[Outcome]) -> list[Calls | Refused]:
    """What all runs agree on."""
    runs = [_read(evaluation, outcome) for outcome in outcomes]
    joined: list[Calls | Refused] = []
    for results in zip(*runs, strict=True):
        refusal = next((result for result in results if isinstance(result, Refused)), None)
        if refusal is None and not all(_same(result, results[0]) for result in results):
            refusal = Refused("the result changes from run to run")
        joined.append(refusal or results[0])
    return joined


def _same(left: Calls | Refused, right: Calls | Refused) -> bool:
    """Whether two runs recorded the same: equal, or both NaN where they are not."""
    if isinstance(left, Refused) or isinstance(right, Refused):
        return False
    return left == right or [*map(_text, left)] == [*map(_text, right)]


def _text(call: Call) -> str:
    return to_text((call.arguments, call.expected))


def _read(evaluation: Evaluation, outcome: Outcome) -> list[Calls | Refused]:
    try:
        records = read_records(outcome.records, outcome.nonce)
    except BadRecord as error:
        return [Refused(f"the test disturbed its evaluation: {error}") for _ in evaluation.tests]
    if records.load_error:
        return [Refused(f"the function does not load: {records.load_error[1]}") for _ in evaluation.tests]
    by_number = {result.case: result for result in records.cases}
    return [
        _calls(pending, by_number[number])
        if number in by_number
        else Refused(f"the test, or one before it, {_ended(outcome)}")
        for number, pending in enumerate(evaluation.tests)
    ]


def _ended(outcome: Outcome) -> str:
    if outcome.timed_out:
        return "runs out of time"
    return "runs out of memory" if outcome.out_of_memory else "ends Python"


def _calls(pending: Pending, result: CaseResult) -> Calls | Refused:
    """The calls that a test recorded."""
    if result.kind == "raised":
        return Refused(f"the test raises {result.value}")
    try:
        recorded = read_value(str(result.value))
        calls = tuple(_call(pending, tuple(arguments), returned) for arguments, returned in recorded)
    except (ValueError, TypeError):
        return Refused(f"the test's values cannot be written down: {str(result.value)[:200]}")
    if not calls or (len(calls) > 1 and not pending.many):
        return Refused(f"the test calls the function {len(calls)} times instead of once")
    return calls


def _call(pending: Pending, arguments: tuple[Any, ...], returned: Any) -> Call:
    """One recorded call; a bare assert of something other than a bool asks for its truth."""
    if isinstance(returned, bool) or (pending.truth is None and pending.tolerance is None):
        return Call(arguments, returned)
    if pending.truth is not None:
        return Call(arguments, pending.truth, check="truth")
    return Call(arguments, returned, tolerance=pending.tolerance)

"""Evaluating tests that are more than literals, by running them in the sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
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
TRACED = 5
SEEDS = ("0", "1")
"""Tests are evaluated once under each hash seed, so that an answer that depends on it shows."""

CHANGES = "the result changes from run to run"
TOO_LONG = "the test takes too long"
ENDED = "the test, or one before it"

RECORDER = {name: f"source/{name}" for name in ("recorder.py", "observer.py")} | {"literals.py": "literals.py"}
"""Where the files of a program come from in this package."""


class Runs(Protocol):
    """What evaluation needs of an executor."""

    def run(self, plans: Iterable[ExecutionPlan]) -> Iterator[Outcome]:
        """Outcomes in the order of the plans."""


@dataclass(frozen=True)
class Evaluation:
    """The tests of one function that are to be evaluated, each for `patience_s` seconds at most.

    With `lines`, the first and last of the function in its module, the last run is observed: it is traced,
    and may take `TRACED` times as long.
    """

    definition: Definition
    tests: tuple[Pending, ...]
    patience_s: float = LIMITS.wall_s
    lines: tuple[int, int] | None = None

    def plans(self) -> list[ExecutionPlan]:
        """One plan per hash seed."""
        job = {
            "source": self.definition.module,
            "entrypoint": self.definition.signature.name,
            "parameters": self.definition.signature.parameters,
            "tests": [pending.test for pending in self.tests],
            "patience_s": self.patience_s,
        }
        jobs = [job for _ in SEEDS]
        if self.lines:
            jobs[-1] = job | {"lines": self.lines, "traced_s": TRACED * self.patience_s}
        return [_plan(job, seed) for job, seed in zip(jobs, SEEDS, strict=True)]


def _plan(job: Mapping[str, Any], seed: str) -> ExecutionPlan:
    files = {**_recorder(), "job.json": json.dumps(job)}
    environment = {"PYTHONHASHSEED": seed}
    return ExecutionPlan(files, _python("recorder.py"), limits=LIMITS, environment=environment, server=_server())


@dataclass(frozen=True)
class Observation:
    """What the calls of a test did beside returning: what they used, from which line to which they ran, and
    whether they changed their arguments."""

    uses: tuple[str, ...]
    arcs: tuple[tuple[int, int], ...]
    changed: bool


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
    return (_joined(evaluation, outcomes) for evaluation, outcomes in _run(evaluations, executor))


@dataclass(frozen=True)
class Observed:
    """Of an evaluation with `lines`: what its tests say, what was seen of each, and which one ended the run, if any."""

    calls: list[Calls | Refused]
    seen: list[Observation | None]
    culprit: int | None


def observe(evaluations: Iterable[Evaluation], executor: Runs) -> Iterator[Observed]:
    """For each evaluation, what `evaluate` says of its tests and what they did."""
    for evaluation, outcomes in _run(evaluations, executor):
        calls = _joined(evaluation, outcomes)
        yield Observed(calls, _observations(evaluation, outcomes[-1]), _culprit(_read(evaluation, outcomes[0])))


def _culprit(results: list[Calls | Refused]) -> int | None:
    return next((number for number, result in enumerate(results) if is_unknown(result)), None)


def is_unknown(result: Calls | Refused) -> bool:
    """Whether nothing is known of a test, since it, or one before it, ended the run."""
    return isinstance(result, Refused) and str(result).startswith(ENDED)


def _run(evaluations: Iterable[Evaluation], executor: Runs) -> Iterator[tuple[Evaluation, list[Outcome]]]:
    """Each evaluation with its outcomes, one per hash seed."""
    kept: list[Evaluation] = []

    def plans() -> Iterator[ExecutionPlan]:
        for evaluation in evaluations:
            kept.append(evaluation)
            yield from evaluation.plans()

    outcomes = executor.run(plans())
    for first in outcomes:
        yield kept.pop(0), [first, *(next(outcomes) for _ in SEEDS[1:])]


def _joined(evaluation: Evaluation, outcomes: Sequence[Outcome]) -> list[Calls | Refused]:
    """What all runs agree on."""
    runs = [_read(evaluation, outcome) for outcome in outcomes]
    joined: list[Calls | Refused] = []
    for results in zip(*runs, strict=True):
        refusal = next((result for result in results if isinstance(result, Refused)), None)
        if refusal is None and not all(_same(result, results[0]) for result in results):
            refusal = Refused(CHANGES)
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
        else Refused(f"{ENDED}, {_ended(outcome)}")
        for number, pending in enumerate(evaluation.tests)
    ]


def _observations(evaluation: Evaluation, outcome: Outcome) -> list[Observation | None]:
    """What was seen of each test; None where it did not come to that, or what came is no observation."""
    count = len(evaluation.tests)
    seen: list[Observation | None] = [None] * count
    with suppress(BadRecord, ValueError, TypeError):
        for result in read_records(outcome.records, outcome.nonce).cases:
            if result.kind == "returned" and 0 <= result.case - count < count:
                uses, arcs, changed = read_value(str(result.value))
                arcs = tuple((int(start), int(end)) for start, end in arcs)
                seen[result.case - count] = Observation(tuple(map(str, uses)), arcs, bool(changed))
    return seen


def _ended(outcome: Outcome) -> str:
    if outcome.timed_out:
        return "runs out of time"
    return "runs out of memory" if outcome.out_of_memory else "ends Python"


def _calls(pending: Pending, result: CaseResult) -> Calls | Refused:
    """The calls that a test recorded."""
    if result.kind == "raised":
        if str(result.value).startswith("TooLong:"):
            return Refused(TOO_LONG)
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

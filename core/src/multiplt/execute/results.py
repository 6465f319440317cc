"""Reading an outcome into results: the part of judging that is the same in every language."""

from __future__ import annotations

from collections.abc import Callable

from multiplt.execute.plan import Outcome
from multiplt.execute.records import BadRecord, Records, read_records
from multiplt.hookspecs import Results
from multiplt.problems import Status

Classify = Callable[[Outcome], Status]


def read_strict(outcome: Outcome, cases: int, failure_status: Classify) -> Results:
    """Results per case of a harness that answered over the channel.

    Anything but one record for each of `cases` cases in order and then the last record is tampering,
    unless the run was ended (by a limit, a signal or an exit code): then what it was ended by counts.
    """
    try:
        records = read_records(outcome.records, outcome.nonce)
    except BadRecord as error:
        return Results(status=Status.TAMPERED, message=str(error))
    numbers = [result.case for result in records.cases]
    if outcome.channel_overflow or numbers != list(range(len(numbers))) or len(numbers) > cases:
        return Results(status=Status.TAMPERED, message="the record channel does not hold one record for each case")
    ended = _ended(outcome, records, failure_status)
    if ended:
        return Results(records.cases, *ended)
    if len(numbers) < cases:
        return Results(records.cases, Status.TAMPERED, "the last record came before all cases had one")
    return Results(records.cases)


def _ended(outcome: Outcome, records: Records, failure_status: Classify) -> tuple[Status, str] | None:
    """What ended the run before its time."""
    if outcome.timed_out:
        return Status.TIMEOUT, "the time limit"
    if outcome.out_of_memory:
        return Status.OUT_OF_MEMORY, "the memory limit"
    if records.complete:
        return (Status(records.load_error[0]), records.load_error[1]) if records.load_error else None
    if outcome.exit_code != 0:
        return failure_status(outcome), outcome.stderr.strip()
    return Status.TAMPERED, "the program ended with exit code 0 before its tests did"


def read_compat(outcome: Outcome, compat_status: Classify, failure_status: Classify) -> Results:
    """The result of a program that carries its own tests: MultiPL-E's rule, and the end mark where it passed."""
    if outcome.timed_out:
        return Results(status=Status.TIMEOUT, message="the time limit")
    if outcome.out_of_memory:
        return Results(status=Status.OUT_OF_MEMORY, message="the memory limit")
    status = failure_status(outcome) if outcome.failed_check is not None else compat_status(outcome)
    if status is Status.OK and not _reached_end(outcome):
        return Results(status=Status.TAMPERED, message="the program ended before its tests did")
    return Results(status=status, message=outcome.stderr.strip())


def _reached_end(outcome: Outcome) -> bool:
    try:
        return read_records(outcome.records, outcome.nonce).complete
    except BadRecord:
        return False

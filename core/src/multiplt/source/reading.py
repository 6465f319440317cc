"""Rows of tested functions, read: types inferred, tests turned into cases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from multiplt.asserts import Call, Pending
from multiplt.errors import Refused
from multiplt.functions import Definition, Function, RefusedTest, build_function, read_definition, read_tests
from multiplt.source.evaluation import Evaluation, Runs, evaluate

Row = Mapping[str, Any]


@dataclass(frozen=True)
class ReadFunction:
    """A row that became a function: its name as a problem, and the tests that were refused."""

    row: Row
    name: str
    function: Function
    tests: int
    refused: tuple[RefusedTest, ...]


@dataclass(frozen=True)
class RefusedRow:
    """A row that did not, and why."""

    row: Row
    reason: str


@dataclass(frozen=True)
class _Started:
    """A row whose literal tests are read."""

    row: Row
    definition: Definition
    read: list[tuple[str, Call | Pending]]
    refused: list[RefusedTest]

    @property
    def pending(self) -> tuple[Pending, ...]:
        return tuple(test for _, test in self.read if isinstance(test, Pending))


def row_name(row: Row) -> str:
    """A row's name as a problem: its own, or `HumanEval_{id}_{entrypoint}`."""
    return str(row.get("name") or f"HumanEval_{row.get('id', '')}_{row['entrypoint']}")


def read_functions(rows: Iterable[Row], executor: Runs) -> Iterator[ReadFunction | RefusedRow]:
    """Read rows (a shard's worth at once) in order; tests that are more than literals are evaluated in the sandbox.

    A row needs `entrypoint`, `content` and `tests`; `content_with_types` is read instead of `content`
    where it is there.
    """
    started = [_start(row) for row in rows]
    waiting = [item for item in started if isinstance(item, _Started) and item.pending]
    evaluated = evaluate((Evaluation(item.definition, item.pending) for item in waiting), executor)
    for item in started:
        if isinstance(item, RefusedRow):
            yield item
        else:
            yield _finish(item, next(evaluated) if item.pending else [])


def _start(row: Row) -> _Started | RefusedRow:
    try:
        _check(row)
        definition = read_definition(row.get("content_with_types") or row["content"], row["entrypoint"])
        return _Started(row, definition, *read_tests(definition, row["tests"]))
    except Refused as reason:
        return RefusedRow(row, str(reason))


def _check(row: Row) -> None:
    for field, kind in (("entrypoint", str), ("content", str), ("tests", list)):
        if not isinstance(row.get(field), kind):
            raise Refused(f"the row has no field {field} of type {kind.__name__}")
    if not isinstance(row.get("content_with_types") or "", str):
        raise Refused("the row's field content_with_types is not text")
    if not row["tests"] or not all(isinstance(test, str) for test in row["tests"]):
        raise Refused("the row has no tests" if not row["tests"] else "a test is not text")


def _finish(item: _Started, evaluated: list[Call | Refused]) -> ReadFunction | RefusedRow:
    answers = iter(evaluated)
    calls: list[tuple[str, Call]] = []
    refused = list(item.refused)
    for test, read in item.read:
        answer = next(answers) if isinstance(read, Pending) else read
        if isinstance(answer, Refused):
            refused.append(RefusedTest(test, str(answer)))
        else:
            calls.append((test, answer))
    function, unfit = build_function(item.definition, calls)
    refused += unfit
    if not function.cases:
        return RefusedRow(item.row, f"none of its tests can be used; the first: {refused[0].reason}")
    return ReadFunction(item.row, row_name(item.row), function, len(item.row["tests"]), tuple(refused))

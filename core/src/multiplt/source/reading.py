"""Rows of tested functions, read: types inferred, tests turned into cases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from multiplt.asserts import Call, Pending
from multiplt.errors import Refused
from multiplt.functions import Definition, Function, RefusedTest, build_function, read_definition, read_tests
from multiplt.source.evaluation import Calls, Evaluation, Runs, evaluate

Row = Mapping[str, Any]


@dataclass(frozen=True)
class ReadFunction:
    """A row that became a function: its tests as calls, and those that are `unusable` or do not fit the types."""

    row: Row
    definition: Definition
    calls: tuple[tuple[str, Call], ...]
    unusable: tuple[RefusedTest, ...]
    function: Function
    unfit: tuple[RefusedTest, ...]

    @classmethod
    def of(
        cls, row: Row, definition: Definition, calls: Sequence[tuple[str, Call]], unusable: Sequence[RefusedTest]
    ) -> ReadFunction:
        """Give the calls their types."""
        function, unfit = build_function(definition, calls)
        return cls(row, definition, tuple(calls), tuple(unusable), function, tuple(unfit))

    @property
    def name(self) -> str:
        """Its name as a problem."""
        return row_name(self.row)

    @property
    def tests(self) -> int:
        """How many tests it came with."""
        return len(self.row["tests"])

    @property
    def refused(self) -> tuple[RefusedTest, ...]:
        """The tests that are not used."""
        return self.unusable + self.unfit

    def without_one_test(self) -> Iterator[ReadFunction]:
        """The function without one of its tests each, where that alone makes the type of a parameter what it is.

        A result of another type is part of what the function does, and stays.
        """
        for test in dict.fromkeys(test for test, _ in self.calls):
            rest = [(other, call) for other, call in self.calls if other != test]
            odd = RefusedTest(test, "its values have another type than those of the other tests")
            read = ReadFunction.of(self.row, self.definition, rest, [*self.unusable, odd])
            if read.function.parameters != self.function.parameters:
                yield read


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
    where it is there. `benchmark`, where it is set, says that the solution is not shown, so that a test
    must say which value it expects.
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
        return _Started(row, definition, *read_tests(definition, row["tests"], exact=bool(row.get("benchmark"))))
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


def _finish(item: _Started, evaluated: list[Calls | Refused]) -> ReadFunction | RefusedRow:
    answers = iter(evaluated)
    calls: list[tuple[str, Call]] = []
    refused = list(item.refused)
    for test, read in item.read:
        answer = next(answers) if isinstance(read, Pending) else (read,)
        if isinstance(answer, Refused):
            refused.append(RefusedTest(test, str(answer)))
        else:
            calls += [(test, call) for call in answer]
    function = ReadFunction.of(item.row, item.definition, calls, refused)
    if not function.function.cases:
        return RefusedRow(item.row, f"none of its tests can be used; the first: {function.refused[0].reason}")
    return function

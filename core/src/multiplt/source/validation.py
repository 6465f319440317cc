"""Stage `testgen`: of the tests that a model wrote, those that execution confirms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from multiplt.rows import Row, set_aside
from multiplt.run.engine import StageContext, StageResult
from multiplt.run.resources import LazyExecutor
from multiplt.settings import ExecuteSettings, TestgenSettings
from multiplt.source.asking import opening
from multiplt.source.assertions import read_asserts
from multiplt.source.candidates import TestedFunction
from multiplt.source.coverage import measure
from multiplt.source.evaluation import Runs, observe
from multiplt.source.extract import parsing

ROUNDS = 4
"""Tests that end the whole run (a crash, a loop that nothing interrupts) are left out one by one, so many times."""


@dataclass(frozen=True)
class KeepTests:
    """Functions with `samples` → those of which enough tests hold.

    They get `tests`, `coverage` and `branch_coverage` in percent, `tests_failed`, the number of wrong ones, and
    `refused_tests`, the others that are not kept with their reasons.
    """

    testgen: TestgenSettings
    execute: ExecuteSettings
    name: str = "testgen"

    def settings(self) -> Mapping[str, Any]:
        """What decides the rows."""
        names = {"style", "min_coverage", "min_tests", "max_tests", "test_timeout"}
        return self.testgen.model_dump(include=names)

    def __call__(self, rows: list[Row], context: StageContext) -> StageResult:
        """Each row, kept or set aside."""
        executor = context.resource("executor", lambda: LazyExecutor(self.execute))
        with parsing():
            functions = [self._open(row) for row in rows]
        for _ in range(ROUNDS):
            _run([function for function in functions if function.waiting], executor, self.testgen.test_timeout)
        for function in functions:
            function.give_up()
        self._complete(functions)
        context.advance(len(rows))
        kept = [function.row for function in functions if not function.reason]
        rejected = [
            set_aside(function.row | {"detail": function.detail}, self.name, function.reason)
            for function in functions
            if function.reason
        ]
        return StageResult(kept, rejected)

    def _open(self, row: Row) -> TestedFunction:
        start = opening(row["entrypoint"], self.testgen.style)
        said = [start + _whole_lines(sample) for sample in row["samples"] if "error" not in sample]
        tests = dict.fromkeys(test for text in said for test in read_asserts(text, row["entrypoint"]))
        bare = {name: value for name, value in row.items() if name != "samples"}
        return TestedFunction.of(bare, [*tests][: self.testgen.max_tests])

    def _complete(self, functions: Sequence[TestedFunction]) -> None:
        """Give the functions their fields, and set aside those with too few tests or too little coverage."""
        testable = [function for function in functions if function.definition]
        ran = [(function.row["content"], function.row["entrypoint"], function.arcs) for function in testable]
        for function, coverage in zip(testable, measure(ran), strict=True):
            tests = [*function.kept.values()]
            function.row = function.row | {
                "tests": tests,
                "coverage": coverage.lines,
                "branch_coverage": coverage.branches,
                "tests_failed": function.failed,
                "refused_tests": [{"test": test, "reason": reason} for test, reason in function.refused],
            }
            if len(tests) < self.testgen.min_tests:
                function.set_aside("too few of its tests hold", f"{len(tests)} of {self.testgen.min_tests}")
            elif coverage.lines < self.testgen.min_coverage:
                function.set_aside("its tests cover too little", f"{coverage.lines:g}% of its lines")


def _whole_lines(sample: Row) -> str:
    """What a model said, without a last line that its limit of tokens cut off."""
    text: str = sample["text"]
    return text.rpartition("\n")[0] if sample.get("finish_reason") == "length" else text


def _run(functions: Sequence[TestedFunction], executor: Runs, patience_s: float) -> None:
    """Run the tests that wait."""
    evaluations = (evaluation for function in functions for evaluation in function.evaluations(patience_s))
    for function, observed in zip(functions, observe(evaluations, executor), strict=True):
        function.take(observed)

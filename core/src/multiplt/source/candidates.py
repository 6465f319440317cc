"""A function while the tests that a model wrote for it are tried: which hold, and what they show of the function."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from multiplt.asserts import Call, Pending, Signature, read_test
from multiplt.claims import calls_of
from multiplt.errors import Refused
from multiplt.functions import Definition, read_definition
from multiplt.literals import to_text
from multiplt.rows import Row
from multiplt.source.evaluation import CHANGES, Calls, Evaluation, Observed, is_unknown
from multiplt.types import infer_type

LONGEST = 2000
"""Characters of a test that is kept."""


@dataclass(frozen=True)
class Candidate:
    """A test: its text, what it says where that is literal, and what is run of it.

    Of a literal one only the call is run, and what it returns is compared here, out of the function's reach.
    `is_truth` says that it asks only whether the result is true: enough where that is a bool.
    """

    text: str
    says: Call | None
    run: Pending
    is_truth: bool = False

    @classmethod
    def of(cls, test: str, signature: Signature) -> Candidate:
        """Read a test. Raises `Refused` for what is no test of the function."""
        read = read_test(test, signature)
        if isinstance(read, Pending):
            if read.truth is None:
                read_test(test, signature, exact=True)  # it must say which value, not only something of it
            return cls(test, None, Pending(test, many=read.many), is_truth=read.truth is not None)
        (call, *_) = calls_of(signature.name, [ast.parse(test)])
        return cls(test, read, Pending(ast.unparse(call)))


@dataclass
class TestedFunction:
    """A function and what became of its tests so far; `reason` and `detail` say why it is set aside, if it is."""

    row: Row
    definition: Definition | None = None
    waiting: list[Candidate] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    failed: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    arcs: set[tuple[int, int]] = field(default_factory=set)
    reason: str = ""
    detail: str = ""

    @classmethod
    def of(cls, row: Row, tests: Sequence[str]) -> TestedFunction:
        """A function of which all tests wait to be run."""
        try:
            definition = read_definition(row["content"], row["entrypoint"])
        except Refused as reason:
            return cls(row, reason="it cannot be tested", detail=str(reason))
        function = cls(row, definition)
        for test in tests:
            try:
                function.waiting.append(Candidate.of(test, definition.signature))
            except Refused as reason:
                function.refused.append((test, str(reason)))
        return function

    def evaluations(self, patience_s: float) -> Iterator[Evaluation]:
        """What runs the tests that wait."""
        if self.definition and self.waiting:
            tests = tuple(test.run for test in self.waiting)
            yield Evaluation(self.definition, tests, patience_s, self.definition.lines)

    def take(self, observed: Observed) -> None:
        """Judge the tests that ran; those that did not, since another ended the run, go on waiting."""
        ran, self.waiting = self.waiting, []
        for number, (test, calls, seen) in enumerate(zip(ran, observed.calls, observed.seen, strict=True)):
            if is_unknown(calls) and number != observed.culprit:
                self.waiting.append(test)
                continue
            if seen and seen.uses:
                self.set_aside(f"it uses {seen.uses[0]}", ", ".join(seen.uses))
            if seen and seen.changed:
                self.set_aside("it changes its arguments", test.text)
            if isinstance(calls, Refused):
                self._fail(test, str(calls))
            else:
                self._judge(test, calls, seen.arcs if seen else ())

    def give_up(self) -> None:
        """No test waits any longer."""
        self.refused += [(test.text, "another test of the function ends the run") for test in self.waiting]
        self.waiting = []

    def set_aside(self, reason: str, detail: str) -> None:
        """Give the function up; the first reason counts."""
        if not self.reason:
            self.reason, self.detail = reason, detail[:300]

    def _fail(self, test: Candidate, reason: str) -> None:
        if reason == CHANGES:
            self.set_aside("its answers change from run to run", test.text)
        elif reason.startswith("the function does not load"):
            self.set_aside("it does not load on its own", reason)
        elif reason.startswith("the test raises AssertionError"):
            self.failed += 1
        else:
            self.refused.append((test.text, reason))

    def _judge(self, test: Candidate, calls: Calls, arcs: Sequence[tuple[int, int]]) -> None:
        if test.says and not _holds(test.says, calls[0].expected):
            self.failed += 1
            return
        for call in calls:
            if test.is_truth and not isinstance(call.expected, bool):
                self.refused.append((test.text, "it says less of the call than its value"))
                continue
            if reason := _no_value(call):
                self.refused.append((test.text, reason))
                continue
            text = test.text if test.says and test.says.tolerance is not None else self._text(call)
            if len(text) > LONGEST:
                self.refused.append((test.text[:LONGEST], "its values are too long"))
            else:
                self.kept.setdefault(to_text(call.arguments), text)
                self.arcs |= {*arcs}

    def _text(self, call: Call) -> str:
        assert self.definition is not None
        signature = self.definition.signature
        positional = len(signature.parameters) - signature.keyword_only
        named = zip(signature.parameters, map(to_text, call.arguments), strict=True)
        arguments = [f"{name}={value}" if place >= positional else value for place, (name, value) in enumerate(named)]
        return f"assert {signature.name}({', '.join(arguments)}) == {to_text(call.expected)}"


def _no_value(call: Call) -> str | None:
    """Why the values of a call are none that other languages have, if so."""
    try:
        for value in (*call.arguments, call.expected):
            infer_type(value)
    except Refused as reason:
        return str(reason)
    return None


def _holds(says: Call, returned: Any) -> bool:
    """Whether a call returned what a literal test says."""
    if says.check == "truth":
        return bool(returned) is bool(says.expected)
    if says.tolerance is not None:
        if isinstance(returned, bool) or not isinstance(returned, int | float):
            return False
        return bool(abs(returned - says.expected) <= says.tolerance)
    return _equal(returned, says.expected) or to_text(returned) == to_text(says.expected)


def _equal(returned: Any, expected: Any) -> bool:
    """Equality as Python has it, but for floats, which are equal within what a model writes of their digits."""
    match returned, expected:
        case (float(), int() | float()) | (int(), float()):
            return math.isclose(returned, expected, rel_tol=1e-6, abs_tol=1e-9)
        case (list(), list()) | (tuple(), tuple()) if len(returned) == len(expected):
            return all(map(_equal, returned, expected))
        case dict(), dict() if returned.keys() == expected.keys():
            return all(_equal(returned[key], expected[key]) for key in returned)
    return bool(returned == expected)

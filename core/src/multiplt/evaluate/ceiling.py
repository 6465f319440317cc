"""The ceiling of a set of problems: what share of them a completion could pass, and why not the others.

Each suite is run against a stub that raises a mark. A problem is reachable when every test gets as far as
the stub and no two tests contradict each other. A suite that came as text is run as a whole; where that
does not show that all its tests got there, it is run without its tests, when the stub must keep quiet, and
with each of them alone. Nothing is known of the values that it expects: a test that compares with something
else than was meant counts as reachable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, takewhile

from multiplt.errors import Refused
from multiplt.execute.plan import MIB, Outcome
from multiplt.execute.records import shown
from multiplt.execute.verdicts import MARK, Judge, Run, Submission
from multiplt.functions import without_contradictions
from multiplt.problems import Problem, Status, Strict

OUTPUT = MIB
"""Bytes of output that are kept: a suite may show the mark once for each test, with a stack trace."""

ALIKE = 3
"""Words, the status among them, with which the causes of one class begin."""

STATIC = (Status.SYNTAX, Status.STATIC_TYPE)

NAME = re.compile(r"\bcandidate\b")
"""What MultiPL-E's suites call the function: the first line with it gives it that name, the others are tests."""

ERROR = re.compile(
    r"^\s*(?:(?:Error|ERROR|error): *(?=\S)|(?=\w*(?:Error|Exception)\b))(?P<message>.*(?:\n {5,}.*)*)", re.MULTILINE
)
"""A line that begins with a word for an error, and what is indented below it."""


@dataclass(frozen=True)
class Reach:
    """Whether a completion could pass a problem; `cause` says why none can."""

    problem: Problem
    cause: str = ""

    @property
    def reachable(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.cause


def reaches(
    problems: Sequence[Problem], judge: Judge, advance: Callable[[], None] = lambda: None
) -> list[Reach | Refused]:
    """For each problem, all in the judge's language, whether a completion could pass it.

    `Refused` takes the place of a problem in which the plugin fails. `advance` is called for each.
    """
    judge = Judge(judge.language, judge.executor, replace(judge.limits, output=OUTPUT))
    found: list[Reach | Refused] = []
    doubtful: dict[int, list[Problem]] = {}
    for number, run in enumerate(judge.runs(_stubs(problems, judge))):
        found.append(run if isinstance(run, Refused) else Reach(run.problem, _cause(run)))
        if isinstance(run, Run) and _may_hide_tests(run):
            doubtful[number] = [_with_tests(run.problem, [test]) for test in _lines_of_tests(run.problem)]
            doubtful[number].append(_with_tests(run.problem, []))
        else:
            advance()
    runs = judge.runs(_stubs(chain.from_iterable(doubtful.values()), judge))
    for number, variants in doubtful.items():
        *alone, without = islice(runs, len(variants))
        causes = [_cause_without_tests(without), *map(_cause_of_one_test, alone)]
        found[number] = Reach(problems[number], next(filter(None, causes), ""))
        advance()
    return found


def _stubs(problems: Iterable[Problem], judge: Judge) -> Iterator[Submission | Refused]:
    for problem in problems:
        try:
            yield Submission(problem, judge.language.build_stub(problem, MARK))
        except Refused as reason:
            yield reason


def _cause(run: Run) -> str:
    """Why no completion can pass, as far as one run of the stub shows it."""
    return _strict_cause(run, run.problem.multiplt) if run.problem.multiplt else _compat_cause(run)


def _cause_of_one_test(run: Run | Refused) -> str:
    """Why this test cannot be passed. One that compiles among the others but not alone was cut in the middle."""
    return "" if isinstance(run, Refused) or run.results.status in (*STATIC, Status.OK) else _cause(run)


def _cause_without_tests(run: Run | Refused) -> str:
    return "the function's body runs before any test" if isinstance(run, Run) and MARK in _said(run.outcome) else ""


def _strict_cause(run: Run, strict: Strict) -> str:
    cases = strict.typed_cases()
    if contradictory := without_contradictions(cases)[1]:
        return f"{len(contradictory)} tests contradict each other: the same arguments, different answers"
    if run.results.status:
        return f"{run.results.status}: {_error(run)}"
    for number, result in enumerate(run.results.cases):
        if result.kind != "raised" or MARK not in str(result.value):
            said = result.value if result.kind == "raised" else shown(result.value)
            return f"test {number} does not reach the function: {said}"
    return ""


def _compat_cause(run: Run) -> str:
    if run.results.status not in STATIC and MARK in _said(run.outcome):
        return ""
    if run.results.status is Status.OK:
        return "the tests do not call the function"
    return f"{run.results.status}: {_error(run)}"


def _said(outcome: Outcome) -> str:
    return f"{outcome.stdout}\n{outcome.stderr}"


def _error(run: Run) -> str:
    """What of a failure names it, in one line and without its place in the program."""
    said = run.results.message if run.problem.multiplt or not run.outcome.stderr else _said(run.outcome)
    named = ERROR.search(said)
    line = named["message"] if named else next(filter(str.strip, said.splitlines()), "it says nothing")
    placeless = re.sub(rf"^.*?{re.escape(run.program.entry)}:\d+(:\d+)?:?\s*", "", line)
    return " ".join(placeless.split())[:200]


def _may_hide_tests(run: Run) -> bool:
    """Whether the stub was reached, but perhaps not by each test of a suite as text, or not by a test at all."""
    if run.problem.multiplt or _compat_cause(run):
        return False
    tests, marks = len(_lines_of_tests(run.problem)), _said(run.outcome).count(MARK)
    return marks < tests or tests == 1


def _lines_of_tests(problem: Problem) -> list[int]:
    return [number for number, line in enumerate(problem.tests.splitlines()) if NAME.search(line)][1:]


def _with_tests(problem: Problem, kept: Sequence[int]) -> Problem:
    """The problem with the tests of its suite in the lines `kept` alone."""
    left_out = set(_lines_of_tests(problem)).difference(kept)
    lines = (line for number, line in enumerate(problem.tests.splitlines()) if number not in left_out)
    return problem.model_copy(update={"tests": "\n".join(lines)})


def cause_classes(causes: Iterable[str]) -> list[tuple[str, int]]:
    """Causes that begin alike as one class, called by the words that they share; the most frequent first.

    >>> cause_classes(["TypeError: Unbound constructor N", "TypeError: Unbound constructor S", "Timeout"])
    [('TypeError: Unbound constructor …', 2), ('Timeout', 1)]
    """
    classes: dict[tuple[str, ...], list[list[str]]] = {}
    for words in map(str.split, causes):
        classes.setdefault(tuple(words[:ALIKE]), []).append(words)
    named = [(_shared(alike), len(alike)) for alike in classes.values()]
    return sorted(named, key=lambda item: (-item[1], item[0]))


def _shared(causes: Sequence[Sequence[str]]) -> str:
    alike = [words[0] for words in takewhile(lambda words: len(set(words)) == 1, zip(*causes, strict=False))]
    return " ".join([*alike, *(["…"] if any(len(words) > len(alike) for words in causes) else [])])

"""From completions to verdicts: build the program, run it, read the answer, judge."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import cached_property

from multiplt.errors import MultipltError, Refused
from multiplt.execute.executor import Executor
from multiplt.execute.judge import judge
from multiplt.execute.plan import Command, ExecutionPlan, Limits, Outcome, Program
from multiplt.execute.sandbox import InfrastructureError
from multiplt.functions import Case, Function, Parameter
from multiplt.hookspecs import Results
from multiplt.plugins import BoundLanguage
from multiplt.problems import Completion, Problem, Verdict
from multiplt.settings import PromptSettings
from multiplt.translate.problems import build_problem
from multiplt.types import INT
from multiplt.values import Value

MARK = "multiplt-reached"
"""What a stub raises, to see that a test reaches it."""

PATIENCE_S = 120.0
"""Seconds for the first start of a toolchain, which may have to be read from a cold disk."""


@dataclass(frozen=True)
class Submission:
    """A completion of a problem, to be judged."""

    problem: Problem
    completion: Completion


@dataclass(frozen=True)
class Judged:
    """A verdict, and the text of the program that it is about: the candidate and its suite."""

    verdict: Verdict
    program: str


@dataclass(frozen=True)
class Run:
    """One run of a submission's program: what came of it, and what its language reads from that."""

    problem: Problem
    program: Program
    outcome: Outcome
    results: Results


@dataclass(frozen=True)
class Submitted:
    """A submission whose program runs, or will."""

    judge: Judge
    problem: Problem
    program: Program
    outcome: Future[Outcome]

    def is_done(self) -> bool:
        """Whether it has run."""
        return self.outcome.done()

    def verdict(self) -> Judged:
        """The verdict, waited for. Raises `Refused` where a plugin fails in it."""
        return self.judge.verdict(self.problem, self.program, self.outcome.result())


class Judge:
    """Judges completions in one language with one executor.

    >>> judge = Judge(language, executor, Limits(wall_s=10))  # doctest: +SKIP
    >>> judge.check()  # doctest: +SKIP
    >>> next(judge.verdicts([Submission(problem, completion)])).verdict.status  # doctest: +SKIP
    """

    def __init__(self, language: BoundLanguage, executor: Executor, limits: Limits) -> None:
        self.language = language
        self.executor = executor
        self.limits = limits

    @cached_property
    def toolchain(self) -> str:
        """The first line that the toolchain says of its version, inside the sandbox.

        Raises `MultipltError` where it does not start, with the package to install.
        """
        spec = self.language.spec
        plan = self.language.execution_plan(Program({}, ""), replace(self.limits, wall_s=PATIENCE_S))
        mend = f"install it: apt-get install {spec.package}"
        try:
            outcome = next(self.executor.run([replace(plan, run=Command(*spec.toolchain), checks=(), server=None)]))
        except InfrastructureError as error:
            raise MultipltError(f"{spec.toolchain[0]}, the toolchain of {spec.name}, does not start; {mend}") from error
        said = (outcome.stdout.strip() or outcome.stderr.strip()).splitlines()
        if outcome.exit_code != 0 or not said:
            why = said[0] if said else "it says nothing"
            raise MultipltError(f"{spec.toolchain[0]}, the toolchain of {spec.name}, fails ({why}); {mend}")
        return said[0]

    def check(self) -> None:
        """Run a canary before a job: a stub must be reached, so that a broken toolchain never scores 0.

        Raises `MultipltError` naming the toolchain and what it said.
        """
        problem = canary(self.language)
        stub = Submission(problem, self.language.build_stub(problem, MARK))
        verdict = next(self._judged([stub], replace(self.limits, wall_s=PATIENCE_S))).verdict
        if verdict.failure is None or MARK not in verdict.failure.actual:
            said = (verdict.message or verdict.stderr).strip().splitlines()
            raise MultipltError(
                f"{self.toolchain} ({self.language.spec.name}) does not run a trivial program: "
                f"{verdict.status}{', ' + said[0] if said else ''}; see: multiplt doctor"
            )

    def verdicts(self, submissions: Iterable[Submission]) -> Iterator[Judged]:
        """Verdicts in the order of the submissions, which are read lazily.

        Raises `Refused` where a plugin fails in one of them.
        """
        return self._judged(submissions, self.limits)

    def attempts(self, submissions: Iterable[Submission | Refused]) -> Iterator[Judged | Refused]:
        """As `verdicts`; where a plugin failed in a submission, before or now, the refusal takes its place."""
        return self._attempted(submissions, self.limits)

    def runs(self, submissions: Iterable[Submission | Refused]) -> Iterator[Run | Refused]:
        """As `attempts`, what came of each submission instead of the verdict on it."""
        return self._run(submissions, self.limits)

    def submit(self, submission: Submission) -> Submitted:
        """Start a submission's program, as `Executor.submit` does. Raises `Refused` where a plugin fails in it."""
        program, plan = self._plan(submission, self.limits)
        return Submitted(self, submission.problem, program, self.executor.submit(plan))

    def verdict(self, problem: Problem, program: Program, outcome: Outcome) -> Judged:
        """What came of a program, judged. Raises `Refused` where a plugin fails in it."""
        run = self._read(problem, program, outcome)
        if isinstance(run, Refused):
            raise run
        return self._judge(run)

    def _judged(self, submissions: Iterable[Submission], limits: Limits) -> Iterator[Judged]:
        for attempt in self._attempted(submissions, limits):
            if isinstance(attempt, Refused):
                raise attempt
            yield attempt

    def _attempted(self, submissions: Iterable[Submission | Refused], limits: Limits) -> Iterator[Judged | Refused]:
        for run in self._run(submissions, limits):
            yield run if isinstance(run, Refused) else self._judge(run)

    def _judge(self, run: Run) -> Judged:
        verdict = judge(run.problem, run.outcome, run.results, self.language.spec.idioms, self.toolchain)
        return Judged(verdict, run.program.text)

    def _run(self, submissions: Iterable[Submission | Refused], limits: Limits) -> Iterator[Run | Refused]:
        self.toolchain  # noqa: B018, before the pass: the executor makes one at a time
        waiting: deque[tuple[Problem, Program] | Refused] = deque()

        def plans() -> Iterator[ExecutionPlan]:
            for submission in submissions:
                try:
                    if isinstance(submission, Refused):
                        raise submission
                    program, plan = self._plan(submission, limits)
                except Refused as reason:
                    waiting.append(reason)
                    continue
                waiting.append((submission.problem, program))
                yield plan

        for outcome in self.executor.run(plans()):
            while isinstance(head := waiting.popleft(), Refused):
                yield head
            yield self._read(*head, outcome)
        yield from (head for head in waiting if isinstance(head, Refused))

    def _plan(self, submission: Submission, limits: Limits) -> tuple[Program, ExecutionPlan]:
        program = self.language.build_program(submission.problem, submission.completion)
        return program, replace(self.language.execution_plan(program, limits), toolchain=self.toolchain)

    def _read(self, problem: Problem, program: Program, outcome: Outcome) -> Run | Refused:
        try:
            return Run(problem, program, outcome, self.language.parse_result(problem, program, outcome))
        except Refused as reason:
            return reason


def canary(language: BoundLanguage) -> Problem:
    """A problem that every language can express: the successor of an int."""
    function = Function(
        name="successor",
        parameters=(Parameter("n", INT),),
        returns=INT,
        docstring="The int after n.",
        cases=(Case((Value(INT, 1),), Value(INT, 2)),),
        source="def successor(n):\n    return n + 1",
        python_name="successor",
    )
    return build_problem(language, function, "successor", PromptSettings(canonical=False))[0]

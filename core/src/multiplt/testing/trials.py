"""Running completions for the checks of a language: many in one pass, also without anything of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ParamSpec, TypeVar

from multiplt.errors import MultipltError
from multiplt.execute.executor import Executor
from multiplt.execute.judge import judge
from multiplt.execute.plan import ExecutionPlan, Limits, Outcome, Program
from multiplt.hookspecs import Results
from multiplt.plugins import BoundLanguage
from multiplt.problems import Completion, Problem, Verdict

NONCE = "0" * 32
END_RECORD = f"35:z{NONCE} 0".encode()
PATIENT = Limits(wall_s=60)
"""Limits that a program keeps to on a machine that is busy with other things."""

WIDENED = 4
"""How many times the memory and the time that it is given a language may make of them; no trial gets more."""

Run = Callable[[Sequence[ExecutionPlan]], list[Outcome | MultipltError]]

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Trial:
    """A completion to be run; `bare` runs candidate and suite as text, with nothing of ours in the program."""

    problem: Problem
    completion: Completion
    bare: bool = False
    limits: Limits = PATIENT


@dataclass(frozen=True)
class Tried:
    """What came of a trial; the verdict on a bare one is MultiPL-E's rule alone."""

    problem: Problem
    outcome: Outcome
    results: Results
    verdict: Verdict


def run_trials(
    language: BoundLanguage, trials: Iterable[Trial | MultipltError], run: Run
) -> list[Tried | MultipltError]:
    """What came of each trial, or the error that it was or that the plugin or the sandbox made of it."""
    programs = [attempt(_lay_out, language, trial) for trial in trials]
    outcomes = iter(run([program.plan for program in programs if isinstance(program, _LaidOut)]))
    return [
        attempt(_read, language, program, next(outcomes)) if isinstance(program, _LaidOut) else program
        for program in programs
    ]


def run_plans(executor: Executor, plans: Sequence[ExecutionPlan]) -> list[Outcome | MultipltError]:
    """The outcomes of plans, an error in its place."""
    outcomes: list[Outcome | MultipltError] = []
    while len(outcomes) < len(plans):
        try:
            for outcome in executor.run(plans[len(outcomes) :]):
                outcomes.append(outcome)
        except MultipltError as error:
            outcomes.append(error)
    return outcomes


def attempt(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | MultipltError:
    """What a function returns, or the error that it raises."""
    try:
        return function(*args, **kwargs)
    except MultipltError as error:
        return error


@dataclass(frozen=True)
class _LaidOut:
    problem: Problem
    program: Program
    plan: ExecutionPlan
    bare: bool


def _lay_out(language: BoundLanguage, trial: Trial | MultipltError) -> _LaidOut:
    if isinstance(trial, MultipltError):
        raise trial
    problem = trial.problem.model_copy(update={"multiplt": None}) if trial.bare else trial.problem
    program = language.build_program(problem, trial.completion)
    if trial.bare:
        program = replace(program, files={program.entry: program.text})
    plan = language.execution_plan(program, trial.limits)
    limits = plan.limits.with_(
        memory=min(plan.limits.memory, WIDENED * trial.limits.memory),
        wall_s=min(plan.limits.wall_s, WIDENED * trial.limits.wall_s),
    )
    server = None if trial.bare else plan.server
    return _LaidOut(problem, program, replace(plan, limits=limits, server=server), trial.bare)


def _read(language: BoundLanguage, laid_out: _LaidOut, outcome: Outcome | MultipltError) -> Tried:
    if isinstance(outcome, MultipltError):
        raise outcome
    if laid_out.bare:  # as if there had been an end mark, and it was reached
        outcome = replace(outcome, nonce=NONCE, records=END_RECORD)
    results = language.parse_result(laid_out.problem, laid_out.program, outcome)
    verdict = judge(laid_out.problem, outcome, results, language.spec.idioms)
    return Tried(laid_out.problem, outcome, results, verdict)

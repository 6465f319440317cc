"""Suites as text under the bare interpreter, with nothing of ours in the program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lookup import LANGUAGES
from multiplt.execute.executor import Executor
from multiplt.execute.plan import Command, ExecutionPlan, Limits, Outcome, Program
from multiplt.execute.verdicts import Submission
from multiplt.language import Language
from multiplt.problems import Status

INTERPRETERS = {"julia": "julia", "lua": "lua5.4", "ocaml": "ocaml", "r": "Rscript", "racket": "racket"}


def run_bare(submissions: list[Submission], language: str, executor: Executor) -> Iterator[tuple[bool, Outcome]]:
    """Whether prompt, completion and suite as text pass by MultiPL-E's rule, and what came of them."""
    plugin = LANGUAGES[language]
    for outcome in executor.run([_plan(submission, plugin) for submission in submissions]):
        yield plugin.compat_status(outcome) is Status.OK, outcome


def _plan(submission: Submission, plugin: Language) -> ExecutionPlan:
    """The interpreter alone on the text alone, in the limits and the environment that the language's runtime needs."""
    problem = submission.problem
    text = f"{problem.prompt}{submission.completion.code}\n{problem.tests}"
    program = Program({plugin.entry: text}, plugin.entry, "compat", text)
    plan = plugin.execution_plan(program, Limits(wall_s=60))
    return replace(plan, run=Command(INTERPRETERS[plugin.spec.name], plugin.entry), checks=())

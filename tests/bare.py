"""Suites as text under the bare interpreter, with nothing of ours there."""

from __future__ import annotations

from collections.abc import Iterator

from lookup import LANGUAGES
from multiplt.execute.executor import Executor
from multiplt.execute.plan import Command, ExecutionPlan, Limits
from multiplt.execute.verdicts import Submission
from multiplt.problems import Status

INTERPRETERS = {"julia": "julia", "lua": "lua5.4", "ocaml": "ocaml", "r": "Rscript", "racket": "racket"}


def run_bare(submissions: list[Submission], language: str, executor: Executor) -> Iterator[bool]:
    """Whether prompt, completion and suite as text pass by MultiPL-E's rule."""
    plugin = LANGUAGES[language]
    plans = [
        ExecutionPlan(
            {plugin.entry: f"{submission.problem.prompt}{submission.completion.code}\n{submission.problem.tests}"},
            Command(INTERPRETERS[language], plugin.entry),
            limits=Limits(wall_s=60),
            mounts=plugin.spec.mounts,
        )
        for submission in submissions
    ]
    for outcome in executor.run(plans):
        yield plugin.compat_status(outcome) is Status.OK

"""Random typed values through every language: there and back, changed in one place, and in the suite as text."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bare import run_bare
from counts import FULL
from lookup import LANGUAGES
from multiplt.execute.executor import Executor
from multiplt.execute.plan import Limits
from multiplt.execute.verdicts import Judge, Submission
from multiplt.plugins import installed
from multiplt.problems import Completion, Problem, Status
from random_problems import IDENTITY, Drawn, drawn, same

BATCH = 10
BATCHES = 40 if FULL else 4  # the first that hypothesis draws is the simplest, ten times

batches = settings(
    max_examples=BATCHES,
    derandomize=not FULL,
    suppress_health_check=list(HealthCheck),
)


def problems(language: str, values: list[Drawn]) -> tuple[list[Problem], list[Problem]]:
    """Problems that identity solves, and the same with another answer, which it does not."""
    right, wrong = [], []
    for type, value, other in values:
        solved, unsolved = same(language, type, value, value), same(language, type, value, other)
        right += [solved] if solved else []
        wrong += [unsolved] if unsolved else []
    return right, wrong


@pytest.mark.parametrize("language", LANGUAGES)
@batches
@given(values=st.lists(drawn, min_size=BATCH, max_size=BATCH))
def test_identity_passes_and_a_changed_value_fails(language: str, executor: Executor, values: list[Drawn]) -> None:
    right, wrong = problems(language, values)
    submissions = [Submission(problem, Completion(IDENTITY[language])) for problem in right + wrong]
    judge = Judge(installed().language(language), executor, Limits(wall_s=60))
    for number, judged in enumerate(judge.verdicts(submissions)):
        expected = Status.OK if number < len(right) else Status.WRONG
        assert judged.verdict.status is expected, (submissions[number].problem.multiplt, judged.verdict)


@pytest.mark.parametrize("language", LANGUAGES)
@settings(batches, max_examples=12 if FULL else 3)
@given(values=st.lists(drawn, min_size=BATCH, max_size=BATCH))
def test_suites_as_text_agree_with_the_core(language: str, executor: Executor, values: list[Drawn]) -> None:
    right, wrong = problems(language, values)
    submissions = [Submission(problem, Completion(IDENTITY[language])) for problem in right + wrong]
    for number, (passed, outcome) in enumerate(run_bare(submissions, language, executor)):
        assert passed == (number < len(right)), (submissions[number].problem.tests, outcome)

"""Verdicts in warm servers and one-shot: the same on real completions and on random programs, in every language."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import cycle
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counts import FULL, part
from lookup import LANGUAGES
from multiplt.execute.bubblewrap import Bubblewrap
from multiplt.execute.executor import Executor
from multiplt.execute.plan import Limits
from multiplt.execute.verdicts import Judge, Submission
from multiplt.plugins import installed
from multiplt.problems import Completion, Problem, Status
from multiplt.rows import read_completions_folder, read_rows
from multiplt.settings import PromptSettings
from multiplt.testing.conformance.functions import add
from multiplt.testing.judging import problem_of
from multiplt.testing.material import material_folder, read_material
from multiplt.translate.prompting import build_rows
from random_problems import IDENTITY, Drawn, drawn, same

BATCH, BATCHES = (25, 20) if FULL else (8, 2)
LIMITS = Limits(wall_s=15)
LIMIT = dict.fromkeys((Status.TIMEOUT, Status.OUT_OF_MEMORY), "a limit")  # which comes first is a matter of speed
LOOPING = Limits(wall_s=3)


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Executor, Executor]]:
    """What runs programs in warm servers, and what starts each for itself."""
    with Executor(Bubblewrap(eager=True)) as warm, Executor(Bubblewrap(), warm=False) as alone:
        yield warm, alone


def accounts(language: str, submissions: Sequence[Submission], limits: Limits, executor: Executor) -> list[object]:
    """What of each verdict must be the same both ways."""
    judge = Judge(installed().language(language), executor, limits)
    verdicts = [judged.verdict for judged in judge.verdicts(submissions)]
    return [(LIMIT.get(v.status, v.status), v.passed, v.total, v.failure and v.failure.case) for v in verdicts]


def require_agreement(
    both: tuple[Executor, Executor], language: str, submissions: Sequence[Submission], limits: Limits = LIMITS
) -> None:
    warm, alone = (accounts(language, submissions, limits, executor) for executor in both)
    for submission, mine, other in zip(submissions, warm, alone, strict=True):
        assert mine == other, (submission.problem.name, submission.completion)
    assert both[0].drift.drifted == 0


@pytest.mark.parametrize("benchmark", ["humaneval", "mbpp"])
@pytest.mark.parametrize("language", ["julia", "lua", "r", "racket"])
def test_answers_of_a_chat_model(
    both: tuple[Executor, Executor], reference: Path, language: str, benchmark: str
) -> None:
    target = installed().language(language)
    rows = part(list(read_rows(reference / "published" / f"{benchmark}-{target.spec.tag}.jsonl")), 4)
    problems = [Problem.from_row({**row, "gpt_solution": None}) for row in rows]
    answers = [target.extract_completion(p, row["gpt_solution"]) for p, row in zip(problems, rows, strict=True)]
    require_agreement(both, language, list(map(Submission, problems, answers)))


@pytest.mark.parametrize("language", ["julia", "lua", "r", "racket"])
def test_answers_of_a_chat_model_case_by_case(both: tuple[Executor, Executor], reference: Path, language: str) -> None:
    """Our own problems have the same names, and are judged by what each call returns."""
    target = installed().language(language)
    answers = {
        row["name"]: row["gpt_solution"]
        for row in read_rows(reference / "published" / f"humaneval-{target.spec.tag}.jsonl")
    }
    made = build_rows(part(list(read_rows("humaneval")), 12), target, PromptSettings(), both[0])
    problems = [Problem.from_row(row) for row in made if row["name"] in answers]
    assert problems
    assert all(problem.multiplt for problem in problems)
    submissions = [Submission(p, target.extract_completion(p, answers[p.name])) for p in problems]
    require_agreement(both, language, submissions)


def test_completions_of_the_papers_model(both: tuple[Executor, Executor], reference: Path) -> None:
    for _, row in part(list(read_completions_folder(reference / "rkt-15b")), 2):
        problem = Problem.from_row({key: value for key, value in row.items() if key != "completions"})
        submissions = [Submission(problem, Completion(text)) for text in part(row["completions"], 5)]
        require_agreement(both, "racket", submissions, Limits(wall_s=5))


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=BATCHES, derandomize=not FULL, suppress_health_check=list(HealthCheck))
@given(values=st.lists(drawn, min_size=BATCH, max_size=BATCH))
def test_random_programs(both: tuple[Executor, Executor], language: str, values: list[Drawn]) -> None:
    """Right, wrong and raising ones in turn."""
    target, submissions = installed().language(language), []
    for kind, (type, value, other) in zip(cycle(("right", "wrong", "raising")), values, strict=False):
        problem = same(language, type, value, other if kind == "wrong" else value)
        if problem:
            stub = target.build_stub(problem, "raised") if kind == "raising" else None
            submissions.append(Submission(problem, stub or Completion(IDENTITY[language])))
    require_agreement(both, language, submissions)


@pytest.mark.parametrize("language", LANGUAGES)
def test_looping_programs(both: tuple[Executor, Executor], language: str) -> None:
    target = installed().language(language)
    material = read_material(material_folder(target.distribution, language))
    loops = Submission(problem_of(target, add()), Completion(material.candidates["loops"]))
    require_agreement(both, language, [loops], LOOPING)


@pytest.mark.parametrize("language", LANGUAGES)
def test_servers_that_are_killed_cost_no_verdict(language: str) -> None:
    programs, kills = (2000, 50) if FULL else (30, 3)
    target = installed().language(language)
    material, problem = read_material(material_folder(target.distribution, language)), problem_of(target, add())
    chance = random.Random(0)

    def submission(number: int) -> Submission:
        code = material.candidates["wrong" if number % 3 else "right"]
        return Submission(problem, Completion(f"{code}\n{target.spec.comments.write(str(number))}\n"))

    sandbox = Bubblewrap(eager=True)
    with Executor(sandbox) as executor:
        judge = Judge(target, executor, LIMITS)
        statuses, killed = [], 0
        for judged in judge.verdicts(map(submission, range(programs))):
            statuses.append(judged.verdict.status)
            if len(statuses) % (programs // kills) == 0 and (processes := sorted(sandbox.kept())):
                with suppress(ProcessLookupError):
                    os.kill(chance.choice(processes), signal.SIGKILL)
                    killed += 1
        assert statuses == [Status.WRONG if number % 3 else Status.OK for number in range(programs)]
        assert executor.counters.warm > programs / 2
        assert killed > kills / 2

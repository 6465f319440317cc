"""What the plugins make of real functions from The Stack."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from bare import run_bare
from counts import part
from lookup import LANGUAGES, lookup
from multiplt.execute.executor import Executor
from multiplt.execute.plan import Limits
from multiplt.execute.verdicts import MARK, Judge, Submission
from multiplt.functions import Function, read_definition
from multiplt.identifiers import spell_function
from multiplt.plugins import installed
from multiplt.problems import Completion, Problem, Status
from multiplt.rows import Row, read_rows
from multiplt.run import StageContext
from multiplt.settings import ExecuteSettings, PromptSettings
from multiplt.source.infer_types import InferTypes
from multiplt.source.reading import ReadFunction, read_functions
from multiplt.translate.problems import build_problem
from multiplt.translate.prompting import build_rows
from multiplt.types import NONE, Type, union

PLAIN = PromptSettings(canonical=False)


@pytest.fixture(scope="module")
def rows(reference: Path) -> list[Row]:
    return list(read_rows(reference / "stack-functions.jsonl"))


def without_annotations(row: Row) -> Row:
    module = ast.parse(row["content"])
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
    return {**row, "content": ast.unparse(module)}


def shares(rows: list[Row], language: str, executor: Executor) -> tuple[float, float]:
    """The shares of functions and of tests that become problems."""
    made = [row for row in build_rows(rows, installed().language(language), PLAIN, executor) if "reason" not in row]
    cases = sum(len(row["multiplt"]["cases"]) for row in made)
    return len(made) / len(rows), cases / sum(len(row["tests"]) for row in rows)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nearly_all_functions_and_tests_become_problems(language: str, rows: list[Row], executor: Executor) -> None:
    functions, tests = shares(rows, language, executor)
    assert functions >= 0.95
    assert tests >= 0.97


@pytest.mark.parametrize("language", LANGUAGES)
def test_types_inferred_from_tests_lose_little(language: str, rows: list[Row], executor: Executor) -> None:
    functions, tests = shares(rows, language, executor)
    inferred_functions, inferred_tests = shares(list(map(without_annotations, rows)), language, executor)
    assert inferred_functions >= functions - 0.05
    assert inferred_tests >= tests - 0.05


def problems(rows: list[Row], language: str, executor: Executor) -> list[tuple[Function, Problem]]:
    """The functions that make a problem, names spelled and cases as the language kept them, and their problems."""
    target = installed().language(language)
    made = []
    for read in read_functions(rows, executor):
        assert isinstance(read, ReadFunction)
        function = spell_function(read.function, target.spec)
        cases = target.translate_tests(function).cases
        made.append((replace(function, cases=cases), build_problem(target, read.function, read.name, PLAIN)[0]))
    return made


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_test_of_every_problem_is_reachable(language: str, rows: list[Row], executor: Executor) -> None:
    judge = Judge(installed().language(language), executor, Limits(wall_s=60))
    made = [problem for _, problem in problems(list(part(rows, 24)), language, executor)]
    stubs = [Submission(problem, judge.language.build_stub(problem, MARK)) for problem in made]
    for problem, judged in zip(made, judge.verdicts(stubs), strict=True):
        assert judged.verdict.status is Status.EXCEPTION, (problem.name, judged.verdict)
        assert judged.verdict.failure
        assert MARK in judged.verdict.failure.actual
        assert judged.verdict.failure.case == 0


def wrong(function: Function) -> Function:
    """The same function, its first case answered by another case's value or by nothing that is right."""
    first, *others = function.cases
    other = next((case.expected for case in others if repr(case.expected) != repr(first.expected)), None)
    return replace(function, cases=(replace(first, expected=other), *others)) if other else replace(function, cases=())


@pytest.mark.parametrize("language", LANGUAGES)
def test_right_answers_pass_and_wrong_ones_fail(language: str, rows: list[Row], executor: Executor) -> None:
    """By the core, which compares values, and by the suite as text under the bare interpreter alike."""
    plugin, target = LANGUAGES[language], installed().language(language)
    made = problems(list(part(rows, 16)), language, executor)
    functions = [function for function, _ in made]
    completions = [lookup(plugin, function, function.cases) for function in [*functions, *map(wrong, functions)]]
    submissions = [Submission(p, Completion(c)) for (_, p), c in zip(made * 2, completions, strict=True)]
    expected = [Status.OK] * len(made) + [Status.WRONG] * len(made)
    for submission, judged, status in zip(
        submissions, Judge(target, executor, Limits(wall_s=60)).verdicts(submissions), expected, strict=True
    ):
        assert (judged.verdict.status is Status.OK) == (status is Status.OK), (submission.problem.name, judged.verdict)
    passes = run_bare(submissions, language, executor)
    for submission, (passed, outcome), status in zip(submissions, passes, expected, strict=True):
        assert passed == (status is Status.OK), (submission.problem.name, outcome)



def test_nine_in_ten_get_the_types_back_that_they_had(rows: list[Row], tmp_path: Path) -> None:
    """The others differ in one way: a None that the author allows is in none of the tests."""
    context = StageContext(tmp_path)
    typed = InferTypes(ExecuteSettings())([without_annotations(row) for row in rows], context).kept
    context.close()
    wanted, got = ([annotations(row, field) for row in found] for found, field in
                   ((rows, "content"), (typed, "content_with_types")))  # fmt: skip
    same = [left == right for left, right in zip(wanted, got, strict=True)]
    assert sum(same) / len(rows) >= 0.9
    for left, right in zip(wanted, got, strict=True):
        assert all(want in (have, union([have, NONE])) for want, have in zip(left, right, strict=True))


def annotations(row: Row, field: str) -> list[Type]:
    definition = read_definition(row[field], row["entrypoint"])
    return [*definition.declared, definition.returns]

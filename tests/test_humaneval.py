"""HumanEval and MBPP in every language: as many problems as are published, each of which can be passed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import error_of, multiplt, read, write
from counts import part
from lookup import LANGUAGES
from multiplt.evaluate.ceiling import Reach, reaches
from multiplt.execute.executor import Executor
from multiplt.execute.plan import Limits
from multiplt.execute.verdicts import Judge
from multiplt.plugins import installed
from multiplt.problems import Problem
from multiplt.rows import Row, read_rows
from multiplt.settings import PromptSettings
from multiplt.translate.prompting import build_rows

PUBLISHED = {"julia": 159, "lua": 161, "ocaml": 155, "r": 161, "racket": 161}
"""Problems of HumanEval in https://huggingface.co/datasets/nuprl/MultiPL-E, by language."""

BY_HAND = {"HumanEval_78_hex_key", "HumanEval_95_check_dict_case", "HumanEval_130_tri", "HumanEval_92_any_int"}
"""Problems whose types MultiPL-E's authors chose otherwise: at theirs, the tests of the last contradict each other."""

MBPP: Row = {
    "task_id": 3,
    "text": "Write a function to add up a tuple.",
    "code": "def total(items):\r\n  return sum(items)",
    "test_list": ["assert total((1, 2, 3)) == 6", "assert total((10**2, -5)) == 95", "assert total((0,)) == 0"],
    "test_setup_code": "",
    "challenge_test_list": [],
}


@pytest.fixture(scope="module")
def humaneval() -> list[Row]:
    return list(read_rows("humaneval"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_humaneval(language: str, humaneval: list[Row], executor: Executor) -> None:
    target = installed().language(language)
    made = list(build_rows(humaneval, target, PromptSettings(), executor))
    problems = [Problem.from_row(row) for row in made if "reason" not in row]
    assert len(problems) >= PUBLISHED[language]
    assert all("Python" not in problem.prompt for problem in problems)
    found = reaches(part(problems, 8), Judge(target, executor, Limits(wall_s=60)))
    assert [reach for reach in found if not isinstance(reach, Reach) or not reach.reachable] == []


def originals(reference: Path, language: str) -> set[str]:
    path = reference / "multipl-e" / f"humaneval-{LANGUAGES[language].spec.tag}.jsonl"
    return {row["name"] for row in read_rows(path)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_problem_of_multipl_e_is_there(
    language: str, humaneval: list[Row], executor: Executor, reference: Path
) -> None:
    rows = [row for row in humaneval if row["name"] in originals(reference, language)]
    made = build_rows(rows, installed().language(language), PromptSettings(), executor)
    assert {row["name"] for row in made if "reason" not in row} == originals(reference, language)


def test_types_are_those_that_people_wrote(humaneval: list[Row], executor: Executor, reference: Path) -> None:
    """Types from the annotations and tests of HumanEval, against those that MultiPL-E's authors added by hand."""
    typed = {row["name"]: row["text"] for row in read_rows(reference / "multipl-e" / "humaneval-originals.jsonl")}
    rows = [row for row in humaneval if row["name"] in typed.keys() - BY_HAND]
    by_hand = [{**row, "content_with_types": typed[row["name"]].split("### Unit tests")[0]} for row in rows]
    language = installed().language(next(iter(LANGUAGES)))
    ours, theirs = (build_rows(given, language, PromptSettings(), executor) for given in (rows, by_hand))
    for mine, other in zip(ours, theirs, strict=True):
        for field in ("parameters", "returns"):
            assert mine["multiplt"][field] == other["multiplt"][field], mine["name"]


def test_the_command_reads_benchmarks(tmp_path: Path) -> None:
    out = tmp_path / "problems.jsonl"
    source = write(tmp_path / "mbpp.jsonl", [MBPP, {**MBPP, "code": "def total(:"}])
    multiplt("prompts", f"mbpp:{source}", "-l", "ocaml", "-o", out)
    (row,) = read(out)
    assert row["name"] == "mbpp_3_total"
    assert row["prompt"] == "(**Write a function to add up a tuple.\n*)\nlet total (items : int list) : int ="
    (rejected,) = read(tmp_path / "problems.rejected.jsonl")
    assert "not Python" in rejected["reason"]


def test_solutions_of_benchmarks_cannot_be_asked_for(tmp_path: Path) -> None:
    translate = ("translate", "humaneval", "-l", "ocaml", "--model", "replay:x", "-o", tmp_path / "run")
    for command in (("prompts", "humaneval", "-l", "ocaml", "-o", "-"), translate):
        assert "is a benchmark, whose prompts show no solution" in error_of(multiplt(*command, "--canonical", code=2))
    assert not list(tmp_path.iterdir())


def test_a_benchmark_that_is_not_there(tmp_path: Path) -> None:
    done = multiplt("prompts", "mbpp:nowhere.jsonl", "-l", "ocaml", "-o", tmp_path / "problems.jsonl", code=1)
    assert error_of(done) == "there is no file or folder nowhere.jsonl; check the path"


def test_a_run_on_a_benchmark(tmp_path: Path) -> None:
    write(tmp_path / "mbpp.jsonl", [MBPP])
    answer = {"name": "mbpp_3_total", "language": "ocaml", "completions": [" List.fold_left (+) 0 items\n"]}
    write(tmp_path / "completions.jsonl", [answer])
    config = tmp_path / "config.toml"
    config.write_text(
        '[run]\noutput = "out"\nlanguages = ["ocaml"]\n[source]\nfunctions = "mbpp:mbpp.jsonl"\n'
        '[model]\nname = "replay:completions.jsonl"\n[sampling]\nn = 1\n[execute]\ntimeout = 30.0\n'
    )
    (summary,) = json.loads(multiplt("run", config, "--json").stdout)
    assert summary["verdicts"] == {"OK": 1}
    refused = multiplt("run", config, "--set", "prompts.canonical=true", code=2)
    assert "whose prompts show no solution" in error_of(refused)

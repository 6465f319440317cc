"""From Python files to tested, typed functions, as a user runs it: each stage a command, or all of them a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import config, error_of, multiplt, read, write
from multiplt.rows import read_rows
from source_code import answers, extracted, project, translations

NAMES = ["add_0", "scale_0", "add_1", "scale_1"]
FILTER = ("--benchmark", "humaneval")


@pytest.fixture
def replay(tmp_path: Path) -> str:
    rows = extracted(project(tmp_path / "code", files=2))
    return f"replay:{write(tmp_path / 'replay.jsonl', [*answers(rows), *translations(rows)])}"


def test_each_stage_is_a_command_and_reads_what_the_one_before_wrote(tmp_path: Path, replay: str) -> None:
    functions, filtered, tested, typed = (tmp_path / f"{n}.jsonl" for n in ("functions", "filtered", "tested", "typed"))
    done = multiplt("extract", tmp_path / "code", "-o", functions)
    assert "it has no docstring" in done.stderr
    assert "15 functions written" in done.stderr
    done = multiplt("filter", functions, "-o", filtered, *FILTER, "--json")
    reasons = {reason: count for stage in json.loads(done.stdout) for reason, count in stage["reasons"].items()}
    assert reasons == {
        "it has a TODO": 3, "it does not type-check on its own": 3,
        "it is a copy of another function": reasons["it is a copy of another function"],
    }  # fmt: skip
    assert [row["entrypoint"] for row in read(filtered)] == [
        "add_0", "scale_0", "random_0", "add_1", "scale_1", "random_1",
    ]  # fmt: skip
    multiplt("testgen", filtered, "--model", replay, "-n", 2, "-o", tested)
    assert [row["entrypoint"] for row in read(tested)] == NAMES
    first = read(tested)[0]
    assert first["tests"] == ["assert add_0(1) == 1", "assert add_0(-3) == -3", "assert add_0(10) == 10",
                              "assert add_0(None) == 0"]  # fmt: skip
    assert (first["coverage"], first["branch_coverage"], first["tests_failed"]) == (100.0, 100.0, 1)
    assert [row["reason"] for row in read(tmp_path / "tested.rejected.jsonl")] == ["it uses random numbers"] * 2
    multiplt("infer-types", tested, "-o", typed)
    assert "def add_0(n: Optional[int]) -> int:" in read(typed)[0]["content_with_types"]
    done = multiplt("prompts", typed, "-l", "ocaml", "-o", "-")
    assert [json.loads(line)["name"].rpartition("_")[0][-5:] for line in done.stdout.splitlines()]
    assert len(done.stdout.splitlines()) == 4


def test_a_run_goes_from_code_to_translations_and_a_second_does_nothing(tmp_path: Path, replay: str) -> None:
    path = config(tmp_path, 0, source={"code": ["code"]}, model={"name": replay}, sampling={"n": 2},
                  filter={"benchmarks": ["humaneval"]}, testgen={"n": 2}, run={"shard_size": 2})  # fmt: skip
    path.write_text(path.read_text().replace('functions = "functions.jsonl"\n', ""))
    done = multiplt("run", path)
    assert "it does not type-check on its own" in done.stderr
    typed = list(read_rows(tmp_path / "out" / "functions"))
    assert [row["entrypoint"] for row in typed] == NAMES
    assert [row["pass_rate"] for row in read_rows(tmp_path / "out" / "dataset" / "ocaml.parquet")] == [0.5, 0.5]
    again = multiplt("run", path)
    assert "everything was done before" in again.stderr
    assert again.stdout == done.stdout


def test_what_a_filter_says_of_one_function(tmp_path: Path) -> None:
    functions = tmp_path / "functions.jsonl"
    multiplt("extract", project(tmp_path / "code"), "-o", functions)
    row = next(row for row in read(functions) if row["entrypoint"] == "todo_1")
    done = multiplt("filter", functions, "--explain", row["id"], *FILTER)
    said = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert said["todo"] == "it has a TODO: TODO"
    assert said["returns"] == said["types"] == "keeps it"
    assert "no function with the id nosuch" in error_of(
        multiplt("filter", functions, "--explain", "nosuch", *FILTER, code=2)
    )


def test_rejected_rows_are_brief_unless_they_are_to_be_kept(tmp_path: Path) -> None:
    code = project(tmp_path / "code")
    multiplt("extract", code, "-o", tmp_path / "brief.jsonl")
    multiplt("extract", code, "-o", tmp_path / "whole.parquet", "--keep-rejected")
    brief, whole = (read(tmp_path / f"{name}.rejected.jsonl") for name in ("brief", "whole"))
    assert len(brief) == len(whole) == 5
    assert not any("content" in row for row in brief)
    assert all("content" in row for row in whole if row["reason"] == "it has no docstring")


def test_a_folder_keeps_its_shards(tmp_path: Path) -> None:
    multiplt("extract", project(tmp_path / "code"), "-o", tmp_path / "out", "--shard-size", 2)
    assert sorted(path.name for path in (tmp_path / "out").glob("*.parquet")) == [
        f"shard-0000{number}.parquet" for number in range(3)
    ]
    assert len(list(read_rows(tmp_path / "out"))) == 20
    again = multiplt("extract", tmp_path / "code", "-o", tmp_path / "out", "--shard-size", 2)
    assert "20 functions written" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["extract", "nosuchthing", "-o", "x.jsonl"], "nosuchthing"),
        (["extract", "code"], "there is no output"),
        (["filter", "f.jsonl", "-o", "x.jsonl", "--benchmark", "mbpp:nowhere.jsonl"], "nowhere.jsonl"),
        (["testgen", "f.jsonl", "-o", "x.jsonl", "--model", "replay:nowhere.jsonl"], "nowhere.jsonl"),
        (["filter", "nameless.jsonl", "-o", "x.jsonl"], "no column id, only content"),
        (["testgen", "nameless.jsonl", "-o", "x.jsonl", "--model", "replay:f.jsonl"], "no column id"),
        (["filter", "f.jsonl", "-o", "-", "--json"], "both write to standard output"),
    ],
)
def test_a_wrong_call_stops_before_any_work(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    project(tmp_path / "code")
    write(tmp_path / "f.jsonl", extracted(tmp_path / "code"))
    write(tmp_path / "nameless.jsonl", [{"content": "x = 1"}])
    before = {path.name for path in tmp_path.iterdir()}
    benchmark = FILTER if arguments[0] == "filter" and "--benchmark" not in arguments else ()
    assert sentence in error_of(multiplt(*arguments, *benchmark, code=None, cwd=tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == before

"""`multiplt evaluate`, from a benchmark and recorded completions to MultiPL-E's files and a score."""

from __future__ import annotations

import gzip
import json
from itertools import count
from pathlib import Path
from typing import Any

from commands import SQUARE, error_of, functions, multiplt, timeless, write
from counts import part
from multiplt.rows import Row, read_completions_folder, read_results_folder
from processes import start, wait_until
from servers import serving_model

RIGHT, WRONG, ENDLESS = "    return n * n\nend\n", "    return n + n\nend\n", "    while true do end\nend\n"


def evaluate(*options: object, code: int = 0, **more: Any) -> Any:
    """Run the command with `--json`, in Lua; what it printed."""
    return json.loads(multiplt("evaluate", "-l", "lua", "--json", *options, code=code, **more).stdout)


def recorded(folder: Path, rows: list[Row], *answers: str) -> list[object]:
    """Options for functions of which each is answered with `answers`."""
    names = [f"HumanEval_{row['id']}_{row['entrypoint']}" for row in rows]
    completions = [{"name": name, "language": "lua", "completions": list(answers)} for name in names]
    benchmark = write(folder / "functions.jsonl", rows)
    model = f"replay:{write(folder / 'completions.jsonl', completions)}"
    return ["--benchmark", benchmark, "--model", model, "-n", len(answers), "--timeout", 2]


def published(path: Path) -> Any:
    """A file as MultiPL-E's own tools read it."""
    with gzip.open(path, "rt") as file:
        return json.loads(file.read())


def files(folder: Path) -> dict[str, Any]:
    return {path.name: published(path) for path in sorted(folder.glob("*.json.gz"))}


def programs(file: Any) -> list[tuple[str, str]]:
    return [(result["program"], result["status"]) for result in file.get("results", ())]


# ---- from a benchmark to a score


def test_scores_files_and_a_second_call(tmp_path: Path) -> None:
    answers = [RIGHT, f"{RIGHT}\nlocal more = 1\n", WRONG, ENDLESS]
    call = [*recorded(tmp_path, [SQUARE], *answers), "-o", tmp_path / "out"]
    found = evaluate(*call)
    described = {name: found[name] for name in ("temperature", "top_p", "max_tokens", "seed", "n", "language")}
    assert described == {
        "temperature": 0.2, "top_p": 0.95, "max_tokens": 1024, "seed": 0, "n": 4, "language": "lua"
    }  # fmt: skip
    assert found["pass"] == [{"k": 1, "mean": 0.5, "lower": 0.5, "upper": 0.5}]
    assert found["statuses"] == {"OK": 2, "AssertionError": 1, "Timeout": 1}
    assert (found["ceiling"], found["truncated"], found["judged"]) == (1.0, 0, {"strict": 1})

    assert json.loads((tmp_path / "out" / "stages" / "evaluation.json").read_text()) == found
    written = files(tmp_path / "out")
    assert [*written] == ["HumanEval_7_square.json.gz", "HumanEval_7_square.results.json.gz"]
    completions, results = written.values()
    assert completions["completions"] == [RIGHT, RIGHT, WRONG, ENDLESS], "up to the stop tokens"
    assert [result["status"] for result in results["results"]] == ["OK", "OK", "Exception", "Timeout"]
    sampled = {"temperature": 0.2, "top_p": 0.95, "max_tokens": 1024}
    for file in (completions, results):
        assert file["language"] == "lua"
        assert sampled.items() <= file.items()
        assert not {"samples", "refused_tests"} & set(file)
    for completion, result in zip(completions["completions"], results["results"], strict=True):
        assert result["program"].startswith(completions["prompt"] + completion)
        assert (result["exit_code"] == 0) >= (result["status"] == "OK"), "MultiPL-E counts both"

    done = multiplt("evaluate", "-l", "lua", *call)
    assert "50.00% [50.00%, 50.00%]" in done.stdout
    assert "1 (25.0%)" in done.stdout
    assert "4 completions of each problem at temperature 0.2, top-p 0.95, at most 1024 tokens, seed 0" in done.stderr
    assert files(tmp_path / "out") == written, "the second call made nothing again"


def test_suites_as_text_are_judged_by_multipl_es_rule(tmp_path: Path) -> None:
    call = recorded(tmp_path, [SQUARE], RIGHT, WRONG, f"Here:\n```lua\nlocal function square(n)\n{RIGHT}```\n", WRONG)
    found = evaluate(*call, "--compat", "-o", tmp_path / "out")
    assert (found["judged"], found["pass"][0]["mean"], found["whole"]) == ({"compat": 1}, 0.5, 1)
    assert "multiplt" not in files(tmp_path / "out")["HumanEval_7_square.results.json.gz"]
    problems = tmp_path / "out" / "HumanEval_7_square.json.gz"  # as others' problems, with what was answered before
    again = evaluate("--benchmark", problems, "--model", f"replay:{tmp_path / 'out'}", "-n", 4, "-o", tmp_path / "two")
    assert {**again, "model": 0, "benchmark": 0, "compat": 0} == {**found, "model": 0, "benchmark": 0, "compat": 0}
    first, second = files(tmp_path / "out"), files(tmp_path / "two")
    assert first["HumanEval_7_square.json.gz"] == second["HumanEval_7_square.json.gz"]
    assert [*map(programs, first.values())] == [*map(programs, second.values())]


def test_what_cannot_be_passed_lowers_the_ceiling(tmp_path: Path) -> None:
    (row,) = problems(tmp_path, SQUARE)
    del row["multiplt"]
    broken = row | {"name": "HumanEval_8_square", "tests": "undefined()\n" + row["tests"]}
    answers = [{"name": name, "language": "lua", "completions": [RIGHT]} for name in (row["name"], broken["name"])]
    write(tmp_path / "answers.jsonl", answers)
    benchmark = write(tmp_path / "problems.jsonl", [row, broken])
    found = evaluate("--benchmark", benchmark, "--model", f"replay:{tmp_path / 'answers.jsonl'}", "-n", 1,
                     "-o", tmp_path / "out")  # fmt: skip
    assert (found["ceiling"], found["pass"][0]["mean"]) == (0.5, 0.5)
    assert [*found["unreachable"]] == ["HumanEval_8_square"]


def problems(folder: Path, *rows: Row, canonical: str = "--no-canonical") -> list[Row]:
    source = write(folder / "source.jsonl", rows)
    lines = multiplt("prompts", source, "-l", "lua", "-o", "-", canonical).stdout.splitlines()
    return [json.loads(line) for line in lines]


def test_problems_that_show_their_solution_are_refused(tmp_path: Path) -> None:
    (shown,) = problems(tmp_path, SQUARE, canonical="--canonical")
    (bare,) = problems(tmp_path, SQUARE | {"id": 8})
    as_text = {name: value for name, value in shown.items() if name != "multiplt"}
    call = recorded(tmp_path, [SQUARE, SQUARE | {"id": 8}], RIGHT)
    reason = "its prompt shows the Python solution; make it with multiplt prompts --no-canonical"
    benchmark = write(tmp_path / "problems.jsonl", [shown])
    done = multiplt("evaluate", "-l", "lua", *call, "--benchmark", benchmark, "-o", tmp_path / "none", code=1)
    assert error_of(done) == f"no row of {benchmark} can be evaluated in lua: {reason}"
    benchmark = write(tmp_path / "problems.jsonl", [shown, as_text, bare])
    found = evaluate(*call, "--benchmark", benchmark, "-o", tmp_path / "out")
    assert (found["problems"], found["set_aside"]) == (1, {reason: 2})
    assert len(files(tmp_path / "out")) == 2


def test_rows_that_are_no_problems_of_the_language_are_set_aside(tmp_path: Path) -> None:
    (row,) = problems(tmp_path, SQUARE)
    text = {name: value for name, value in row.items() if name != "multiplt"}
    rows = [
        row,
        row | {"name": "other", "language": "rkt"},
        row | {"name": "../../outside"},
        text | {"name": "untested", "tests": " "},
        {"name": "untyped", "prompt": "", "tests": ""},
        SQUARE | {"tests": []},
    ]
    benchmark = write(tmp_path / "problems.jsonl", rows)
    call = [*recorded(tmp_path, [SQUARE], RIGHT), "--benchmark", benchmark]
    found = evaluate(*call, "-o", tmp_path / "out")
    assert set(found["set_aside"]) == {
        "it is a problem in rkt",
        "its name cannot be a file's",
        "the row has no tests",
        "not a problem: language: field required",
    }
    assert len(files(tmp_path / "out")) == 2
    assert not (tmp_path / "outside.json.gz").exists()
    twice = write(tmp_path / "problems.jsonl", [row, row])
    done = multiplt("evaluate", "-l", "lua", *call[2:], "--benchmark", twice, "-o", tmp_path / "twice", code=1)
    assert "holds problem HumanEval_7_square twice" in error_of(done)


def test_a_folder_of_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    call = recorded(tmp_path, [SQUARE], RIGHT)
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.json").write_text("{}")
    assert "holds files of something else" in error_of(multiplt("evaluate", "-l", "lua", *call, "-o", out, code=1))
    (out / "mine.json").unlink()
    evaluate(*call, "-o", out)
    before = files(out)
    other = recorded(tmp_path, [SQUARE | {"id": 8}], WRONG)
    done = multiplt("evaluate", "-l", "lua", *other, "-o", out, code=1)
    assert "holds HumanEval_7_square, which is not in" in error_of(done)
    assert files(out) == before


# ---- interrupted, and answered in part


def test_killed_and_started_again(tmp_path: Path) -> None:
    call = recorded(tmp_path, functions(60), *[f"    return n + {n}\nend\n" for n in range(3)])
    whole = evaluate(*call, "-o", tmp_path / "whole")
    assert whole["problems"] == 60
    out = tmp_path / "out"
    for begun in ("ceiling/shard-00000.parquet", "attempts/completions.jsonl"):
        with start("evaluate", "-l", "lua", *call, "-o", out) as process:
            wait_until((out / "stages" / begun).exists, process)
            process.kill()
    assert evaluate(*call, "-o", out) == whole
    assert timeless(files(out)) == timeless(files(tmp_path / "whole"))
    assert not list(out.glob(".*.tmp"))


def test_completions_that_cannot_be_had_are_asked_for_again(tmp_path: Path) -> None:
    """The server refuses every second one, until it is told not to; all are cut off by their length."""
    refuses, turns = True, count(1)

    def complete(asked: Row) -> Row:
        if refuses and next(turns) % 2:
            return {"error": {"message": "the prompt is too long", "type": "x", "code": 400}}
        return {"text": RIGHT, "finish_reason": "length"}

    benchmark = write(tmp_path / "functions.jsonl", [SQUARE])
    with serving_model(complete) as server:
        call = ["--benchmark", benchmark, "--model", server.name, "-n", 4, "-o", tmp_path / "out", "--concurrency", 1]
        done = multiplt("evaluate", "-l", "lua", "--json", *call, code=1)
        assert "2 completions have no verdict" in error_of(done)
        assert "the prompt is too long" in error_of(done)
        found = json.loads(done.stdout)
        assert (found["completions"], found["truncated"]) == (2, 2)
        assert len(files(tmp_path / "out")["HumanEval_7_square.json.gz"]["completions"]) == 2
        refuses, before = False, len(server.asked)
        found = evaluate(*call)
        assert (found["completions"], found["truncated"], found["lost"]) == (4, 4, {})
        assert len(server.asked) == before + 2


# ---- the paper's model


def test_recorded_completions_get_the_recorded_score(reference: Path, tmp_path: Path) -> None:
    folder = reference / "rkt-15b"
    rows = part([row for _, row in read_completions_folder(folder)], 2)
    names = {row["name"] for row in rows}
    results = {row["name"]: row["results"] for _, row in read_results_folder(folder) if row["name"] in names}
    right = sum(result["status"] == "OK" for judged in results.values() for result in judged)
    call = ["--benchmark", write(tmp_path / "problems.jsonl", rows), "--model", f"replay:{folder}", "--timeout", 15]
    found = json.loads(multiplt("evaluate", "-l", "racket", "--json", *call, "-o", tmp_path / "out").stdout)
    assert found["judged"] == {"compat": len(rows)}
    assert round(found["pass"][0]["mean"], 4) == round(right / (20 * len(rows)), 4)
    for row in rows:
        written = published(tmp_path / "out" / f"{row['name']}.results.json.gz")
        assert [r["program"] for r in written["results"]] == [r["program"] for r in results[row["name"]]]

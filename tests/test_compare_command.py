"""`multiplt compare` and `multiplt artifacts`, as a user calls them."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pytest

from commands import error_of, multiplt, write
from multiplt.errors import UsageError
from multiplt.report.plots import check_plot
from multiplt.rows import write_results_file

N = 20


def results(folder: Path, correct: list[int]) -> Path:
    """A folder of results files: for each problem how many of its 20 completions are right."""
    for number, count in enumerate(correct):
        row = {"name": f"HumanEval_{number}_f", "language": "lua"}
        statuses = ["OK"] * count + ["Exception"] * (N - count)
        write_results_file(
            folder / f"HumanEval_{number}_f.results.json.gz", row, [{"status": status} for status in statuses]
        )
    return folder


def test_runs_against_a_base(tmp_path: Path) -> None:
    base = results(tmp_path / "base", [0, 0, 10, 20, 0, 5, 0, 10])
    first = results(tmp_path / "epoch1", [5, 5, 15, 20, 5, 10, 0, 15])
    second = results(tmp_path / "epoch2", [0, 0, 10, 15, 0, 5, 0, 10])
    done = multiplt("compare", base, first, second, "--format", "csv", "--plot", tmp_path / "scores.svg")
    rows = [*csv.DictReader(done.stdout.splitlines())]
    assert [row["run"] for row in rows] == ["base", "epoch1", "epoch2"]
    assert [row["pass@1"] for row in rows] == ["28.1", "46.9", "25.0"]
    assert [row["difference"] for row in rows] == ["", "+18.8", "-3.1"]
    assert [(row["gained"], row["lost"]) for row in rows[1:]] == [("6", "0"), ("0", "1")]
    assert rows[1]["p"] == "0.0312", "six of six differences have one sign: 2 / 2^6"
    assert rows[2]["p"] == "1.0000"
    assert "epoch1 gained HumanEval_0_f (lua) +25, " in done.stderr
    assert "epoch2 lost HumanEval_3_f (lua) -25" in done.stderr
    assert "<svg" in (tmp_path / "scores.svg").read_text()[:1000]

    per_problem = multiplt("compare", base, second, "--per-problem").stdout.splitlines()
    assert per_problem[2:] == ["| HumanEval_3_f (lua) | 100.0 | 75.0 |"]


def test_an_epoch_is_chosen_on_some_problems_and_judged_on_the_others(tmp_path: Path) -> None:
    base = results(tmp_path / "base", [0] * 40)
    epochs = [results(tmp_path / f"epoch{epoch}", [epoch] * 40) for epoch in (1, 3, 2)]
    selecting = ["--select", "--validation", 0.3, "--seed", 7]
    found = json.loads(multiplt("compare", base, *epochs, *selecting, "--json").stdout)
    assert (found["selection"]["best"], len(found["selection"]["validation"])) == (1, 12)
    *_, judged = found["comparisons"]
    assert judged["run"] == "epoch3, chosen on 12 problems (seed 7), on the others"
    assert judged["difference"]["mean"] == pytest.approx(3 / N)
    assert set(judged["gains"]) == set(found["selection"]["rest"])
    table = multiplt("compare", base, *epochs, *selecting, "--format", "latex").stdout
    assert "base, on the others & 28 & 0.0 & 0.0 to 0.0 &" in table
    assert "on the others & 28 & 15.0 & 15.0 to 15.0 & +15.0 & +15.0 to +15.0 & 0.0001 & 28 & 0 \\\\" in table


def test_what_cannot_be_compared(tmp_path: Path) -> None:
    base, other = results(tmp_path / "base", [1, 2, 3]), results(tmp_path / "other", [1])
    done = multiplt("compare", base, other)
    assert "| base | 1 | 5.0 |" in done.stdout
    assert "2 problems are left out that not every run has" in done.stderr
    assert "name two or more" in error_of(multiplt("compare", base, code=2))
    assert "a run is named twice" in error_of(multiplt("compare", base, base, code=2))
    assert "says no form for a plot" in error_of(multiplt("compare", base, other, "--plot", "x.gif", code=2))
    result = {"status": "OK", "verdict": {"mode": "strict"}}
    strict = write(tmp_path / "s.jsonl", [{"name": "HumanEval_0_f", "language": "lua", "results": [result]}])
    assert "not judged by one rule (other compat, s.jsonl strict)" in multiplt("compare", other, strict).stderr
    elsewhere = write(tmp_path / "r.jsonl", [{"name": "g", "language": "lua", "results": [{"status": "OK"}]}])
    assert "no problem in common" in error_of(multiplt("compare", base, elsewhere, code=1))
    unanswered = write(tmp_path / "u.jsonl", [{"name": "HumanEval_0_f", "language": "lua", "results": []}])
    assert "pass@1 needs 1 completions" in error_of(multiplt("compare", base, unanswered, code=1))


def test_plots_need_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    check_plot(Path("scores.png"))
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UsageError, match=r"pip install multiplt\[plots\]$"):
        check_plot(Path("scores.png"))


def test_artifacts_are_listed_shown_and_used(tmp_path: Path) -> None:
    name = "table2/starcoderbase-1b/racket"
    listed = multiplt("artifacts", "list").stdout
    (line,) = (line for line in listed.splitlines() if f" {name} " in line)
    assert [*line.split()] == [
        name, "nuprl/MultiPL-T-StarCoderBase_1b", "rkt-multiplt-epoch5", "4.7", "→", "11.3"
    ]  # fmt: skip
    shown = multiplt("artifacts", "show", name).stdout
    assert f"--model artifact:{name}\n" in shown
    assert "tokenizer:  arjunguha/notstarcoder-1b" in shown
    assert json.loads(multiplt("artifacts", "show", name, "--json").stdout)["score"] == 11.3
    assert len(json.loads(multiplt("artifacts", "list", "--json").stdout)) == len(listed.splitlines()) - 1
    assert f"did you mean {name}" in error_of(multiplt("artifacts", "show", f"{name}s", code=2))
    call = ["-l", "lua", "--benchmark", "humaneval", "--model", "artifact:table2/codellama-34b/r", "-o", tmp_path / "o"]
    assert "name one, as artifact:table2/codellama-34b/r/epoch3" in error_of(multiplt("evaluate", *call, code=2))
    assert not (tmp_path / "o").exists()

"""Completions of the paper's 15B Racket model, with the verdicts that MultiPL-E's container recorded for them."""

from __future__ import annotations

from pathlib import Path

from counts import part
from multiplt.execute.executor import Executor
from multiplt.execute.plan import Limits
from multiplt.execute.rows import execute_rows
from multiplt.execute.verdicts import Judge
from multiplt.plugins import installed
from multiplt.rows import read_completions_folder, read_results_folder


def test_verdicts_agree_with_the_recorded_ones(reference: Path, executor: Executor) -> None:
    """As OK or not OK, on every program."""
    folder = reference / "rkt-15b"
    rows = [row for _, row in read_completions_folder(folder)]
    recorded = {row["name"]: [result["status"] for result in row["results"]] for _, row in read_results_folder(folder)}
    judge = Judge(installed().language("rkt"), executor, Limits(wall_s=15))
    for row in execute_rows(part(rows, 3), lambda _: judge, {}):
        assert {result["verdict"]["mode"] for result in row["results"]} == {"compat"}
        passed = [result["status"] == "OK" for result in row["results"]]
        assert passed == [status == "OK" for status in recorded[row["name"]]], row["name"]

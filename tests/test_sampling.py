"""How many completions are asked for, and what a run does when its model goes away."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from commands import config, error_of, functions, multiplt, write
from model_server import serving
from multiplt.rows import Row, read_rows
from processes import start, wait_until

N = 20


def prepare(folder: Path, count: int = 6, **sampling: Any) -> Path:
    """A run whose model solves a third of the problems always, in many ways, a third never, and a third sometimes."""
    folder.mkdir(exist_ok=True)
    path = config(folder, count, sampling={"n": N, **sampling})
    rows = []
    for number in range(count):
        right = [f" {'(' * k}n{')' * k} + {number}\n" for k in range(N)]
        wrong = [f" n - {k} - {number} - 1\n" for k in range(N)]
        mixed = [right[k] if k % 4 == 3 else wrong[k] for k in range(N)]
        texts = (right, wrong, mixed)[number % 3]
        rows.append({"name": f"HumanEval_{number}_add_{number}", "language": "ocaml", "completions": texts})
    write(folder / "completions.jsonl", rows)
    return path


def attempts(folder: Path) -> list[Row]:
    return list(read_rows(folder / "out" / "attempts" / "ocaml"))


def test_adaptive_sampling_gets_the_first_completions_of_fixed_sampling(tmp_path: Path) -> None:
    multiplt("run", prepare(tmp_path / "fixed"))
    multiplt("run", prepare(tmp_path / "adaptive", method="adaptive", enough=1))
    fixed, adaptive = attempts(tmp_path / "fixed"), attempts(tmp_path / "adaptive")
    assert [len(row["samples"]) for row in fixed] == [N] * 6
    for all_of_them, first in zip(fixed, adaptive, strict=True):
        count = len(first["samples"])
        assert first["samples"] == all_of_them["samples"][:count]
        statuses = [[result["status"] for result in row["results"][:count]] for row in (first, all_of_them)]
        assert statuses[0] == statuses[1]
    assert len(adaptive[0]["samples"]) == N // 10  # solved in the first round, and one is enough
    assert len(adaptive[1]["samples"]) > N // 2  # never solved
    assert sum(len(row["samples"]) for row in adaptive) < 0.7 * 6 * N


@pytest.mark.parametrize("budget", [6, 50])
def test_a_budget_holds_for_all_shards_together(budget: int, tmp_path: Path) -> None:
    settings = prepare(tmp_path, method="adaptive", budget=budget, least_odds=0.0)
    (summary,) = json.loads(multiplt("run", settings, "--json").stdout)
    assert budget - 2 <= summary["completions"] <= budget


def test_an_adaptive_run_with_another_threshold_asks_again_for_nothing_that_it_had(tmp_path: Path) -> None:
    settings = prepare(tmp_path, method="adaptive", enough=1)
    multiplt("run", settings)
    log = tmp_path / "out" / "attempts" / "ocaml" / "completions.jsonl"
    before = log.read_text().splitlines()
    multiplt("run", settings, "--set", "sampling.enough=5")
    after = log.read_text().splitlines()
    assert after[: len(before)] == before
    keys = [(entry["key"], entry["index"]) for entry in map(json.loads, after)]
    assert len(keys) == len(set(keys)) > len(before)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("sampling.method=greedy", "should be 'fixed' or 'adaptive'"),
        ("sampling.enough=0", "greater than or equal to 1"),
        ("sampling.least_odds=1.5", "less than 1"),
        ("model.wait=-1.0", "greater than or equal to 0"),
    ],
)
def test_wrong_settings(setting: str, said: str, tmp_path: Path) -> None:
    assert said in error_of(multiplt("run", prepare(tmp_path), "--set", setting, code=2))


@pytest.mark.parametrize("waits", [True, False])
def test_a_server_killed_in_the_middle(waits: bool, tmp_path: Path) -> None:
    """The run waits for it or stops, as it was told; nothing that came is asked for again."""
    asked = tmp_path / "asked"
    source = write(tmp_path / "functions.jsonl", functions(12))
    log = tmp_path / "out" / "attempts" / "ocaml" / "completions.jsonl"
    with serving(asked) as (server, port):
        settings = config(
            tmp_path, 12, sampling={"n": 20}, source={"functions": str(source)},
            model={"name": f"openai:m@http://127.0.0.1:{port}/v1", "concurrency": 2, "retries": 1,
                   "wait": 60.0 if waits else 0.0},
        )  # fmt: skip
        run = start("run", settings)
        wait_until(lambda: log.exists() and log.read_text().count("\n") > 60, run)
        server.send_signal(signal.SIGKILL)
        server.wait()
        if waits:
            time.sleep(1)
        else:
            said = run.communicate(timeout=60)[1]
            assert run.returncode == 1
            assert "cannot reach http://127.0.0.1" in said.splitlines()[-1]
    kept = log.read_text().count("\n")
    assert 60 < kept < 240
    with serving(asked, port):
        if waits:
            said = run.communicate(timeout=120)[1]
            assert run.returncode == 0, said
            assert "waiting for it" in said
        else:
            multiplt("run", settings)
    rows = attempts(tmp_path)
    assert [len(row["samples"]) for row in rows] == [20] * 12
    assert {result["status"] for row in rows for result in row["results"]} == {"OK"}
    seeds = asked.read_text().split("\n")[:-1]
    assert len(set(seeds)) == 240
    assert len(seeds) <= 240 + 4, "asked again for more than was in flight"

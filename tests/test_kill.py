"""SIGKILL at random moments: the same command started again ends with the rows of an uninterrupted run."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from commands import config, functions, multiplt, problems_with, read, timeless, write
from counts import FULL
from multiplt.rows import Row, read_rows
from multiplt.rows.parquet import read_parquet
from processes import adopting_orphans, start
from source_code import answers, extracted, project, translations

KILLS = 20 if FULL else 5
FUNCTIONS = 12

Outcome = Callable[[Path], Any]


def prepare_run(folder: Path) -> list[object]:
    return ["run", config(folder, FUNCTIONS)]


def run_outcome(folder: Path) -> Any:
    """The rows of every stage, shard by shard, those set aside too, and the dataset."""
    out = folder / "out"
    shards = {path.relative_to(out): list(read_any(path)) for path in sorted(out.rglob("shard-*"))}
    return timeless({str(path): rows for path, rows in shards.items()}), list(read_rows(out / "dataset"))


def read_any(path: Path) -> list[Row]:
    return list(read_parquet(path)) if path.suffix == ".parquet" else read(path)


def rows_to_execute(folder: Path) -> list[Row]:
    rows = problems_with(folder, functions(FUNCTIONS), " n\n", " n + 1\n", " n + 2\n")
    return [*rows[:5], rows[5] | {"completions": 3}, *rows[6:]]  # one is set aside


def prepare_rows(folder: Path) -> list[object]:
    return ["execute", write(folder / "c.jsonl", rows_to_execute(folder)), "-o", folder / "r.jsonl"]


def rows_outcome(folder: Path) -> Any:
    return timeless([read(folder / "r.jsonl"), read(folder / "r.rejected.jsonl")])


def prepare_files(folder: Path) -> list[object]:
    (folder / "completions").mkdir()
    for number, row in enumerate(rows_to_execute(folder)):
        (folder / "completions" / f"{number}.json.gz").write_bytes(gzip.compress(json.dumps(row).encode()))
    return ["execute", folder / "completions", "-o", folder / "results"]


def files_outcome(folder: Path) -> Any:
    files = sorted((folder / "results").iterdir())
    return [(path.name, timeless(json.loads(unzipped(path)))) for path in files if path.name != "rejected.jsonl"]


def unzipped(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())


def prepare_source(folder: Path) -> list[object]:
    """A run from Python files on."""
    rows = extracted(project(folder / "code", files=6))
    write(folder / "replay.jsonl", [*answers(rows), *translations(rows)])
    path = config(folder, 0, source={"code": ["code"]}, model={"name": "replay:replay.jsonl"},
                  sampling={"n": 2, "method": "adaptive"},
                  filter={"benchmarks": ["humaneval"]}, testgen={"n": 2}, run={"shard_size": 1})  # fmt: skip
    path.write_text(path.read_text().replace('functions = "functions.jsonl"\n', ""))
    return ["run", path]


WORK = {
    "run": (prepare_run, run_outcome),
    "source": (prepare_source, run_outcome),
    "rows": (prepare_rows, rows_outcome),
    "files": (prepare_files, files_outcome),
}


def kill(call: list[object], after: float) -> bool:
    """Start a command and kill it; whether it ran that long. Nothing of it is left running."""
    with adopting_orphans() as orphans:
        process = start(*call)
        try:
            process.communicate(timeout=after)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        assert not orphans()
    return process.returncode < 0


@pytest.mark.parametrize("kind", WORK)
def test_killed_and_started_again(kind: str, tmp_path: Path) -> None:
    prepare, outcome = WORK[kind]
    whole = tmp_path / "whole"
    whole.mkdir()
    call = prepare(whole)
    begun = time.monotonic()
    multiplt(*call)
    took = time.monotonic() - begun
    expected, found = outcome(whole), entries(whole)
    moments, killed, attempt = random.Random(kind), 0, 0
    while killed < KILLS:
        attempt += 1
        folder = tmp_path / str(attempt)
        folder.mkdir()
        call = prepare(folder)
        for _ in range(1 + attempt % 2):  # killed while it goes on, too
            moment = moments.uniform(0.2, took)
            if kill(call, moment):
                killed += 1
            else:
                took = moment  # it is faster than it was: the machine has less else to do
        multiplt(*call)
        assert outcome(folder) == expected
        assert entries(folder) == found
        if kind == "run":
            assert set(asked(folder).values()) == {1}, "asked again for a completion that was there"


def entries(folder: Path) -> set[str]:
    """Every file, hidden ones too: nothing may be left of a killed run."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def asked(folder: Path) -> Counter[tuple[str, int]]:
    """How often each completion came to the log, in which it is kept as it arrives."""
    lines = (folder / "out" / "attempts" / "ocaml" / "completions.jsonl").read_text().splitlines()
    return Counter((entry["key"], entry["index"]) for entry in map(json.loads, lines))

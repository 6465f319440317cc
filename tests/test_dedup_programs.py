"""Real programs: scores and keep sets are those of comparing each pair with rouge_score."""

from __future__ import annotations

import ast
import gzip
import inspect
import json
import random
import statistics
import subprocess
import textwrap
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import pytest
from rouge_score.rouge_scorer import RougeScorer

from counts import FULL, part
from multiplt.translate.near_duplicates import Distinct
from multiplt.translate.rouge import rouge_lsum

SCORER = RougeScorer(["rougeLsum"], use_stemmer=True)
SIZES = [50, 100, 200] if FULL else [50]


def score(target: str, prediction: str) -> float:
    found: float = SCORER.score(target, prediction)["rougeLsum"].fmeasure
    return found


def keepers(programs: Sequence[str], threshold: float) -> list[int | None]:
    """For each program the place, among the kept ones, of the first that it is too near to: by comparing pairs."""
    kept: list[str] = []
    found = []
    for program in programs:
        near = (place for place, other in enumerate(kept) if score(other, program) > threshold)
        found.append(next(near, None))
        if found[-1] is None:
            kept.append(program)
    return found


@pytest.fixture(scope="module")
def programs(reference: Path) -> list[str]:
    files = sorted((reference / "rkt-15b").glob("*.json.gz"))
    rows = [json.loads(gzip.decompress(file.read_bytes())) for file in files]
    found = [row["prompt"] + completion for row in rows for completion in row.get("completions", ())]
    random.Random(0).shuffle(found)
    return found


def test_scores(programs: list[str]) -> None:
    assert len(programs) == 640
    for target, prediction in product(programs[::10] if FULL else part(programs, 12), repeat=2):
        assert rouge_lsum(target, prediction) == score(target, prediction)


@pytest.mark.parametrize("size", SIZES)
def test_groups_of_model_written_programs(size: int, programs: list[str]) -> None:
    distinct = Distinct()
    assert [distinct.add(program) for program in programs[:size]] == keepers(programs[:size], 0.6)
    assert 10 < len(distinct) < size


@pytest.mark.parametrize("size", SIZES)
def test_groups_of_python_functions(size: int) -> None:
    functions = [
        ast.unparse(node)
        for module in (statistics, inspect, textwrap, json, random, subprocess)
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.FunctionDef) and len(ast.unparse(node)) < 600
    ]
    programs = random.Random(1).sample(functions, size)
    distinct = Distinct(0.4)  # at 0.6 few of them are near to each other
    assert [distinct.add(program) for program in programs] == keepers(programs, 0.4)
    assert len(distinct) < size

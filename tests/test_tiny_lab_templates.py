"""The templates of the tiny lab: what stands first is right in the language, what stands second is mostly not."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from commands import ROOT, multiplt, read, write

LAB = ROOT / "examples" / "tiny-lab"
RIGHT, WRONG = 1.0, 0.0


@pytest.mark.parametrize("language", ["lua", "r"])
def test_right_translations_pass_and_wrong_ones_do_not(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(LAB)
    monkeypatch.delitem(sys.modules, "functions", raising=False)
    from functions import OPERATIONS, SHAPES, Function

    chance = random.Random(0)
    functions = [Function(shape, operation, 37) for shape in SHAPES for operation in OPERATIONS]
    write(tmp_path / "tested.jsonl", (function.row(id, chance) for id, function in enumerate(functions)))
    multiplt("prompts", tmp_path / "tested.jsonl", "-l", language, "--no-canonical", "-o", tmp_path / "problems.jsonl")
    problems = read(tmp_path / "problems.jsonl")
    guesses = [[function.guess(language, right, chance) for right in (RIGHT, WRONG)] for function in functions]
    rows = [problem | {"completions": made} for problem, made in zip(problems, guesses, strict=True)]
    multiplt("execute", write(tmp_path / "answers.jsonl", rows), "-o", tmp_path / "results.jsonl")
    results = [row["results"] for row in read(tmp_path / "results.jsonl")]
    assert [row["name"] for row, (right, _) in zip(rows, results, strict=True) if right["status"] != "OK"] == []
    differing = [wrong for (one, other), (_, wrong) in zip(guesses, results, strict=True) if one != other]
    assert len(differing) > len(functions) / 2
    assert all(wrong["status"] != "OK" for wrong in differing)

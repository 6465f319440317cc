"""No function is taken from a benchmark: copies are found, reworded ones too, and others are left alone."""

from __future__ import annotations

import ast
import random
import re
from pathlib import Path

import pytest

from multiplt.errors import MultipltError
from multiplt.rows import Row, read_rows, write_rows
from multiplt.run import StageContext
from multiplt.settings import FilterSettings
from multiplt.source.decontamination import Benchmarks
from multiplt.source.definition import ParsedFunction
from multiplt.source.extract import Extract
from multiplt.source.files import read_files
from multiplt.source.filter import Filter

WORDS = {
    "the": "a", "list": "sequence", "given": "provided", "returns": "gives", "number": "value", "string": "text",
    "function": "routine", "takes": "accepts", "input": "argument", "you": "one", "integer": "whole number",
    "that": "which", "if": "when", "array": "list", "Return": "Give back", "element": "item",
}  # fmt: skip


@pytest.fixture(scope="module")
def problems() -> list[Row]:
    return list(read_rows("humaneval"))


@pytest.fixture(scope="module")
def humaneval() -> Benchmarks:
    return Benchmarks(["humaneval"])


def reworded(problem: Row) -> Row:
    """The same program with other names, quotes and words in its docstring."""
    module = ast.parse(problem["content"])
    names = {problem["entrypoint"]: "work_it_out"}
    for node in ast.walk(module):
        if isinstance(node, ast.arg):
            names.setdefault(node.arg, f"value_{len(names)}")
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.setdefault(node.id, f"value_{len(names)}")
    chance = random.Random(problem["name"])

    def other_word(word: re.Match[str]) -> str:
        return WORDS.get(word[0], word[0]) if chance.random() < 0.7 else word[0]

    for node in ast.walk(module):
        if isinstance(node, ast.arg):
            node.arg = names[node.arg]
        elif isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
        elif isinstance(node, ast.FunctionDef):
            node.name = names.get(node.name, node.name)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "\n" in node.value:
            node.value = re.sub(r"\w+", other_word, node.value.replace(problem["entrypoint"], "work_it_out"))
    return {"content": ast.unparse(module), "entrypoint": "work_it_out"}


def test_humaneval_is_kept_without_decontamination_and_gone_with_it(problems: list[Row]) -> None:
    files = [{"content": row["content"], "path": row["name"], "repository": None, "licence": None} for row in problems]
    functions = Extract()(files, StageContext(Path())).kept
    solutions = [row for row in functions if row["path"].endswith(f"_{row['entrypoint']}")]
    kept = Filter(FilterSettings(skip=("benchmark",)))(solutions, StageContext(Path())).kept
    assert len(kept) / 164 >= 0.95
    assert Filter(FilterSettings(benchmarks=("humaneval",)))(functions, StageContext(Path())).kept == []


def test_reworded_copies_are_caught(problems: list[Row], humaneval: Benchmarks) -> None:
    missed = [row["name"] for row in problems if not humaneval.source_of(ParsedFunction.of(reworded(row)))]
    assert len(missed) <= 3, missed  # one-liners, of which nothing but the docstring could tell


def test_a_copy_inside_another_function_is_caught(humaneval: Benchmarks) -> None:
    content = "def f(a, b):\n    c = 1\n    while b:\n        a, b = b, a % b\n    return a\n"
    found = humaneval.source_of(ParsedFunction.of({"content": content, "entrypoint": "f"}))
    assert found == "a copy of: while b : a , b = b , a % b return a"


def test_the_standard_library_is_hardly_touched(humaneval: Benchmarks) -> None:
    functions = Extract()(list(read_files(["stdlib"])), StageContext(Path())).kept
    caught = [row["entrypoint"] for row in functions if humaneval.source_of(ParsedFunction.of(row))]
    assert len(functions) > 1000
    assert len(caught) / len(functions) < 0.01, caught


def test_a_benchmark_from_a_file_counts_as_well(tmp_path: Path) -> None:
    mbpp = {"task_id": 2, "text": "Write a function to find the shared elements from the given two lists.",
            "code": "def similar(a, b):\n    found = tuple(set(a) & set(b))\n    return found",
            "test_list": ["assert similar((3, 4), (5, 4)) == (4,)"]}  # fmt: skip
    write_rows([mbpp], tmp_path / "mbpp.jsonl")
    content = 'def g(x, y):\n    """Shared."""\n    z = tuple(set(x) & set(y))\n    return z\n'
    found = Benchmarks([f"mbpp:{tmp_path / 'mbpp.jsonl'}"]).source_of(
        ParsedFunction.of({"content": content, "entrypoint": "g"})
    )
    assert found == "100% of the code of mbpp_2_similar"


def test_a_benchmark_that_is_not_here_stops_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(MultipltError, match="check the path"):
        Benchmarks([f"mbpp:{tmp_path / 'nowhere.jsonl'}"])

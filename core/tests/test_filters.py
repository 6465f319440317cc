"""Which functions are worth testing: each filter by what it keeps and what it does not."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

from multiplt.rows import Row
from multiplt.run import StageContext
from multiplt.settings import FilterName, FilterSettings
from multiplt.source.definition import ParsedFunction
from multiplt.source.filter import Filter, explain, open_benchmarks
from multiplt.source.filters import FILTERS

GOOD = 'def f(x):\n    """Double x → 2x."""\n    return 2 * x\n'
NO_BENCHMARK = FilterSettings(skip=("benchmark",))


def row(content: str) -> Row:
    return {"id": "1", "entrypoint": "f", "content": content}


@pytest.mark.parametrize("name", FILTERS)
def test_each_keeps_a_good_function(name: str) -> None:
    assert FILTERS[name](ParsedFunction.of(row(GOOD))) is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("triple-quotes", "def f(x):\n    'Double.'\n    return x\n"),
        ("triple-quotes", 'def f(x):\n    r"Double."\n    return x\n'),
        ("triple-quotes", "def f(x):\n    return x\n"),
        ("returns", GOOD.replace("return 2 * x", "print(x)")),
        ("returns", GOOD.replace("return 2 * x", "return")),
        ("returns", GOOD.replace("return 2 * x", "return None")),
        ("returns", GOOD.replace("return 2 * x", "def g(): return 1\n    class A:\n        def h(): return 1")),
        ("parameters", GOOD.replace("(x)", "()")),
        ("parameters", GOOD.replace("(x)", "(*x)")),
        ("parameters", GOOD.replace("(x)", "(x, **y)")),
        ("generator", GOOD.replace("return", "yield")),
        ("trivial", GOOD.replace("2 * x", "x")),
        ("trivial", GOOD.replace("2 * x", "'text'")),
        ("trivial", GOOD.replace("2 * x", "[]")),
        ("trivial", GOOD.replace("return 2 * x", "raise NotImplementedError")),
        ("trivial", GOOD.replace("return 2 * x", "pass")),
        ("trivial", 'def f(x):\n    """Nothing."""\n'),
        ("ascii", GOOD.replace("2 * x", "'é'")),
        ("ascii", GOOD.replace("Double", "Verdopple für")),
        ("ascii", GOOD.replace("return", "# → \n    return")),
        ("todo", GOOD.replace("return", "# TODO: ints\n    return")),
        ("todo", GOOD.replace("Double", "FIXME: Double")),
        ("standard-library", f"import numpy as np\n{GOOD}"),
        ("standard-library", GOOD.replace("return", "from yaml import load\n    return")),
        ("standard-library", GOOD.replace("return", "from . import x\n    return")),
    ],
)
def test_each_sets_aside_what_it_is_for(name: str, content: str) -> None:
    assert FILTERS[name](ParsedFunction.of(row(content)))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("triple-quotes", "def f(x):\n    r'''Double.'''\n    return x\n"),
        ("returns", GOOD.replace("return 2 * x", "for x in x:\n        if x:\n            return x")),
        ("generator", GOOD.replace("return 2 * x", "g = lambda: (yield)\n    return 2 * x")),
        ("trivial", GOOD.replace("2 * x", "[x]")),
        ("todo", GOOD.replace("Double", "Like autodoc: double")),
        ("standard-library", f"import os.path\nfrom collections import abc\n{GOOD}"),
    ],
)
def test_what_looks_alike_is_kept(name: str, content: str) -> None:
    assert FILTERS[name](ParsedFunction.of(row(content))) is None


def test_a_filter_that_is_left_out_sets_nothing_aside() -> None:
    todo = row(GOOD.replace("Double", "TODO"))
    assert Filter(NO_BENCHMARK)([todo], StageContext(Path())).rejected[0]["reason"] == "it has a TODO"
    settings = FilterSettings(skip=("benchmark", "todo"))
    assert Filter(settings)([todo], StageContext(Path())).kept == [todo]


def test_an_unknown_filter_names_those_that_are_there() -> None:
    with pytest.raises(ValidationError, match="Input should be 'triple-quotes'"):
        FilterSettings(skip=("ascci",))


def test_every_filter_says_something_of_a_function() -> None:
    bad = row(GOOD.replace("(x)", "()").replace("Double", "TODO"))
    answers = dict(explain(bad, NO_BENCHMARK, open_benchmarks(NO_BENCHMARK)))
    assert list(answers) == list(FILTERS)
    assert get_args(FilterName)[: len(FILTERS)] == tuple(FILTERS)
    assert [name for name, reason in answers.items() if reason] == ["parameters", "todo"]


def test_a_row_without_a_function_is_set_aside() -> None:
    rows = [row("def g(x): pass"), row("def f(x) pass"), {"id": "1", "entrypoint": "f", "content": None}]
    result = Filter(NO_BENCHMARK)(rows, StageContext(Path()))
    assert [row["reason"] for row in result.rejected] == ["there is no such function in the source"] * 3

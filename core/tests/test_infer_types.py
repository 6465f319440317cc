"""Types written into a function's source: read back the same, the rest of the text untouched."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multiplt.functions import read_definition
from multiplt.rows import Row
from multiplt.run import StageContext
from multiplt.settings import ExecuteSettings
from multiplt.source.annotating import annotate
from multiplt.source.infer_types import InferTypes
from multiplt.testing.strategies import types
from multiplt.types import Type, parse_type

HEADS = [
    "def f(a, b):",
    "def f(a, b=1):",
    "def f(a , b = (lambda x: x)) :",
    "def f(a: int, b: 'str' = 'ä') -> np.ndarray:",
    "def f(a,  # the first: a\r\n      b  # the second\r\n      ):",
    "def f(\n    a: Dict[str,\n            int], *, b: T=2,\n)\\\n  ->  (None):",
    "x = 'ü'; import os\ndef f(é, /, b): # f: g",
    "from __future__ import annotations\nfrom typing import List\ndef f(a, b): return {1: 2}",
    "def g(a, b): return 1\rdef f(a, b):",
    "def f(a, b): \f\n",
]


def whole(head: str) -> str:
    return head if "return" in head.splitlines()[-1] else head + "\n    # x: y\n    return {'ü': a}\n"


@given(st.sampled_from(HEADS), types(), types(), types())
def test_what_is_written_is_read_back(head: str, first: Type, second: Type, returns: Type) -> None:
    content = whole(head)
    annotated = annotate(content, "f", [first, second], returns)
    definition = read_definition(annotated, "f")
    assert definition.declared == (first, second)
    assert definition.returns == returns
    assert annotate(annotated, "f", [first, second], returns) == annotated
    assert bare(annotated) == bare(content)


def bare(content: str) -> str:
    """The syntax tree without annotations and imports."""
    module = ast.parse(content)
    module.body = [node for node in module.body if not isinstance(node, ast.ImportFrom)]
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
    return ast.dump(module)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("def f(a,b=1):  # why\n    return a\n",
         "from typing import List\n\ndef f(a: List[int],b: int = 1) -> int:  # why\n    return a\n"),
        ("def f(a: list[int], b: 'int' = 1) -> 'int':\n    return a\n",
         "def f(a: list[int], b: 'int' = 1) -> 'int':\n    return a\n"),
        ("from __future__ import annotations\n\ndef f(a: np.ndarray, b) -> T :\n    return a\n",
         "from __future__ import annotations\nfrom typing import List\n\n"
         "def f(a: List[int], b: int) -> int :\n    return a\n"),
        ("from typing import *\ndef f(a, b) :\n    return a\n",
         "from typing import *\ndef f(a: List[int], b: int) -> int:\n    return a\n"),
    ],
)  # fmt: skip
def test_only_what_is_missing_or_says_something_else_is_written(content: str, expected: str) -> None:
    assert annotate(content, "f", [parse_type("list[int]"), parse_type("int")], parse_type("int")) == expected


def inferred(tmp_path: Path, *rows: Row) -> list[Row]:
    context = StageContext(tmp_path)
    try:
        return InferTypes(ExecuteSettings())(list(rows), context).kept
    finally:
        context.close()


def row(content: str, *tests: str, **fields: Any) -> Row:
    return {"id": "1", "content": content, "entrypoint": "f", "tests": list(tests), **fields}


def test_types_are_joined_over_all_tests_and_merged_with_what_the_author_wrote(tmp_path: Path) -> None:
    content = "def f(a, b: dict, c: float = None):\n    return [a, *b, c]\n"
    tests = ["assert f(1, {}) == [1, None]", "assert f(2.5, {'k': 1}) == [2.5, 'k', None]", "assert f(1 + 1, {}, 3)"]
    (typed,) = inferred(tmp_path, row(content, *tests))
    assert typed["types_reason"] is None
    assert typed["content_with_types"] == (
        "from typing import Dict, List, Optional, Union\n\n"
        "def f(a: float, b: Dict[str, int], c: Optional[float] = None) -> List[Optional[Union[float, str]]]:\n"
        "    return [a, *b, c]\n"
    )
    assert {key: typed[key] for key in ("id", "content", "tests")} == {"id": "1", "content": content, "tests": tests}


def test_a_function_without_types_says_why_and_stays(tmp_path: Path) -> None:
    rows = inferred(
        tmp_path,
        row("def f(x):\n    return x\n", "assert f(b'a') == b'a'"),
        row("def f(*x):\n    return x\n", "assert f(1) == 1", content_with_types="left by another"),
        row("def f(x):\n    return x\n", "assert f(1) == 1"),
    )
    assert [bool(row["content_with_types"]) for row in rows] == [False, False, True]
    assert rows[1]["types_reason"] == "*args and **kwargs have no counterpart in other languages"
    assert "bytes" in rows[0]["types_reason"]

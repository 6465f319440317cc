"""Top-level functions of Python files: each is kept as it stands with the imports it needs, or says why not."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multiplt.rows import Row
from multiplt.run import StageContext
from multiplt.source.extract import Extract, extract

DOC = '    """What it does."""\n'


def file(content: str) -> Row:
    return {"content": content, "repository": "r", "path": "p.py", "licence": "MIT"}


def kept(content: str) -> list[Row]:
    return [row for row in extract(file(content)) if "reason" not in row]


def reasons(content: str) -> list[str]:
    return [row["reason"] for row in extract(file(content)) if "reason" in row]


def function_in(content: str, name: str = "f") -> str:
    nodes = [node for node in ast.parse(content).body if isinstance(node, ast.FunctionDef) and node.name == name]
    return ast.dump(nodes[-1])


def test_a_function_keeps_its_text_and_where_it_comes_from() -> None:
    source = f"def f(x):\n{DOC}    # a remark\n    return x  # another\n"
    (row,) = kept(f"import os\n\n{source}\n\nprint(f(1))\n")
    assert row["content"] == source
    assert {name: row[name] for name in ("entrypoint", "repository", "path", "licence", "line")} == {
        "entrypoint": "f", "repository": "r", "path": "p.py", "licence": "MIT", "line": 3,
    }  # fmt: skip


def test_an_id_depends_on_the_function_and_its_place_alone() -> None:
    source = f"def f(x):\n{DOC}    return x\n"
    first, again = kept(source), kept(source)
    assert first == again
    assert kept(f"\n{source}")[0]["id"] != first[0]["id"]
    assert kept(f"\n{source}")[0]["sha1"] == first[0]["sha1"]


def test_only_the_imports_that_it_needs_come_along() -> None:
    head = (
        "from __future__ import annotations\nimport os, sys as system\nfrom . import sibling\nfrom math import *\n"
        "from typing import Any, List as L\nimport collections.abc\n"
        "try:\n    import json\nexcept ImportError:\n    import simplejson as json\n"
    )
    uses = "json.dumps(x), system.path, collections.abc, sibling, sqrt(x)"
    body = f"def f(x: 'L[int]', y: Any):\n{DOC}    return {uses}\n"
    (row,) = kept(head + body)
    assert row["content"] == (
        "from __future__ import annotations\nimport sys as system\nfrom typing import Any, List as L\n"
        "import collections.abc\nimport json\n\n" + body
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("def f(x):\n    return x\n", "it has no docstring"),
        (f"@cache\ndef f(x):\n{DOC}    return x\n", "it has a decorator"),
        (f"async def f(x):\n{DOC}    return x\n", "it is async"),
        ("print 'hello'\ndef f(x):\n    return x\n", "the file does not parse as Python 3"),
        (f"def f(x):\n{DOC}    return {'(' * 5000}x\n", "the file does not parse as Python 3"),
        ("x = 1\n", "the file has no top-level function"),
        (f"class A:\n    def f(x):\n    {DOC}        return x\n", "the file has no top-level function"),
        ("x = '''\ndef f(x):\n'''\n", "the file has no top-level function"),
    ],
)
def test_what_is_not_kept_says_why(content: str, reason: str) -> None:
    assert (kept(content), reasons(content)) == ([], [reason])


def test_of_two_functions_of_one_name_the_last_counts() -> None:
    content = f"def f(x):\n{DOC}    return 1\ndef f(x):\n{DOC}    return 2\n"
    assert [row["line"] for row in kept(content)] == [4]
    assert reasons(content) == ["a later function of the file has its name"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_the_parser_has_it(end: str) -> None:
    content = f"\fdef f(x):\n{DOC}    s = 'é\x0b\x1c'; return s\n".replace("\n", end)
    (row,) = kept(f"x = 'ü'{end}{content}")
    assert function_in(row["content"]) == function_in(content)
    assert "\r" not in row["content"]


def test_every_function_of_the_standard_library_is_the_same_as_in_its_file() -> None:
    for name in ("ast.py", "inspect.py", "textwrap.py"):
        content = (Path(ast.__file__).parent / name).read_text()
        for row in kept(content):
            assert function_in(row["content"], row["entrypoint"]) == function_in(content, row["entrypoint"])


PIECES = st.sampled_from([
    f"def f(x):\n{DOC}    return x\n", f"def g(x):\n{DOC}    return f(x)\n", "def h(): pass\n", "x = 1\n",
    "import os\n", f"@d\ndef k():\n{DOC}    pass\n", "class A:\n    pass\n", "print 'x'\n",
    "\0", "'''", "if x:\n    def f(): pass\n",
])  # fmt: skip


@given(st.lists(st.one_of(st.lists(PIECES, max_size=6).map("".join), st.none()), max_size=6))
def test_rows_in_and_made_are_rows_kept_and_set_aside(contents: list[str | None]) -> None:
    unread = {"content": None, "reason": "the file cannot be read", "detail": ""}
    rows = [unread if content is None else file(content) for content in contents]
    result = Extract()(rows, StageContext(Path()))
    assert len(rows) + result.expanded == len(result.kept) + len(result.rejected)
    assert len(result.kept) + len(result.rejected) >= len(rows)
    assert all(row["reason"] and row["stage"] == "extract" for row in result.rejected)

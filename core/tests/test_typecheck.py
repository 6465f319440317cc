"""Functions that type-check on their own."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from multiplt.rows import Row
from multiplt.run import StageContext
from multiplt.source import typecheck
from multiplt.source.typecheck import BREAKS, FAILS, TypeCheck, check


def row(content: str) -> Row:
    return {"id": "1", "content": content, "entrypoint": "f", "sha1": "old"}


def test_those_that_pass_are_kept_with_their_imports(tmp_path: Path) -> None:
    good = row("def f(x: float) -> float:\n    return math.sqrt(x)\n")
    bare = row("def f(x):\n    return x + 1\n")
    bad = row("def f(x: int) -> str:\n    return x + 1\n")
    free = row("def f(x):\n    return helper(x)\n")
    result = TypeCheck()([good, bad, bare, free], StageContext(tmp_path))
    content = f"import math\n\n{good['content']}"
    assert result.kept == [good | {"content": content, "sha1": hashlib.sha1(content.encode()).hexdigest()}, bare]
    assert {row["reason"] for row in result.rejected} == {FAILS}
    assert "expected `str`, found `int`" in result.rejected[0]["detail"]
    assert "Name `helper` used when not defined" in result.rejected[1]["detail"]


@pytest.mark.parametrize(
    "content",
    [
        "import numpy\ndef f(x):\n    return numpy.array(x)\n",
        "import multiplt\ndef f(x):\n    return x\n",
        "def f(x: int) -> str:\n    return x  # type: ignore\n",
        "# type: ignore\ndef f(x: int) -> str:\n    return x\n",
        "def f(x: int) -> str:\n    return x  # ty: ignore # ty:ignore[invalid-return-type]\n",
        "def f(x: int) -> str:\n    return x  # ty: ty: ignoreignore\n",
        "# ty: ignore\ndef f(x: int) -> str:\n    return x\n",
        "# pyright: basic, reportReturnType=false\ndef f(x: int) -> str:\n    return x\n",
        "def f(x) return x\n",
    ],
)
def test_only_the_standard_library_is_there_and_no_comment_helps(content: str) -> None:
    (found,) = check([content])
    assert found is not None
    assert found[0] == FAILS


@pytest.mark.parametrize("statement", ["import _0", "from . import _0", "from ._0 import f", "from code import _0"])
def test_what_else_is_in_a_shard_changes_nothing(statement: str) -> None:
    good = "def f(x):\n    return x\n"
    standard = "import code\ndef f(x):\n    return code.InteractiveConsole()\n"
    found = check([good, f"{statement}\ndef g(x):\n    return x\n", standard])
    assert [reason and reason[0] for reason in found] == [None, FAILS, None]


def test_odd_sources_do_no_harm() -> None:
    odd = [
        f"x = {'(' * 3000}1{')' * 3000}\n",
        f"x = '{'a' * 1_000_000}'\n",
        "def f(x):\n    return '\ud800'\n",
        "\0",
        f"def f(x):\n    return {' + '.join(['x'] * 3000)}\n",
    ]
    good = "def f(x):\n    return x\n"
    found = check([good, *odd, good])
    assert (found[0], found[-1], len(found)) == (None, None, 7)


def test_one_that_the_checker_fails_on_is_found_among_the_others() -> None:
    breaking = f"x = {'+'.join(['1'] * 200_000)}\n"  # more than its stack holds
    good, bad = "def f(x):\n    return x\n", "def f(x):\n    return y\n"
    found = check([good, bad, good, breaking, bad, good])
    assert [reason and reason[0] for reason in found] == [None, FAILS, None, BREAKS, FAILS, None]


@pytest.mark.parametrize(("limit", "value"), [("MEMORY_KIB", 10_000), ("PATIENCE_S", -1.0)])
def test_its_memory_and_time_are_limited(limit: str, value: float, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check(["x = 1\n"]) == [None]
    monkeypatch.setattr(typecheck, limit, value)
    assert check(["x = 1\n"]) == [(BREAKS, "")]

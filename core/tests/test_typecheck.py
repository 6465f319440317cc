"""Functions that type-check on their own, with the imports that they need inferred."""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multiplt.rows import Row
from multiplt.run import StageContext
from multiplt.source.imports import BUILTINS, MODULE_OF, MODULES, with_imports
from multiplt.source.typecheck import BREAKS, FAILS, TypeCheck, check


@pytest.mark.parametrize(
    ("content", "imports"),
    [
        ("def f(x):\n    return math.sqrt(x)", "import math"),
        ("def f(x: Optional[List[int]]):\n    return sqrt(x)",
         "from math import sqrt\nfrom typing import List, Optional"),
        ("def f(x: 'Dict[str, int]') -> 'Any': return x", "from typing import Any, Dict"),
        ("def f(x): return Counter(re.findall('a', x)), Path(x)",
         "import re\nfrom collections import Counter\nfrom pathlib import Path"),
        ("def f(x): return string", ""),  # a module is used with a dot
        ("def f(string): return string.upper()", ""),
        ("def f(x):\n    import re\n    return re.sub(x)", ""),
        ("def f(x): return [math for math in x if math.a]", ""),
        ("def f(x):\n    try: pass\n    except E as copy: return copy.x", ""),
        ("def f(x):\n    match x:\n        case {'a': json, **time}: return json.a, time.b", ""),
        ("def f(x): return np.array(x)", ""),
    ],
)  # fmt: skip
def test_what_nothing_binds_is_imported(content: str, imports: str) -> None:
    assert with_imports(content) == (f"{imports}\n\n{content}" if imports else content)


def test_imports_stand_behind_those_of_the_future() -> None:
    content = "from __future__ import annotations\nimport os\n\ndef f(x): return re.sub(x, os.sep)"
    assert with_imports(content) == content.replace("import os\n", "import re\nimport os\n")


NAMES = st.sampled_from([*sorted(MODULE_OF)[:20], *sorted(MODULES)[-20:], *sorted(BUILTINS)[:5], "x", "unknown"])


@given(st.lists(NAMES, max_size=5), st.lists(NAMES, max_size=3, unique=True))
def test_imports_bind_what_was_free_and_nothing_else(used: list[str], bound: list[str]) -> None:
    names = [name for name in bound if name not in BUILTINS]
    source = f"def f({', '.join(names)}):\n    return [{', '.join(f'{name}.a' for name in used)}]"
    completed = with_imports(source)
    imported = {
        alias.name
        for node in ast.parse(completed).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported == {name for name in used if name not in names and name in MODULES | MODULE_OF.keys()}
    assert completed.endswith(source)
    assert with_imports(completed) == completed


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
        "def f(x) return x\n",
    ],
)
def test_only_the_standard_library_is_there_and_no_comment_helps(content: str) -> None:
    (found,) = check([content])
    assert found is not None
    assert found[0] == FAILS


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

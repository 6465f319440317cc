"""Imports that a function needs and does not come with."""

from __future__ import annotations

import ast
import dis
import importlib.util
import types

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multiplt.source.imports import MODULE_OF, MODULES, SUBMODULES, with_imports
from multiplt.source.names import BUILTINS


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
        ("def f(x):\n    def g(re): return re\n    return re.sub(x), g", "import re"),  # bound elsewhere only
        ("def f(x): return [math for math in x], math.pi", "import math"),
        ("def f(x):\n    class A:\n        copy = 1\n    return copy.copy(x)", "import copy"),
        ("def f(x):\n    global json\n    json = x\n    return json.a", ""),
        ("def f(x): return urllib.parse.quote(x), os.path.join(x)", "import os\nimport urllib.parse"),
        ("def f(x): return urllib.request.a, urllib.error.b", "import urllib.error\nimport urllib.request"),
        ("def f(x): return datetime.date(x)", "import datetime"),
        ("def f(x): return datetime.now()", "from datetime import datetime"),
        ("def f(x: Literal['math', 'Counter']) -> 'List[\"Any\"]': return x", "from typing import Any, List, Literal"),
    ],
)  # fmt: skip
def test_what_nothing_binds_is_imported(content: str, imports: str) -> None:
    assert with_imports(content) == (f"{imports}\n\n{content}" if imports else content)


def test_imports_stand_behind_those_of_the_future() -> None:
    content = "from __future__ import annotations\nimport os\n\ndef f(x): return re.sub(x, os.sep)"
    assert with_imports(content) == content.replace("import os\n", "import re\nimport os\n")


def test_what_a_star_brings_is_not_imported_again() -> None:
    content = "from typing import *\n\ndef f(x: List[int]) -> Optional[int]: return deque(x)"
    assert with_imports(content) == f"from collections import deque\n{content}"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_those_of_the_parser(end: str) -> None:
    content = f"from __future__ import annotations{end}def f(x):{end}    return '\x0c\x1c', math.pi{end}"
    assert with_imports(content) == content.replace(f"annotations{end}", f"annotations{end}import math\n")


@pytest.mark.parametrize("name", SUBMODULES)
def test_a_package_is_imported_with_what_is_used_of_it(name: str) -> None:
    assert with_imports(f"def f(): return {name}.x") == f"import {name}\n\ndef f(): return {name}.x"
    assert importlib.util.find_spec(name)


@pytest.mark.parametrize(("name", "module"), MODULE_OF.items())
def test_every_member_is_there(name: str, module: str) -> None:
    assert hasattr(importlib.import_module(module), name)


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


SCOPES = st.sampled_from(
    ["{name}.a", "[{name} for {name} in x]", "(lambda {name}: {name})(x)", "({name} := x)", "{{{name}: 1 for y in x}}"]
)


@given(st.lists(st.tuples(SCOPES, st.sampled_from(["math", "re", "deque", "len", "x"])), max_size=6))
def test_names_are_free_as_python_says(uses: list[tuple[str, str]]) -> None:
    source = f"def f(x):\n    return [{', '.join(scope.format(name=name) for scope, name in uses)}]"
    imported = {
        alias.name
        for node in ast.parse(with_imports(source)).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    modules = {name for scope, name in uses if scope == "{name}.a"} & MODULES
    wanted = _globals(compile(source, "function", "exec")) - BUILTINS
    assert imported == {name for name in wanted if name in modules or name in MODULE_OF}


def _globals(code: types.CodeType) -> set[str]:
    """What the code and those within it look up as globals."""
    own = {i.argval for i in dis.get_instructions(code) if i.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    return own.union(*(_globals(inner) for inner in code.co_consts if isinstance(inner, types.CodeType)))

"""Functions out of files: the same function, with the imports that it needs, and an account of every other one."""

from __future__ import annotations

import ast
import importlib.util
import warnings
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multiplt.rows import Row
from multiplt.run import StageContext, StageResult
from multiplt.source.extract import NOT_ALONE, Extract
from multiplt.source.files import read_files


def extract(*contents: str | None) -> StageResult:
    rows: list[Row] = [
        {"content": content, "repository": "r", "path": f"{number}.py", "licence": "MIT"}
        | ({"reason": "the file cannot be read", "detail": "…"} if content is None else {})
        for number, content in enumerate(contents)
    ]
    result = Extract()(rows, StageContext(Path()))
    assert len(rows) + result.expanded == len(result.kept) + len(result.rejected)
    return result


def only(content: str) -> str:
    """The content of the one function in a file."""
    (row,) = extract(content).kept
    return str(row["content"])


def reasons(*contents: str | None) -> list[tuple[str | None, str]]:
    return [(row.get("entrypoint"), row["reason"]) for row in extract(*contents).rejected]


F = "def f(x):\n    '''Doc.'''\n    return x\n"


def test_a_function_row_says_what_and_from_where() -> None:
    (row,) = extract("import re\n\n\n" + F).kept
    assert {key: row[key] for key in ("content", "entrypoint", "repository", "path", "licence", "line")} == {
        "content": F, "entrypoint": "f", "repository": "r", "path": "0.py", "licence": "MIT", "line": 4,
    }  # fmt: skip
    assert len(row["id"]) == 16
    assert len(row["sha1"]) == 40


def test_an_id_depends_on_the_function_alone() -> None:
    first, second, moved = "\n" + F, F.replace("f(", "g("), "\n\n" + F
    ids = [row["id"] for row in extract(first, second).kept]
    assert [row["id"] for row in extract(first, second, moved).kept[:2]] == ids
    assert len({row["id"] for row in extract(first, second, moved).kept}) == 3


WRITTEN = {
    "comments": "def f(x):  # one\n    '''Doc.'''\n    # two\n    return (  # three\n        x)  # four\n",
    "tabs": "def f(x):\n\t'''Doc.'''\n\tif x:\n\t\treturn '\t'\n\treturn x\n",
    "multibyte": "def f(x, é='ü'):\n    '''Dög ✓.'''\n    return é + '✓'  # ✓\n",
    "form feed inside": "def f(x):\n    '''Doc.'''\n\f\n    return x\n",
    "odd line ends inside": "def f(x):\n    '''Doc\x0b\x1c\u2028.'''\n    return x\n",
    "continued": "def f(x, \\\n      y):\n    '''Doc.'''\n    return x + \\\n        y\n",
    "one line": "def f(x): '''Doc.'''; return x\n",
    "unusual quotes": "def f(x):\n    R'Doc.'\n    return x\n",
    "long string": "def f(x):\n    '''Doc\nclass A:\n  def g(): pass\n'''\n    return '''\ndef h(): pass\n'''\n",
    "nested": "def f(x):\n    '''Doc.'''\n    def g():\n        return x\n    return g()\n",
    "types": "def f(x: 'int' = 1, /, *a: int, b, **c) -> None:\n    '''Doc.'''\n    y: int = 1\n",
}


@pytest.mark.parametrize("source", WRITTEN.values(), ids=WRITTEN.keys())
@pytest.mark.parametrize(
    "around",
    [
        "{}", "\n\n{}\n\n", "\f{}", "'''Module.'''\nx = 1; y = 2\n{}z = 3\n",
        "class A:\n  '''{{'''\n  x = [\n]\n{}# end",
        "@d(\n  1)\nclass A: pass\n{}@d\nclass B:\n  def f(): pass\n", "if x:\n    pass\n{}else_ = 1\n",
    ],
)  # fmt: skip
def test_a_function_stays_as_it_is_written(source: str, around: str) -> None:
    file = around.replace("{{", "{").replace("{}", source, 1)
    assert only(file) == source
    assert only(file.replace("\n", "\r\n")) == source


@pytest.mark.parametrize("end", ["\n", "", ";\n", " ;  # c\n", " \\\n\n", "\r", "\n    # behind\n", "  # c"])
def test_the_end_of_a_function_is_that_of_its_last_statement(end: str) -> None:
    content = only("def f(x):\n    '''Doc.'''\n    return x" + end + "\n")
    assert ast.dump(ast.parse(content)) == ast.dump(ast.parse(F))


IMPORTS = """\
from __future__ import print_function, annotations
import os, sys as system
import os.path
import xml.dom
import xml.sax
from typing import (List,
    Dict as D)
from . import sibling
from ..up import cousin as relative
from star import *
try:
    import cPickle as pickle
except ImportError:
    import pickle
if system:
    from urllib import quote
else:
    from urllib.parse import quote
import numpy as np
import early; import early as late

def f({}):
    '''np pickle.'''
    {}
"""


@pytest.mark.parametrize(
    ("arguments", "body", "imports"),
    [
        ("x", "return x", []),
        ("x", "return os.path.join(x)", ["import os", "import os.path"]),
        ("x", "return os.getcwd()", ["import os"]),
        ("x", "return xml.sax(x)", ["import xml.sax"]),
        ("x", "return np.array(system)", ["import sys as system", "import numpy as np"]),
        ("x: List", "y: D = x", ["from __future__ import annotations", "from typing import List, Dict as D"]),
        ("x: List, y: Literal['np']", "pass", ["from __future__ import annotations", "from typing import List"]),
        ("x: 'D[str, int]'", "pass", ["from __future__ import annotations", "from typing import Dict as D"]),
        ("x=np", "return x", ["import numpy as np"]),
        ("np", "return np + 1", []),
        ("np=np", "return np + 1", ["import numpy as np"]),
        ("x", "np = x; return np", []),
        ("x", "return [np for np in x]", []),
        ("x", "return (lambda os: os)(os)", ["import os"]),
        ("x", "import numpy as np; return np", []),
        ("x", "return pickle.dumps(x)", ["import pickle"]),
        ("x", "return quote(x)", ["from urllib import quote"]),
        ("x", "return sibling(relative)", ["from . import sibling", "from ..up import cousin as relative"]),
        ("x", "return star + print_function", []),
        ("x", "return x.np.os", []),
        ("x", "return f'{x:{os}}'", ["import os"]),
        ("x", "return late + early", ["import early", "import early as late"]),
        ("x", "global np; np = 1; return np", ["import numpy as np"]),
    ],
)
def test_the_imports_that_a_function_needs_come_with_it(arguments: str, body: str, imports: list[str]) -> None:
    content = only(IMPORTS.replace("{}", arguments, 1).replace("{}", body, 1))
    head, found, _ = content.partition("def f")
    assert found
    assert head == "".join(f"{line}\n" for line in imports) + ("\n" if imports else "")


@pytest.mark.parametrize(
    ("file", "needed"),
    [
        ("def g(): pass\ndef f(x):\n    'D.'\n    return g() + g()\n", "g"),
        ("class A(B):\n    pass\ndef f(x, A=A):\n    'D.'\n    return A\n", "A"),
        ("C, D = 1, 2\ndef f(x: 'D'):\n    'D.'\n    return C\n", "C, D"),
        ("try:\n    unicode\nexcept E:\n    unicode = str\ndef f(x):\n    'D.'\n    return unicode(x)\n", "unicode"),
        ("if x:\n    def quote(): pass\ndef f(x):\n    'D.'\n    return quote(x)\n", "quote"),
        ("for i in []: pass\ndef f(x):\n    'D.'\n    return lambda: i\n", "i"),
    ],
)
def test_a_function_that_needs_more_of_its_file_is_set_aside(file: str, needed: str) -> None:
    (row,) = [row for row in extract(file).rejected if row["entrypoint"] == "f"]
    assert (row["reason"], row["detail"]) == (NOT_ALONE, needed)


@pytest.mark.parametrize(
    "file",
    [
        "def f(x):\n    'D.'\n    return f(x - 1)\n",
        "g = 1\ndef f(g):\n    'D.'\n    return g\n",
        "g = 1\ndef f(x):\n    'D: g.'\n    g = x\n    return x.g\n",
        "def range(): pass\ndef f(x):\n    'D.'\n    return range(x)\n",
        "try:\n    import json\nexcept E:\n    json = None\ndef f(x):\n    'D.'\n    return json.dumps(x)\n",
        "def f(x):\n    'D.'\n    return unknown(x)\n",
        "class A:\n    b = 1\ndef f(x):\n    'D.'\n    return b\n",
    ],
)
def test_a_function_that_stands_alone_stays(file: str) -> None:
    assert [row["entrypoint"] for row in extract(file).kept] == ["f"]


def test_every_function_is_kept_or_has_its_reason() -> None:
    file = f"""
def a(): pass
{F}
async def b():
    '''Doc.'''
@decorated
def c():
    '''Doc.'''
def d(): ''' '''
class G:
    def g(self):
        '''Doc.'''
if True:
    def h():
        '''Doc.'''
{F.replace("x", "y")}"""
    result = extract(file)
    assert [(row["entrypoint"], row["line"]) for row in result.kept] == [("f", 19)]
    assert reasons(file) == [
        ("a", "it has no docstring"),
        ("f", "a later function of the file has its name"),
        ("b", "it is async"),
        ("c", "it has a decorator"),
        ("d", "it has no docstring"),
    ]
    assert all(row["content"].startswith(("def", "async def")) for row in result.rejected)


PYTHON_2 = ["print 'a'", "exec 'a'", "raise E, 'a'", "x = 0777", "x = `1`", "x = u'a' <> ur'b'", "def g((a, b)): pass",
            "try: pass\nexcept A, e: pass", "if x:\n\ty\n        z"]  # fmt: skip


@pytest.mark.parametrize("code", PYTHON_2)
def test_a_file_of_python_2_is_told(code: str) -> None:
    assert reasons(F + code + "\n") == [(None, "the file does not parse as Python 3")]
    assert extract(F + code + "\n").rejected[0]["detail"]


@pytest.mark.parametrize(
    "code",
    [
        "x = " + "(" * 100_000, "x = " + "-" * 100_000 + "1", "x = " + "1+" * 100_000 + "1", "x" + ".a" * 100_000,
        "x = " + "[" * 5_000, "x = " + "lambda:" * 50_000 + "1", "f" + "()" * 100_000,
        "if x: pass\n" + "elif x: pass\n" * 9_000, "x = " + "1" * 5_000,
        "\n".join(" " * depth + "if x:" for depth in range(150)), "def g(:", "'''", "\ud800", "x = \0",
    ],
    ids=range(14),
)  # fmt: skip
def test_no_file_stops_the_work(code: str) -> None:
    assert reasons(F + code + "\n", F) == [(None, "the file does not parse as Python 3")]


def test_deep_code_that_parses_is_extracted() -> None:
    assert len(extract("import os\n" + F.replace("return x", "return os" + "+ x" * 2_000)).kept) == 1


def test_files_without_functions_and_those_that_could_not_be_read_are_told() -> None:
    empty = "the file has no top-level function"
    assert reasons("", "x = 1\n", "class A:\n    def f(self): pass\n", "'''\ndef f(): pass\n'''\n", None) == [
        *[(None, empty)] * 4, (None, "the file cannot be read"),
    ]  # fmt: skip
    assert extract(None).rejected[0]["detail"] == "…"


def test_a_file_set_aside_says_where_it_lies_or_what_it_is() -> None:
    (placed,) = extract("x").rejected
    assert (placed["path"], "content" in placed) == ("0.py", False)
    (row,) = Extract()([{"content": "x = 1"}], StageContext(Path())).rejected
    assert row["content"] == "x = 1"


def test_the_parser_warns_no_one() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(extract(F.replace("return x", "return '\\d' is 1")).kept) == 1


LINES = st.sampled_from(
    ["", "# é\n", "\n", "z = 1\n", "import os\n", F, F.replace("x", "os"), "def g(): pass\n", "class A:\n    x = 1\n",
     "class B:\n    '''\nclass C:\n    '''\n", "@d\n", "y = '''\n", "'''\n", "async def h():\n    'D.'\n", "print 1\n",
     "if x:\n    import os\n", "\f", "\r", "\\\n", "(\n", ")\n", "\ud800",
     'z = """\nclass D:\n"""\n', "    def i(): ''\n"]
)  # fmt: skip


@given(st.lists(st.lists(LINES, max_size=8).map("".join), max_size=4))
def test_rows_add_up_and_functions_are_those_of_the_file(contents: list[str]) -> None:
    result = extract(*contents)
    found: Counter[tuple[str, str]] = Counter()
    for number, content in enumerate(contents):
        try:
            module = ast.parse(content)
        except (SyntaxError, ValueError):
            continue
        functions = [n for n in module.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        found.update((f"{number}.py", node.name) for node in functions)
    rows = [row for row in result.kept + result.rejected if "entrypoint" in row]
    told = Counter((row["path"], row["entrypoint"]) for row in rows)
    assert found - told == Counter()
    for row in result.kept:
        assert row["entrypoint"] in {getattr(node, "name", None) for node in ast.parse(row["content"]).body}


def file_of(name: str) -> str:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return spec.origin


REAL = ["ast", "inspect", "statistics", "dataclasses", "sysconfig", "locale", "shutil", "textwrap", "email.utils"]


def test_real_functions_are_the_same_in_their_file_and_out_of_it() -> None:
    paths = [file_of(name) for name in REAL]
    modules = {Path(path).name: ast.parse(Path(path).read_text()) for path in paths}
    result = Extract()(list(read_files(paths)), StageContext(Path()))
    rows = [row for row in [*result.kept, *result.rejected] if row.get("reason") in (None, NOT_ALONE)]
    assert len(rows) > 100
    for row in rows:
        node = last(modules[row["path"]], row["entrypoint"])
        assert ast.dump(last(ast.parse(row["content"]), row["entrypoint"])) == ast.dump(node)
        assert row["line"] == node.lineno
        compile(row["content"], "content", "exec")


def last(module: ast.Module, name: str) -> ast.FunctionDef:
    return [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == name][-1]

"""Each filter says why, and the stage sets aside what the first of them finds."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from multiplt.rows import Row
from multiplt.run import StageContext
from multiplt.settings import FilterName, FilterSettings
from multiplt.source.decontamination import Benchmarks
from multiplt.source.definition import ParsedFunction
from multiplt.source.extract import Extract
from multiplt.source.files import read_files
from multiplt.source.filter import Filter, explain
from multiplt.source.filters import FILTERS

NO_BENCHMARK = FilterSettings(benchmarks=())

GOOD = '''import re
from collections import Counter


def f(text, least=1):
    """Count the words."""
    words = Counter(re.split(" ", text))
    return {word: count for word, count in words.items() if count >= least}
'''


def row(content: str, entrypoint: str = "f") -> Row:
    return {"id": "1", "content": content, "entrypoint": entrypoint}


def faults(content: str, settings: FilterSettings = NO_BENCHMARK) -> dict[str, tuple[str, str]]:
    """What all filters find, by their names."""
    found = explain(row(content), settings, Benchmarks(()))
    return {name: reason for name, reason in found if reason is not None}


def with_body(body: str, docstring: str = '"""Doc."""', arguments: str = "x, y") -> str:
    lines = "".join(f"    {line}\n" for line in [docstring, *body.split("\n")])
    return f"def f({arguments}):\n{lines}"


def test_a_good_function_passes_all_of_them() -> None:
    assert faults(GOOD) == {}


@pytest.mark.parametrize("docstring", ['"""Doc."""', "'''Doc.'''", 'r"""Doc."""', 'U"""\n    Doc.\n    """'])
def test_a_docstring_in_triple_quotes(docstring: str) -> None:
    assert faults(with_body("return x + y * 2", docstring)) == {}


@pytest.mark.parametrize("docstring", ['"Doc."', "'Doc.'", 'r"Doc."', '"Doc"   """ument"""', '("""Doc.""")[0]'])
def test_a_docstring_in_other_quotes_or_none(docstring: str) -> None:
    assert list(faults(with_body("return x + y * 2", docstring))) == ["triple-quotes"]


@pytest.mark.parametrize(
    ("body", "returns"),
    [
        ("if x:\n    return y + x\nreturn None", True),
        ("for _ in x:\n    with y:\n        return 0", True),
        ("print(x)", False),
        ("if x:\n    return\nreturn None", False),
        ("def g():\n    return x\nprint(g())", False),
        ("g = lambda: x\nprint(g)", False),
    ],
)
def test_a_function_that_returns_a_value(body: str, returns: bool) -> None:
    assert ("returns" in faults(with_body(body))) is not returns


@pytest.mark.parametrize(
    "body",
    ["pass", "...", "raise NotImplementedError", "return", "return 1", "return x", "return []", "return -x",
     "return x.y", "return not x", "return [x]", "return {}", "return ''"],
)  # fmt: skip
def test_trivial_functions(body: str) -> None:
    assert "trivial" in faults(with_body(body))


@pytest.mark.parametrize(
    "body",
    ["return x + y", "return len(x)", "return max(x, y)", "return [y for y in x]", "z = x\nreturn z",
     "return x[0] + y[0]", "if x:\n    return y", "return x.strip().lower()", "raise ValueError(x)\nreturn y"],
)  # fmt: skip
def test_functions_that_do_something(body: str) -> None:
    assert faults(with_body(body)) == {}


@pytest.mark.parametrize(
    ("content", "name", "detail"),
    [
        (with_body("return max(x, 'é')"), "ascii", ""),
        (with_body("return max(x, y)  # é"), "ascii", ""),
        (with_body("return max(x, y)", '"""Größe."""'), "ascii", "ö"),
        (with_body("# TODO: better\nreturn max(x, y)"), "todo", "TODO"),
        (with_body("return max(x, y)", '"""Doc. FIXME."""'), "todo", "FIXME"),
        (with_body("return max(x, y)  # XXX why?"), "todo", "# XXX"),
        (with_body("return max(x, *y)", arguments="x, *y"), "parameters", ""),
        (with_body("return max(x, **y)", arguments="x, **y"), "parameters", ""),
        (with_body("return max(1, 2)", arguments=""), "parameters", ""),
        (with_body("yield x\nreturn max(x, y)"), "generator", ""),
        (with_body("z = yield from x\nreturn max(z, y)"), "generator", ""),
        ("import numpy as np\n" + with_body("return np.max(x)"), "standard-library", "numpy"),
        ("from . import a\n" + with_body("return a.max(x)"), "standard-library", "."),
        ("from ..a.b import c\n" + with_body("return c.max(x)"), "standard-library", "..a.b"),
        (with_body("import os, yaml.x\nreturn yaml.x(x)"), "standard-library", "yaml.x"),
        (with_body("def g():\n    import six\n    return six(x)\nreturn g()"), "standard-library", "six"),
    ],
)
def test_what_a_filter_finds(content: str, name: str, detail: str) -> None:
    found = faults(content)
    assert list(found) == [name]
    assert found[name][1] == detail


@pytest.mark.parametrize(
    "content",
    [
        with_body("return max(x, y)", '"""Give it as XXX-XXXX → text."""'),
        with_body("z = (y for y in x)\nreturn max(z)"),
        with_body("def g():\n    yield x\nreturn max(g())"),
        with_body("import os.path\nreturn os.path.join(x, y)"),
        with_body("return max(x, y)", arguments="x, /, *, y"),
    ],
)
def test_what_no_filter_minds(content: str) -> None:
    assert faults(content) == {}


BAD = 'import numpy\ndef f(x):\n    "Doc."\n    x = 1\n    print(numpy)  # TODO é\n'


def test_the_stage_sets_aside_with_the_first_reason_and_leaves_out_what_is_skipped(tmp_path: Path) -> None:
    context = StageContext(tmp_path)
    rows = [row(GOOD), row(BAD), row(GOOD, "g"), row("def f(:", "f")]
    result = Filter(NO_BENCHMARK)(rows, context)
    assert result.kept == [row(GOOD)]
    assert [(each["stage"], each["reason"]) for each in result.rejected] == [
        ("filter", "its docstring is not in triple quotes"),
        ("filter", "there is no such function in the source"),
        ("filter", "there is no such function in the source"),
    ]
    skipping = FilterSettings(skip=tuple(FILTERS), benchmarks=())
    assert len(Filter(skipping)(rows, context).kept) == 2


def test_all_that_is_wrong_with_a_function_can_be_told() -> None:
    assert list(faults(BAD)) == ["triple-quotes", "returns", "ascii", "todo", "standard-library"]
    assert list(faults(BAD, FilterSettings(skip=("ascii", "todo"), benchmarks=()))) == [
        "triple-quotes", "returns", "standard-library",
    ]  # fmt: skip


def test_a_filter_that_is_none_is_an_error_that_lists_them() -> None:
    with pytest.raises(ValidationError, match=r"Input should be 'triple-quotes', .*'ascii'.* or 'duplicates'"):
        FilterSettings.model_validate({"skip": ["ascci"]})
    assert get_args(FilterName)[: len(FILTERS)] == tuple(FILTERS)
    assert FilterSettings.model_validate({"skip": ["ascii"], "benchmarks": ["mbpp:a.jsonl"]}).skip == ("ascii",)


PIECES = st.sampled_from(
    ["def f(x):\n", "    '''Doc.'''\n", "    return x\n", "    yield\n", "x = 1\n", "import os\n", "    # é TODO\n",
     "    def f(): pass\n", "class f: pass\n", "async def f(): pass\n", "    return [\n", "]\n", "\ud800", "\0",
     "    lambda f: 1\n"]
)  # fmt: skip


SKIPS = st.lists(st.sampled_from([*FILTERS]), max_size=3)


@given(st.lists(st.lists(PIECES, max_size=6).map("".join), max_size=5), SKIPS)
def test_rows_in_are_rows_kept_and_rows_rejected(contents: list[str], skip: list[FilterName]) -> None:
    rows = [row(content) for content in contents]
    result = Filter(FilterSettings(skip=tuple(skip), benchmarks=()))(rows, StageContext(Path()))
    assert len(result.kept) + len(result.rejected) == len(rows)
    assert all(ParsedFunction.of(kept) for kept in result.kept)
    assert all(isinstance(rejected["detail"], str) for rejected in result.rejected)


def test_rows_that_lack_what_they_need_are_set_aside() -> None:
    rows: list[Row] = [{}, {"content": None, "entrypoint": "f"}, {"content": GOOD}, {"content": 3, "entrypoint": "f"}]
    assert len(Filter(NO_BENCHMARK)(rows, StageContext(Path())).rejected) == 4


def test_code_deeper_than_the_recursion_limit_is_judged_all_the_same() -> None:
    assert faults(with_body("return x" + " + x" * 2_000)) == {}


def test_real_functions_are_judged_one_and_all() -> None:
    functions = Extract()(list(read_files(["json", "textwrap", "shutil", "statistics"])), StageContext(Path())).kept
    result = Filter(NO_BENCHMARK)(functions, StageContext(Path()))
    assert {"indent", "multimode", "_coerce"} <= {kept["entrypoint"] for kept in result.kept}
    assert {"ignore_patterns", "_ensure_directory"} <= {rejected["entrypoint"] for rejected in result.rejected}

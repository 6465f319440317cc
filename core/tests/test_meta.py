"""What holds of the core's own text: hooks documented and tested, no language named, no plugin needed."""

from __future__ import annotations

import ast
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from multiplt import hookspecs

TESTS = Path(__file__).parent
SOURCES = sorted((TESTS.parent / "src").rglob("*.py"))
HOOKS = {name: hook for name, hook in vars(hookspecs).items() if name.startswith("multiplt_")}
LANGUAGES = {"racket", "rkt", "ocaml", "ml", "julia", "jl", "r", "lua", "luajit"}


def arguments(hook: Callable[..., Any]) -> set[str]:
    return set(inspect.signature(hook).parameters)


def example(hook: Callable[..., Any]) -> ast.FunctionDef:
    """The implementation in a hook's docstring."""
    doc = inspect.getdoc(hook) or ""
    code = inspect.cleandoc(doc[doc.index("    @hookimpl") :])
    (node,) = ast.parse(code).body
    assert isinstance(node, ast.FunctionDef)
    return node


def test_all_hooks_are_seen() -> None:
    assert len(HOOKS) == 13
    assert all(hasattr(hook, "multiplt_spec") for hook in HOOKS.values())


@pytest.mark.parametrize("name", HOOKS)
def test_hook_is_documented(name: str) -> None:
    hook = HOOKS[name]
    doc = inspect.getdoc(hook) or ""
    prose = " ".join(doc[: doc.index("    @hookimpl")].split())
    assert re.search(r"\bCalled (once|for|by)\b", prose), "when it is called"
    assert re.search(r"\bReturns\b", prose), "what it returns"
    for argument in arguments(hook):
        assert re.search(rf"`{argument}\b", prose), f"the argument {argument} by name"
    first = hook.multiplt_spec["firstresult"]
    assert ("stops at the first answer" in prose) is bool(first)
    assert bool(re.search("collected|every implementation is called", prose)) is not bool(first)


@pytest.mark.parametrize("name", HOOKS)
def test_hook_has_a_minimal_implementation(name: str) -> None:
    node = example(HOOKS[name])
    assert node.name == name
    assert {argument.arg for argument in node.args.args} <= arguments(HOOKS[name])


def test_every_hook_has_a_test() -> None:
    functions = {
        node.name
        for file in TESTS.glob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    missing = {f"test_hook_{name.removeprefix('multiplt_')}" for name in HOOKS} - functions
    assert not missing


def strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(TESTS.parent / "src")))
def test_core_names_no_language(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    named = [(line, text) for line, text in strings(tree) if text.strip().lower() in LANGUAGES]
    assert not named
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not any("multiplt_lang" in ast.unparse(node) for node in imported)


def test_a_language_in_the_source_would_be_seen() -> None:
    assert [text for _, text in strings(ast.parse('x = open(p, "r")')) if text in LANGUAGES] == ["r"]
    assert len(SOURCES) > 40


def test_core_passes_with_the_toy_alone() -> None:
    """The tests that ask for languages, run again with every installed plugin kept out."""
    files = [
        "test_hooks.py",
        "test_plugins.py",
        "test_problems.py",
        "test_judge.py",
        "-k",
        "not from_function_to_verdict",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files],
        cwd=TESTS,
        env={**os.environ, "MULTIPLT_DISABLE_PLUGINS": "all"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("name", ["run.config", "run.pipeline", "source.extract", "source.filter", "source.stages"])
def test_a_module_can_be_imported_first(name: str) -> None:
    subprocess.run([sys.executable, "-c", f"import multiplt.{name}"], check=True)

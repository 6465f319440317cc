"""Stage `extract`: the top-level functions of Python files, each with the imports that it needs."""

from __future__ import annotations

import ast
import gc
import hashlib
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from multiplt.rows import Row, set_aside
from multiplt.run.engine import StageContext, StageResult
from multiplt.source.module_scope import Def, ModuleScope

DEFINITION = re.compile(r"^\f*(async[ \t\f]+)?def\b", re.MULTILINE)
"""What every file with a top-level function has; to look is a hundred times faster than to parse."""

CLASS = re.compile(r"^class[ \t]+(\w+).*\n(?:\f*(?:[ \t)#\]}].*)?\n)*", re.MULTILINE)
"""A class at the top level with its body, that is, lines that are indented, empty, a comment or a closing bracket."""

NO_FUNCTION = "the file has no top-level function"
NOT_ALONE = "it needs something else that its file defines"
"""Told here, since an import that is inferred for such a name later is the wrong one."""


@dataclass(frozen=True)
class Extract:
    """Files → top-level functions with docstrings that stand alone: `content` is imports and source.

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
        yield _whole_file(file, file["reason"], file["detail"])
        return
    content = file["content"].replace("\r\n", "\n").replace("\r", "\n")  # as the parser does
    if not DEFINITION.search(content):
        yield _whole_file(file, NO_FUNCTION)
        return
    try:
        module = _parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        yield _whole_file(file, "the file does not parse as Python 3", str(error) or type(error).__name__)
        return
    functions = [node for node in module.body if isinstance(node, Def)]
    if not functions:
        yield _whole_file(file, NO_FUNCTION)
        return
    lines = content.split("\n")
    scope = ModuleScope(module)
    last = {node.name: node for node in functions}
    for node in functions:
        source = _source(node, lines)
        reason = _reason(node) or (None if last[node.name] is node else "a later function of the file has its name")
        if reason is None:
            needed = scope.needed_by(node, source)
            content = f"{needed.imports}\n{source}" if needed.imports else source
            row = _row(content, node, provenance)
            if needed.definitions:
                yield set_aside(row | {"detail": ", ".join(needed.definitions)}, "extract", NOT_ALONE)
            else:
                yield row
        else:
            yield set_aside(_row(source, node, provenance), "extract", reason)


def _whole_file(file: Row, reason: str, detail: str = "") -> Row:
    """A file that is set aside: where it lies, or where nothing tells that, what it holds."""
    fields = ("repository", "path", "licence") if file.get("path") else ("content", "repository", "licence")
    return set_aside({field: file.get(field) for field in fields} | {"detail": detail}, "extract", reason)


def _parse(content: str) -> ast.Module:
    """The syntax tree of a module, its classes mostly left out: they hold no top-level function and half of the code.

    Where that cuts through a string, what is left has an odd number of quotes and does not parse.
    """
    with suppress(SyntaxError):
        return ast.parse(CLASS.sub(lambda match: f"class {match[1]}: 0" + "\n" * match[0].count("\n"), content + "\n"))
    return ast.parse(content)


def _source(node: Def, lines: list[str]) -> str:
    """A function as it is written, with a comment behind its last statement."""
    assert node.end_lineno is not None
    *body, end = lines[node.lineno - 1 : node.end_lineno]
    code = end.encode()
    kept, rest = code[: node.end_col_offset], code[node.end_col_offset :].strip()  # columns count bytes
    body.append(end.rstrip() if rest.startswith(b"#") else kept.decode())  # else a backslash or semicolon
    return "\n".join(body).lstrip("\f") + "\n"


def _reason(node: Def) -> str | None:
    if isinstance(node, ast.AsyncFunctionDef):
        return "it is async"
    if node.decorator_list:
        return "it has a decorator"
    return None if (ast.get_docstring(node, clean=False) or "").strip() else "it has no docstring"


def _row(content: str, node: Def, provenance: Row) -> Row:
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

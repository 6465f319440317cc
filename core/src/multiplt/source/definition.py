"""A function's row, parsed: what filters look at."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from multiplt.errors import Refused
from multiplt.rows import Row


@dataclass(frozen=True)
class ParsedFunction:
    """The source of a row, the syntax tree of its module and that of the function in it."""

    content: str
    module: ast.Module
    node: ast.FunctionDef

    @classmethod
    def of(cls, row: Row) -> ParsedFunction:
        """Parse a row's `content`. Raises `Refused` where there is no function `entrypoint` in it."""
        try:
            module = ast.parse(row["content"])
        except (KeyError, TypeError, SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise Refused(f"the source is not Python: {error}") from None
        for node in reversed(module.body):
            if isinstance(node, ast.FunctionDef) and node.name == row.get("entrypoint"):
                return cls(row["content"], module, node)
        raise Refused(f"there is no top-level function {row.get('entrypoint')} in the source")

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the function."""
        return list(ast.walk(self.node))

    @cached_property
    def own_nodes(self) -> list[ast.AST]:
        """The nodes of the function that are in no function or class inside it."""
        return list(_own(self.node))

    @property
    def docstring(self) -> ast.Constant | None:
        """Its docstring, as a node."""
        match self.node.body:
            case [ast.Expr(value=ast.Constant(value=str()) as constant), *_]:
                return constant
        return None

    @property
    def statements(self) -> list[ast.stmt]:
        """Its body without the docstring."""
        return self.node.body[1:] if self.docstring else self.node.body

    @property
    def source(self) -> str:
        """The function as it is written, without what stands around it."""
        return self._source(self.node, self.node)

    @property
    def docstring_source(self) -> str:
        """The docstring as it is written, quotes and all."""
        return self._source(self.docstring, self.docstring) if self.docstring else ""

    @property
    def code(self) -> str:
        """The source of the body, without the docstring."""
        return self._source(self.statements[0], self.statements[-1]) if self.statements else ""

    def _source(self, first: ast.stmt | ast.expr, last: ast.stmt | ast.expr) -> str:
        lines = self.content.split("\n")[first.lineno - 1 : last.end_lineno]
        lines[-1] = lines[-1].encode()[: last.end_col_offset].decode()  # columns count bytes
        lines[0] = lines[0].encode()[first.col_offset :].decode()
        return "\n".join(lines)


def _own(node: ast.AST) -> Iterator[ast.AST]:
    waiting = [node]  # not by recursion: code may be nested deeper than Python's own limit
    while waiting:
        for child in ast.iter_child_nodes(waiting.pop()):
            yield child
            if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
                waiting.append(child)

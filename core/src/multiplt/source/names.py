"""The names that Python code uses, by Python's own scopes."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

BUILTINS = {*dir(builtins), "__name__", "__file__", "__doc__"}


@dataclass(frozen=True)
class Names:
    """Of a module: the names that it looks up at its top level or among the builtins, and those it binds there.

    `annotated` are those in annotations. In quotes, or under `from __future__ import annotations`, these count as
    `used` unless something binds them somewhere, since no scope of Python's has them.
    """

    used: set[str]
    bound: set[str]
    annotated: set[str]

    @classmethod
    def of(cls, source: str, tree: ast.AST) -> Names:
        """The names in `source`, whose syntax tree is `tree`. Raises what `compile` raises.

        >>> code = "def f(x: 'List'):\\n    def g(re): return re\\n    return re.sub(x, g)"
        >>> names = Names.of(code, ast.parse(code))
        >>> sorted(names.used), sorted(names.bound), sorted(names.annotated)
        (['List', 're'], ['f'], ['List'])
        """
        used, bound, bound_anywhere = set[str](), set[str](), set[str]()
        tables = [symtable.symtable(source, "module", "exec")]
        for table in tables:
            is_module = table.get_type() == "module"
            for symbol in table.get_symbols():
                is_global = is_module or symbol.is_global()
                if symbol.is_assigned() or symbol.is_imported() or symbol.is_parameter():
                    bound_anywhere.add(symbol.get_name())
                    if is_global:
                        bound.add(symbol.get_name())
                if is_global and symbol.is_referenced():
                    used.add(symbol.get_name())
            tables += table.get_children()
        annotated = set(_in_annotations(tree))
        return cls(used | annotated - bound_anywhere, bound, annotated)


def _in_annotations(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.arg(annotation=ast.expr() as annotation) | ast.AnnAssign(annotation=annotation):
                yield from _in_annotation(annotation)
            case ast.FunctionDef(returns=ast.expr() as returns) | ast.AsyncFunctionDef(returns=ast.expr() as returns):
                yield from _in_annotation(returns)


def _in_annotation(annotation: ast.expr) -> Iterator[str]:
    """The names in an annotation, in quotes or not, but for what stands in a `Literal`."""
    waiting: list[ast.AST] = [annotation]
    while waiting:
        match waiting.pop():
            case ast.Name(id=name):
                yield name
            case ast.Subscript(value=ast.Name(id="Literal") | ast.Attribute(attr="Literal") as literal):
                waiting.append(literal)
            case ast.Constant(value=str(text)):
                with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
                    waiting.append(ast.parse(text.strip(), mode="eval").body)
            case other:
                waiting += ast.iter_child_nodes(other)

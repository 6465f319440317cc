"""What of its module a function needs: import statements, and what else the module defines."""

from __future__ import annotations

import ast
import builtins
import re
import symtable
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby

Def = ast.FunctionDef | ast.AsyncFunctionDef

WORD = re.compile(r"\w+")
BUILTINS = {*dir(builtins), "__name__", "__file__", "__doc__"}


@dataclass(frozen=True)
class Import:
    """One name that an import statement binds: `from MODULE import WHAT`, or `import WHAT` where `origin` is None.

    `always` unless it stands in a branch; `plain` for `import a` and `import a.b`, which both bind `a` and
    stand beside each other.
    """

    name: str
    origin: str | None
    what: str
    always: bool
    plain: bool = False

    @property
    def is_standard(self) -> bool:
        """Whether it is from the standard library of the running Python."""
        return is_standard(self.what.partition(" ")[0] if self.origin is None else self.origin)


@dataclass(frozen=True)
class Needed:
    """Of a module: `imports`, a statement a line, and the names of other `definitions`."""

    imports: str = ""
    definitions: tuple[str, ...] = ()


FUTURE = Import("annotations", "__future__", "annotations", always=True)


def is_standard(module: str) -> bool:
    """Whether a module, by its dotted name, is of the standard library of the running Python.

    >>> is_standard("os.path"), is_standard("numpy"), is_standard(".os")
    (True, False, False)
    """
    return module.partition(".")[0] in sys.stdlib_module_names


class ModuleScope:
    """What a module binds at its top level, in branches of `if`, `try` and `with` too.

    Of several imports that bind the same name the last counts, or where all are in branches the first from
    the standard library, else the first. `from m import *` binds no name that is known.
    """

    def __init__(self, module: ast.Module) -> None:
        self._imports: dict[str, list[Import]] = {}
        self._has_future = False
        for found in _imports(module.body, always=True):
            if found.origin == "__future__":  # the others change nothing in Python 3
                self._has_future |= found.name == "annotations"
                continue
            others = self._imports.setdefault(found.name, [])
            if found.plain and others and others[0].plain:
                others.append(found)
            elif not others or _replaces(found, others[0]):
                others[:] = [found]
        self._defined = set(_defined(module)) - self._imports.keys() - BUILTINS

    def needed_by(self, node: Def, source: str) -> Needed:
        """What is free in the function with this `source`.

        `from __future__ import annotations` is kept where there are annotations.
        """
        words = set(WORD.findall(source))
        words.remove(node.name)
        if not self._has_future and words.isdisjoint(self._imports) and words.isdisjoint(self._defined):
            return Needed()  # ten times faster than to look at the tree
        used = _used(node)
        needed = (used.loaded & (self._imports.keys() | self._defined)) - {node.name}
        if needed & used.bound:
            with suppress(SyntaxError, RecursionError, MemoryError):  # then one too many may stay
                needed &= _free(source) | used.quoted
        imports = [FUTURE] if self._has_future and used.annotated else []
        for name, found in self._imports.items():
            if name in needed:
                imports += _mentioned(found, source)
        return Needed("".join(_written(imports)), tuple(sorted(needed & self._defined)))


def _defined(module: ast.Module) -> Iterator[str]:
    """The names that functions, classes and assignments at the top level bind."""
    for statement in module.body:
        if isinstance(statement, Def | ast.ClassDef):
            yield statement.name
        else:
            names = (node for node in ast.walk(statement) if isinstance(node, ast.Name | Def | ast.ClassDef))
            for node in names:
                if not isinstance(node, ast.Name):
                    yield node.name
                elif isinstance(node.ctx, ast.Store):
                    yield node.id


def _imports(body: Iterable[ast.stmt], always: bool) -> Iterator[Import]:
    for statement in body:
        match statement:
            case ast.Import(names=aliases):
                for alias in aliases:
                    name = alias.asname or alias.name.partition(".")[0]
                    yield Import(name, None, _spelled(alias), always, plain=not alias.asname)
            case ast.ImportFrom(module=module, names=aliases, level=level):
                for alias in aliases:
                    if alias.name != "*":
                        origin = "." * level + (module or "")
                        yield Import(alias.asname or alias.name, origin, _spelled(alias), always)
            case ast.If(body=inner, orelse=other):
                yield from _imports([*inner, *other], always=False)
            case ast.Try(body=inner, handlers=handlers, orelse=other):
                caught = [statement for handler in handlers for statement in handler.body]
                yield from _imports([*inner, *caught, *other], always=False)
            case ast.With(body=inner):
                yield from _imports(inner, always=False)


def _spelled(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _replaces(new: Import, old: Import) -> bool:
    if new.always or old.always:
        return new.always
    return new.is_standard and not old.is_standard


def _mentioned(imports: list[Import], source: str) -> list[Import]:
    """Of `import a.b` and `import a.c` those that the source names, else the first."""
    return [found for found in imports if found.what in source] or imports[:1] if len(imports) > 1 else imports


def _written(imports: Iterable[Import]) -> Iterator[str]:
    for origin, group in groupby(imports, key=lambda found: found.origin):
        if origin is None:
            yield from (f"import {found.what}\n" for found in group)
        else:
            yield f"from {origin} import {', '.join(found.what for found in group)}\n"


@dataclass(frozen=True)
class _Used:
    """Names in a function: read, bound somewhere in it, read in quoted annotations; and if it has annotations."""

    loaded: set[str]
    bound: set[str]
    quoted: set[str]
    annotated: bool


def _used(node: Def) -> _Used:
    loaded: set[str] = set()
    bound: set[str] = set()
    annotations: list[ast.expr | None] = []
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            (loaded if isinstance(inner.ctx, ast.Load) else bound).add(inner.id)
        elif isinstance(inner, ast.arg):
            bound.add(inner.arg)
            annotations.append(inner.annotation)
        elif isinstance(inner, Def):
            bound.add(inner.name)
            annotations.append(inner.returns)
        elif isinstance(inner, ast.AnnAssign):
            annotations.append(inner.annotation)
        elif isinstance(inner, ast.alias):
            bound.add(inner.asname or inner.name.partition(".")[0])
        elif isinstance(inner, ast.ClassDef | ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and inner.name:
            bound.add(inner.name)
        elif isinstance(inner, ast.MatchMapping) and inner.rest:
            bound.add(inner.rest)
    written = [annotation for annotation in annotations if annotation]
    quoted = {name for annotation in written for name in _quoted(annotation)}
    return _Used(loaded | quoted, bound, quoted, bool(written))


def _quoted(annotation: ast.expr) -> Iterator[str]:
    """The words in the parts of an annotation that stand in quotes."""
    for inner in ast.walk(annotation):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield from WORD.findall(inner.value)


def _free(source: str) -> set[str]:
    """The names that Python looks for outside of what `source` binds, by its own scopes."""
    free: set[str] = set()
    tables = [symtable.symtable(source, "function", "exec")]
    for table in tables:
        is_module = table.get_type() == "module"
        symbols = (symbol for symbol in table.get_symbols() if symbol.is_referenced())
        free |= {symbol.get_name() for symbol in symbols if is_module or symbol.is_global()}
        tables += table.get_children()
    return free

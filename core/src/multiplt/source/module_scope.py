"""What of its module a function needs: import statements, and what else the module defines."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from multiplt.source.names import BUILTINS, Names

Def = ast.FunctionDef | ast.AsyncFunctionDef

WORD = re.compile(r"\w+")


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
        try:
            names = Names.of(source, node)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return Needed()  # it does not compile, whatever it is given
        needed = (names.used & (self._imports.keys() | self._defined)) - {node.name}
        imports = [FUTURE] if self._has_future and names.annotated else []
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

"""Writing types into a function's source as annotations, the rest of its text untouched."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate

from multiplt.errors import Refused
from multiplt.types import Type, parse_type

TYPING = ("Any", "Dict", "List", "Optional", "Set", "Tuple", "Union")
EQUALS = re.compile(r"\s*=(?!=)\s*")


@dataclass(frozen=True)
class Edit:
    """`text` in place of the characters from `start` to `end`."""

    start: int
    end: int
    text: str


def annotate(content: str, entrypoint: str, parameters: Sequence[Type], returns: Type) -> str:
    """The source `content` with the last top-level function `entrypoint` annotated, and what that needs imported.

    `parameters` are in the order of the signature. An annotation that says the same already stays as it is
    written.

    >>> print(annotate("def half(n): return n / 2", "half", [parse_type("int")], parse_type("float | None")))
    from typing import Optional
    <BLANKLINE>
    def half(n: int) -> Optional[float]: return n / 2
    """
    module = ast.parse(content)
    function = next(n for n in reversed(module.body) if isinstance(n, ast.FunctionDef) and n.name == entrypoint)
    places = _Places(content)
    edits = [*_parameter_edits(function, parameters, places), *_return_edit(function, returns, places)]
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        content = content[: edit.start] + edit.text + content[edit.end :]
    written = {word for edit in edits for word in re.findall(r"\w+", edit.text)}
    return _with_typing(content, module, [name for name in TYPING if name in written - _from_typing(module)])


LINE_END = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")
"""As the parser counts lines; `str.splitlines` knows further ends."""


class _Places:
    """From lines, counted from 1, to characters of a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._lines = LINE_END.split(text)
        self._starts = [0, *accumulate(map(len, self._lines))]

    def start_of(self, node: ast.stmt | ast.expr | ast.arg) -> int:
        return self._of(node.lineno, node.col_offset)

    def end_of(self, node: ast.stmt | ast.expr | ast.arg) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._of(node.end_lineno, node.end_col_offset)

    def _of(self, line: int, column: int) -> int:
        """`ast` counts columns in bytes."""
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def of_token(self, line: int, column: int) -> int:
        """`tokenize` counts columns in characters."""
        return self._starts[line - 1] + column


def _parameter_edits(function: ast.FunctionDef, types: Sequence[Type], places: _Places) -> Iterator[Edit]:
    args = function.args
    parameters = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    for parameter, type in zip(parameters, types, strict=True):
        if not _says(parameter.annotation, type):
            start, end = places.start_of(parameter), places.end_of(parameter)
            text = f"{parameter.arg}: {type}"
            equals = EQUALS.match(places.text, end)
            yield Edit(start, equals.end(), f"{text} = ") if equals else Edit(start, end, text)


def _return_edit(function: ast.FunctionDef, type: Type, places: _Places) -> Iterator[Edit]:
    if function.returns is None:
        start, colon = _before_colon(function, places)
        yield Edit(start, colon, f" -> {type}")
    elif not _says(function.returns, type):
        yield Edit(places.start_of(function.returns), places.end_of(function.returns), str(type))


def _before_colon(function: ast.FunctionDef, places: _Places) -> tuple[int, int]:
    """From the end of the parameters to the first colon outside of brackets."""
    start = places.start_of(function)
    text = places.text[start:]
    within = _Places(text)
    depth = end = 0
    for token in tokenize.generate_tokens(io.StringIO(text, newline="").readline):
        if token.type == tokenize.OP:
            depth += (token.string in "([{") - (token.string in ")]}")
            if token.string == ":" and depth == 0:
                return start + end, start + within.of_token(*token.start)
            end = within.of_token(*token.end)
    raise AssertionError("a function that was parsed has a colon")


def _says(annotation: ast.expr | None, type: Type) -> bool:
    """Whether the annotation, as written, is of that type."""
    with suppress(Refused, RecursionError):
        return annotation is not None and parse_type(annotation) == type
    return False


def _from_typing(module: ast.Module) -> set[str]:
    """The names of typing that the module imports."""
    names = {
        alias.name
        for statement in module.body
        if isinstance(statement, ast.ImportFrom) and statement.module == "typing"
        for alias in statement.names
        if alias.asname in (None, alias.name)
    }
    return set(TYPING) if "*" in names else names


def _with_typing(content: str, module: ast.Module, names: Sequence[str]) -> str:
    """The source with an import of `names`, behind its `__future__` imports."""
    if not names:
        return content
    futures = [n for n in module.body if isinstance(n, ast.ImportFrom) and n.module == "__future__"]
    at = max((n.end_lineno or n.lineno for n in futures), default=0)
    lines = LINE_END.split(content)
    gap = "" if at else "\n"
    return "".join([*lines[:at], f"from typing import {', '.join(names)}\n{gap}", *lines[at:]])

"""What was taken from a benchmark: an exact copy of a docstring or solution, or nearly one.

Exact copies are those of the MultiPL-T paper: a docstring or a solution of a problem stands in the function. Reworded
ones are found by n-grams: enough of those of a problem's docstring, or of its code with the names taken out, are
the function's too. Both are found through an index of n-grams, so that a function is compared only with problems
that it shares some with.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from multiplt.errors import Refused
from multiplt.rows import Row, read_rows
from multiplt.source.definition import ParsedFunction

N = 3
"""Tokens of an n-gram."""

SHARE = {"docstring": 0.4, "code": 0.5}
"""The share of n-grams from which on a function is a copy, measured on real functions (docs/source.md).

Of a docstring it is the share of the problem's, since more may stand around it; of code that of the longer of both.
"""

FEWEST = 6
"""A text of fewer n-grams says too little."""

EXACT = 6
"""Tokens of the shortest text of which an exact copy counts."""

TOKEN = re.compile(r"\w+|[^\w\s]")
CODE_TOKEN = re.compile(
    r"""#[^\n]*|[rbfuRBFU]{0,2}(\"{3}[\s\S]*?\"{3}|'{3}[\s\S]*?'{3}|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')|\w+|[^\w\s]"""
)
KEPT = {*keyword.kwlist, *dir(builtins)}
"""Names that are not taken out of code, beside those of attributes."""

Grams = frozenset[tuple[str, ...]]


@dataclass(frozen=True)
class Problem:
    """What of a benchmark's problem is looked for."""

    name: str
    exact: tuple[str, ...]
    grams: dict[str, Grams]


class Benchmarks:
    """The problems of some benchmarks, indexed.

    Raises `MultipltError` where a benchmark is not here.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._problems = [problem for name in names for problem in _problems(name)]
        self._index: dict[str, dict[tuple[str, ...], list[int]]] = {kind: defaultdict(list) for kind in SHARE}
        self._starts: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for number, problem in enumerate(self._problems):
            for kind, grams in problem.grams.items():
                for gram in grams:
                    self._index[kind][gram].append(number)
            for text in problem.exact:
                self._starts[tuple(text.split(" ")[:EXACT])].append(text)

    def source_of(self, function: ParsedFunction) -> str | None:
        """The problem that the function was taken from, and how that shows; None where there is none."""
        return self._exact_copy(function) or self._near_copy(function)

    def _exact_copy(self, function: ParsedFunction) -> str | None:
        tokens = TOKEN.findall(function.content)
        spaced = None
        for window in zip(*(tokens[start:] for start in range(EXACT)), strict=False):
            for text in self._starts.get(window, ()):
                spaced = spaced or f" {' '.join(tokens)} "
                if f" {text} " in spaced:
                    return f"a copy of: {text[:80]}"
        return None

    def _near_copy(self, function: ParsedFunction) -> str | None:
        for kind, grams in _grams(function).items():
            shared = Counter(number for gram in grams for number in self._index[kind].get(gram, ()))
            for number, count in shared.items():
                problem = self._problems[number]
                size = len(problem.grams[kind])
                share = count / (max(size, len(grams)) if kind == "code" else size)
                if share >= SHARE[kind]:
                    return f"{share:.0%} of the {kind} of {problem.name}"
        return None


def _problems(name: str) -> Iterator[Problem]:
    """The problems of a benchmark; a function that helps a solution counts as one too."""
    for row in read_rows(name):
        for function in _functions(row):
            docstring = function.docstring
            texts = [str(docstring.value) if docstring else "", function.code]
            exact = tuple(" ".join(tokens) for text in texts if len(tokens := TOKEN.findall(text)) >= EXACT)
            grams = {kind: grams for kind, grams in _grams(function).items() if len(grams) >= FEWEST}
            yield Problem(str(row.get("name")), exact, grams)


def _functions(row: Row) -> Iterator[ParsedFunction]:
    with suppress(Refused):  # it is for the reader of benchmarks to complain
        first = ParsedFunction.of(row)
        for node in first.module.body:
            if isinstance(node, ast.FunctionDef):
                yield ParsedFunction(first.content, first.module, node)


def _grams(function: ParsedFunction) -> dict[str, Grams]:
    docstring = function.docstring
    words = re.findall(r"\w+", str(docstring.value).lower()) if docstring else []
    name = function.node.name.lower()
    return {
        "docstring": _ngrams([word for word in words if word != name]),
        "code": _ngrams(list(_without_names(function.code))),
    }


def _ngrams(tokens: Sequence[str]) -> Grams:
    return frozenset(zip(*(tokens[start:] for start in range(N)), strict=False))


def _without_names(code: str) -> Iterator[str]:
    """The tokens of code without comments, each name that the author chose as the same one, quotes as one kind."""
    before = ""
    for match in CODE_TOKEN.finditer(code):
        token = match[0]
        if token[0] == "#":
            continue
        if match[1]:
            yield match[1].strip("'\"")
        elif token.isidentifier() and token not in KEPT and before != ".":
            yield "_"
        else:
            yield token
        before = token

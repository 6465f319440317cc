"""Taking comments out of code, by a language's comment and string delimiters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from heapq import heappop, heappush
from typing import NamedTuple

from multiplt.spec import CommentSyntax


def strip_comments(code: str, syntax: CommentSyntax) -> str:
    """`code` without comments and without the lines that held nothing else.

    Strings are left alone; an unclosed comment runs to the end.
    """
    lines: list[str] = []
    line, commented, position = "", False, 0
    for start, end, is_comment in _delimited(code, syntax):
        first, *others = code[position:start].split("\n")
        line += first
        if others:
            lines += [*_kept(line, commented), *map(str.rstrip, others[:-1])]
            line, commented = others[-1], False
        line += " " if is_comment else code[start:end]
        commented |= is_comment
        position = end
    return "\n".join([*lines, *_kept(line, commented)]).strip("\n")


def _kept(line: str, commented: bool) -> list[str]:
    """A line without its comments, which may hold strings of many lines; none if it held nothing else."""
    return [] if commented and not line.strip() else [line.rstrip()]


def _delimited(code: str, syntax: CommentSyntax) -> Iterator[tuple[int, int, bool]]:
    """Where each literal and comment begins and ends, and whether it is a comment; the end of `code` comes last."""
    kinds = _kinds(syntax)
    position = 0
    nearest: list[tuple[int, int, re.Match[str] | None]] = [(0, number, None) for number in range(len(kinds))]  # a heap
    while nearest:
        start, number, match = heappop(nearest)
        kind = kinds[number]
        if match and start >= position:
            end = kind.end(match)
            yield start, end, kind.is_comment
            position = max(end, start + 1)
        if match := kind.pattern.search(code, position):
            heappush(nearest, (match.start(), number, match))
    yield len(code), len(code), False


class _Kind(NamedTuple):
    """Literals or comments that begin with what `pattern` matches; `end` says where they end."""

    pattern: re.Pattern[str]
    is_comment: bool
    end: Callable[[re.Match[str]], int]


@cache
def _kinds(syntax: CommentSyntax) -> list[_Kind]:
    """The kinds of literals and comments; where two match, it is the first."""
    strings = "|".join(map(_string, syntax.quotes))
    block = re.escape(syntax.block[0]) if syntax.block else ""
    line = f"{re.escape(syntax.line)}.*" if syntax.line else ""
    kinds: list[tuple[str, bool, Callable[[re.Match[str]], int]]] = [
        (syntax.character, False, re.Match.end),
        (strings, False, re.Match.end),
        (syntax.long, True, re.Match.end),
        (block, True, partial(_block_end, syntax)),
        (line, True, re.Match.end),
    ]
    return [_Kind(re.compile(pattern), is_comment, end) for pattern, is_comment, end in kinds if pattern]


def _string(quote: str) -> str:
    """A regular expression of strings; one that is not closed runs to the end."""
    quote = re.escape(quote)
    return rf"(?s:{quote}(?:[^{quote}\\]++|\\.)*+[{quote}\\]?)"


def _block_end(syntax: CommentSyntax, begun: re.Match[str]) -> int:
    opening, closing = syntax.block or ("", "")
    marks = re.compile("|".join(map(re.escape, [closing, opening] if syntax.nested else [closing])))
    depth = 1
    for mark in marks.finditer(begun.string, begun.end()):
        depth += -1 if mark[0] == closing else 1
        if depth == 0:
            return mark.end()
    return len(begun.string)

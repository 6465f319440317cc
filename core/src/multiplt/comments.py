"""Taking comments out of code, by a language's comment and string delimiters."""

from __future__ import annotations

import re

from multiplt.spec import CommentSyntax


def strip_comments(code: str, syntax: CommentSyntax) -> str:
    """`code` without comments and without the lines that held nothing else.

    Strings are left alone; an unclosed comment runs to the end.
    """
    lines: list[str] = []
    line, commented, position = "", False, 0
    while position < len(code):
        literal_end = _literal_end(code, position, syntax)
        end = _comment_end(code, position, syntax) if literal_end == position else literal_end
        if code[position] == "\n":
            lines += _kept(line, commented)
            line, commented = "", False
        elif end == literal_end:
            line += code[position : max(end, position + 1)]
        else:
            line, commented = f"{line} ", True
        position = max(end, position + 1)
    return "\n".join([*lines, *_kept(line, commented)]).strip("\n")


def _kept(line: str, commented: bool) -> list[str]:
    """A line without its comments, which may hold strings of many lines; none if it held nothing else."""
    return [] if commented and not line.strip() else [line.rstrip()]


def _literal_end(code: str, at: int, syntax: CommentSyntax) -> int:
    """Where the string or character that begins at `at` ends; `at` itself where none begins."""
    if syntax.character and (character := re.compile(syntax.character).match(code, at)):
        return character.end()
    if code[at] not in syntax.quotes:
        return at
    end = at + 1
    while end < len(code) and code[end] != code[at]:
        end += 2 if code[end] == "\\" else 1
    return min(end + 1, len(code))


def _comment_end(code: str, at: int, syntax: CommentSyntax) -> int:
    """Where the comment that begins at `at` ends; `at` itself where none begins."""
    if syntax.long and (comment := re.compile(syntax.long).match(code, at)):
        return comment.end()
    if syntax.block and code.startswith(syntax.block[0], at):
        return _block_end(code, at, *syntax.block, syntax.nested)
    if syntax.line and code.startswith(syntax.line, at):
        newline = code.find("\n", at)
        return len(code) if newline < 0 else newline
    return at


def _block_end(code: str, at: int, opening: str, closing: str, nested: bool) -> int:
    depth, at = 1, at + len(opening)
    while at < len(code) and depth:
        if code.startswith(closing, at):
            depth, at = depth - 1, at + len(closing)
        elif nested and code.startswith(opening, at):
            depth, at = depth + 1, at + len(opening)
        else:
            at += 1
    return at

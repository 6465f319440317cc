"""Comments go, strings stay, whatever the other holds."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multiplt.comments import strip_comments
from multiplt.spec import CommentSyntax

LISP = CommentSyntax(line=";", block=("#|", "|#"), nested=True)
ML = CommentSyntax(block=("(*", "*)"), nested=True)
C = CommentSyntax(line="//", block=("/*", "*/"), quotes="\"'")
LUA = CommentSyntax(line="--", block=("--[[", "]]"), quotes="\"'")
LONG = CommentSyntax(line="--", character=r"(?s:\[(=*)\[.*?\]\1\])", long=r"(?s:--\[(=*)\[.*?(?:\]\1\]|\Z))")
HASH = CommentSyntax(line="#", quotes="\"'")
CHARACTER = CommentSyntax(line=";", character=r"#\\.")


@pytest.mark.parametrize(
    ("syntax", "code", "stripped"),
    [
        (HASH, "a = 1  # one\n# two\nb = 2", "a = 1\nb = 2"),
        (HASH, "a\n\nb\n", "a\n\nb"),
        (HASH, "\n\na\n\n", "a"),
        (HASH, "a = '# no'  # yes", "a = '# no'"),
        (HASH, 'a = "\\"# no"  # yes', 'a = "\\"# no"'),
        (HASH, "# only", ""),
        (HASH, "", ""),
        (HASH, "a = '  '  \n  # x\n  b", "a = '  '\n  b"),
        (HASH, "a = 'open # no", "a = 'open # no"),
        (HASH, "a#", "a"),
        (HASH, "s = 'a\n\n  \n# no\n'  # yes\nb", "s = 'a\n\n  \n# no\n'\nb"),
        (HASH, "s = 'a\x0cb\u2028c'  # x", "s = 'a\x0cb\u2028c'"),
        (HASH, "'\\", "'\\"),
        (HASH, "a\n# x\n\n# y\nb", "a\n\nb"),
        (HASH, "a # it's\nb # isn't", "a\nb"),
        (LISP, "(f #| a #| b |# c |# x)", "(f   x)"),
        (LISP, "(f ; |# \n x) #| open", "(f\n x)"),
        (LISP, '(f "#|" ";" x)', '(f "#|" ";" x)'),
        (LISP, "#| a\nb\n|#\n(f)\n\n(g)", "(f)\n\n(g)"),
        (LISP, "(a)\n#| x |# ; y\n(b)", "(a)\n(b)"),
        (LISP, '#| " |# x ; "', "  x"),
        (ML, "let a = (* (* in *) out *) 1", "let a =   1"),
        (ML, "(* open (* deep *) a", ""),
        (ML, 'x "(*" y (* z *)', 'x "(*" y'),
        (C, "a /* b /* c */ d // e", "a   d"),
        (C, "a/**/b", "a b"),
        (C, "'/*' // x", "'/*'"),
        (C, "/", "/"),
        (C, "a / b", "a / b"),
        (C, "a /* x\n y */ b\nc", "a   b\nc"),
        (LUA, "a --[[ x\ny ]] b -- c", "a   b"),
        (LUA, "a -- [[ x\nb", "a\nb"),
        (LUA, "-- x ]]\nb", "b"),
        (LONG, "a --[==[ x ]] \n ]=] ]==] b --[[ y ]] c --[=[ open", "a   b   c"),
        (LONG, "a [==[ -- x ]] ]==] --[ y", "a [==[ -- x ]] ]==]"),
        (CommentSyntax(), "a ; b # c", "a ; b # c"),
    ],
)
def test_stripped(syntax: CommentSyntax, code: str, stripped: str) -> None:
    assert strip_comments(code, syntax) == stripped.lstrip("\n")


@given(st.text("ab #;|()*/\"'\\\n-[]", max_size=40), st.sampled_from([LISP, ML, C, LUA, HASH]))
def test_code_without_comment_marks_stays_and_no_text_is_made(code: str, syntax: CommentSyntax) -> None:
    stripped = strip_comments(code, syntax)
    left = iter(code)
    assert all(character in left for character in stripped if character not in " \n")
    marks = [syntax.line, *(syntax.block or ())]
    if not any(mark and mark in code for mark in marks) and not any(quote in code for quote in syntax.quotes):
        assert stripped == "\n".join(line.rstrip() for line in code.split("\n")).strip("\n")


@given(st.text("ab #;|()*/\"'\\\n-[]=", max_size=60), st.sampled_from([LISP, ML, C, LUA, LONG, HASH, CHARACTER]))
def test_stripped_is_what_the_plain_definition_says(code: str, syntax: CommentSyntax) -> None:
    assert strip_comments(code, syntax) == stripped_plainly(code, syntax)


def stripped_plainly(code: str, syntax: CommentSyntax) -> str:
    """Character by character: a comment becomes a mark, and a string keeps its newlines behind another."""
    text, position = "", 0
    while position < len(code):
        literal, comment = literal_at(code, position, syntax), comment_at(code, position, syntax)
        text += literal.replace("\n", "\1") or ("\0" if comment else code[position])
        position += len(literal or comment or code[position])
    lines = [line.replace("\1", "\n") for line in text.split("\n")]
    kept = [line.replace("\0", " ").rstrip() for line in lines if "\0" not in line or line.replace("\0", "").strip()]
    return "\n".join(kept).strip("\n")


def literal_at(code: str, position: int, syntax: CommentSyntax) -> str:
    if syntax.character and (found := re.compile(syntax.character).match(code, position)):
        return found[0]
    if (quote := code[position]) not in syntax.quotes:
        return ""
    end = position + 1
    while end < len(code) and code[end] != quote:
        end += 2 if code[end] == "\\" else 1
    return code[position : end + 1]


def comment_at(code: str, position: int, syntax: CommentSyntax) -> str:
    if syntax.long and (found := re.compile(syntax.long).match(code, position)):
        return found[0]
    if syntax.block and code.startswith(syntax.block[0], position):
        opening, closing = syntax.block
        depth, end = 1, position + len(opening)
        while depth and end < len(code):
            closes, opens = code.startswith(closing, end), syntax.nested and code.startswith(opening, end)
            depth += -1 if closes else opens
            end += len(closing) if closes else len(opening) if opens else 1
        return code[position:end]
    if syntax.line and code.startswith(syntax.line, position):
        return code[position:].partition("\n")[0]
    return ""


def test_nesting_is_no_recursion() -> None:
    assert strip_comments("(*" * 50_000 + "*)" * 50_000 + "x", ML).strip() == "x"


def test_a_character_literal_may_hold_a_quote() -> None:
    code = '(char=? c #\\") ; a "quote"\n(char=? c #\\;) ; b'
    assert strip_comments(code, CHARACTER) == '(char=? c #\\")\n(char=? c #\\;)'

"""Text that can stand inside a comment: OCaml reads strings and nested comments there too."""

from __future__ import annotations

import re


def _token(string: str) -> re.Pattern[str]:
    """What the lexer takes as one inside a comment (`whole`), and what would be the start of trouble."""
    return re.compile(
        rf"""
          (?P<whole> {string} | '' | '[^\\'\n\r\x80-\U0010ffff]'  # characters; '"' is one
                   | '\\(?: [\\"'ntbr\ ] | \d{{3}} | o[0-3][0-7]{{2}} | x[\da-fA-F]{{2}} )'
                   | [A-Za-z_][\w']* )
        | (?P<quote> " )
        | (?P<opens> \(\* | \*\) | \{{ (?:%%?[\w.']+[ \t\f]*)? [a-z_]* \| )
        """,
        re.VERBOSE | re.DOTALL | re.ASCII,
    )


ANY_STRING = _token(r'"(?: [^"\\] | \\. )*"')
ONE_LINE_STRING = _token(r'"(?: [^"\\\n] | \\[^\n] )*"')


def comment_text(text: str) -> str:
    """`text` with as little changed as lets it stand in a comment.

    A quotation mark without its pair becomes two apostrophes; what would open or close a comment, open a
    quoted string or name a character that there may not be gets a space in it. Other strings stay as they are.

    >>> comment_text('a 5" pipe (*) of "(*)"')
    "a 5'' pipe ( * ) of \\"(*)\\""
    """
    text = text.replace("\\u{", "\\u {")
    paired = not any(token["quote"] for token in ANY_STRING.finditer(text))
    token = ANY_STRING if paired else ONE_LINE_STRING
    while (mended := token.sub(_mend, text)) != text:
        text = mended
    return text


def _mend(token: re.Match[str]) -> str:
    if token["whole"]:
        return token["whole"]
    return "''" if token["quote"] else f"{token['opens'][0]} {token['opens'][1:]}"

"""What a language is, as data: everything about it that needs no code."""

from __future__ import annotations

import re
from dataclasses import dataclass

from multiplt.errors import MultipltError
from multiplt.idioms import NO_IDIOMS, Idioms

CONTRACT = 1
"""The version of the contract between core and plugins; a plugin states the one it was written for."""


@dataclass(frozen=True)
class Terms:
    """What a language calls the things that Python docstrings speak of.

    Each is the singular noun as it stands in a sentence ("hash", "association list"), or for none,
    true and false the value as the language writes it; an empty one leaves Python's word as it is.
    `array` is what a docstring that speaks of arrays means, a Python list as a rule.
    """

    list: str = "list"
    array: str = "list"
    tuple: str = "tuple"
    dict: str = "dictionary"
    set: str = "set"
    none: str = "None"
    true: str = "true"
    false: str = "false"


@dataclass(frozen=True)
class CommentSyntax:
    """How comments and strings are delimited, for taking comments out of code.

    `block` is (opening, closing); `nested` says that block comments nest. `quotes` are the one-character
    string delimiters, inside which a backslash escapes; `character` is a regular expression of literals
    that may hold such a delimiter without beginning a string (a character, say), and `long` one of whole
    comments that no fixed pair delimits.
    """

    line: str | None = None
    block: tuple[str, str] | None = None
    nested: bool = False
    quotes: str = '"'
    character: str = ""
    long: str = ""

    def write(self, text: str) -> str:
        """`text`, of one line and without delimiters of its own, as a comment.

        >>> CommentSyntax(block=("(*", "*)")).write("1")
        '(* 1 *)'
        """
        opening, closing = (self.line, "") if self.line else (self.block or ("", ""))
        return f"{opening} {text} {closing}".rstrip()


@dataclass(frozen=True)
class LanguageSpec:
    """A target language.

    `name` is canonical, lower case ("lua"); `tag` is MultiPL-E's, used in its file forms; `aliases` are
    accepted wherever a language is named; `title` is for prose and prompts. `stop_tokens` end a
    completion and are MultiPL-E's for the language. `identifier` is a regular expression of names that
    can be written, `reserved` those that may not be used. `toolchain` is the command that prints the
    interpreter's version and fails where that is missing, `package` what installs it on Debian, `mounts`
    host paths beside /usr that it reads. `idioms` is what the language cannot tell apart.
    """

    name: str
    tag: str
    title: str
    suffix: str
    comments: CommentSyntax
    stop_tokens: tuple[str, ...]
    terms: Terms
    toolchain: tuple[str, ...]
    package: str
    aliases: tuple[str, ...] = ()
    identifier: str = r"[A-Za-z_][A-Za-z0-9_]*"
    reserved: frozenset[str] = frozenset()
    mounts: tuple[str, ...] = ()
    idioms: Idioms = NO_IDIOMS
    contract: int = CONTRACT

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.name):
            raise MultipltError(f"the language name {self.name!r} must be lower-case letters, digits and underscores")

    @property
    def names(self) -> tuple[str, ...]:
        """All the spellings by which the language may be asked for, the canonical one first."""
        return tuple(dict.fromkeys((self.name, self.tag, *self.aliases)))

"""How Julia spells types and text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from multiplt.errors import Refused
from multiplt.spec import CommentSyntax
from multiplt.types import Type

RESERVED = """
    baremodule begin break catch ccall cglobal const continue do else elseif end export false finally for function
    global if import isa let local macro module quote return struct true try using where while
    Any Base Bool Core Dict Float64 Int64 Main Nothing Set String Tuple Union Vararg Vector
"""
"""Keywords, and the names that signatures are made of."""

NAMES = {"int": "Int64", "float": "Float64", "bool": "Bool", "str": "String", "none": "Nothing", "any": "Any",
         "list": "Vector", "tuple": "Tuple", "set": "Set", "dict": "Dict", "union": "Union"}  # fmt: skip

INSIDE = {"\\": "\\\\", "$": "\\$"}
"""What is escaped in every string."""

ON_ONE_LINE = {**INSIDE, '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
OVER_LINES = {**INSIDE, "\n": "\n", "\t": "\t", "\r": "\\r"}


def type_expression(type: Type) -> str:
    """The type as Julia writes it, and MultiPL-E with it.

    >>> type_expression(parse_type("Dict[str, Optional[Tuple[int, ...]]]"))
    'Dict{String, Union{Tuple{Vararg{Int64}}, Nothing}}'
    """
    if type.kind == "optional":
        [inner] = type.args
        members = inner.args if inner.kind == "union" else type.args
        return f"Union{{{', '.join(map(type_expression, members))}, Nothing}}"
    if type.variadic:
        return f"Tuple{{Vararg{{{type_expression(type.args[0])}}}}}"
    name = NAMES[type.kind]
    return f"{name}{{{', '.join(map(type_expression, type.args))}}}" if type.args or type.kind == "tuple" else name


def string_literal(text: str) -> str:
    """A string literal on one line."""
    return f'"{_escaped(text, ON_ONE_LINE)}"'


def documentation(text: str) -> str:
    '''A literal in triple quotes whose value is `text`, with as few escapes as that takes.

    >>> documentation('Say "$x"')
    '"""Say "\\\\$x\\\\""""'
    '''
    escaped = re.sub(r'"(?=""|\Z)', r"\\" + '"', _escaped(text, OVER_LINES))
    following = [line for line in text.split("\n")[1:] if line.strip()]
    if following and all(line[0] in " \t" for line in following):
        escaped = "\n" + escaped  # so that the first line counts when Julia takes the lines' common indentation away
    return f'"""{escaped}"""'


def distinct(keys: Sequence[str]) -> Sequence[str]:
    """The keys; raises `Refused` where there are two of one, as Python may have NaN."""
    if len(set(keys)) < len(keys):
        raise Refused("NaN is one key in Julia, however often Python has it")
    return keys


def _escaped(text: str, escapes: Mapping[str, str]) -> str:
    return "".join(escapes.get(character) or _character(character) for character in text)


def _character(character: str) -> str:
    if character.isprintable():
        return character
    return f"\\u{ord(character):04x}" if ord(character) < 2**16 else f"\\U{ord(character):08x}"


def _interpolation(depth: int) -> str:
    """A regular expression of what stands in parentheses behind `$`, with strings and parentheses in it."""
    inner = rf"|\({_interpolation(depth - 1)}\)" if depth else ""
    return rf'(?:[^()"]|"(?:[^\\"]|\\.)*+"{inner})*+'


CHARACTER = r"(?<![\w)\]}'])'(?:\\[^\n][^'\n]{0,9}|[^\\'\n])'"  # elsewhere ' transposes
LONG_STRING = r'"{3}(?:[^\\"]|\\.|"(?!""))*+"{3}'
STRING = rf'"(?:[^\\"$]|\\.|\$(?!\()|\$\({_interpolation(5)}\))*+"|"(?:[^\\"]|\\.)*+"?'
DEFINITION = r"(?:@[\w.]+ +)*+(?:(?:function|macro|struct|mutable|abstract|primitive|const|module)\b|\w+\(.*\).*=)"
DOCUMENTATION = rf"(?m:^)(?:{LONG_STRING}|{STRING})(?=\s*\n\s*(?-s:{DEFINITION}))"

COMMENTS = CommentSyntax(
    line="#",
    block=("#=", "=#"),
    nested=True,
    quotes="`",
    character=f"(?s:(?!{DOCUMENTATION})(?:{CHARACTER}|{LONG_STRING}|{STRING}))",
    long=f"(?s:{DOCUMENTATION})",
)
"""Comments, a string before a definition among them, and what only looks like them in strings."""

"""Docstrings in another language: doctests translated, terms reworded, code left alone."""

from __future__ import annotations

import doctest
import re
from collections.abc import Callable

from multiplt.asserts import MISSING, Call, Signature, read_test
from multiplt.errors import Refused
from multiplt.functions import Function
from multiplt.literals import read_value
from multiplt.spec import LanguageSpec, Terms
from multiplt.values import Value, elaborate

CODE = re.compile(
    r"```.*?```|``.+?``|`[^`\n]+`"  # quoted in backticks
    r"|\"[^\"\n]*\"|(?<!\w)'[^'\n]*'(?!\w)"  # strings
    r"|(?<![\w.])[\w.]*\w\([^()\n]*\)|\[[^\[\]\n]*\]|\{[^{}\n]*\}"  # calls, lists, dictionaries and annotations
    r"|:\w+[^:\n]*:|(?<!\w)(?:\w*_\w*|\w+\.\w+|\w+ ?=(?!=) ?\S+)",  # field names, identifiers, attributes, assignments
    re.DOTALL,
)

RenderCall = Callable[[tuple[Value, ...]], str]
RenderValue = Callable[[Value], str]


def translate_docstring(
    function: Function, spec: LanguageSpec, render_call: RenderCall, render_value: RenderValue
) -> str:
    """The function's docstring for readers of the target language, blank lines left out.

    A doctest that calls the function on literals becomes the same call and value in the language;
    every other doctest stays as it is.
    """
    try:
        parts = doctest.DocTestParser().parse(function.docstring)
    except ValueError:
        parts = [function.docstring]
    texts = []
    for part in parts:
        if isinstance(part, doctest.Example):
            texts.append(_translate_example(part, function, render_call, render_value))
        else:
            texts.append(reword(part, spec.terms, spec.title))
    lines = "\n".join(texts).splitlines()
    return "\n".join(line for line in lines if line.strip())


def _translate_example(
    example: doctest.Example, function: Function, render_call: RenderCall, render_value: RenderValue
) -> str:
    indent = " " * example.indent
    try:
        lines = [f">>> {render_call(_arguments(example.source, function))}"]
        if example.want.strip():
            expected = elaborate(read_value(example.want), function.returns, expected=True)
            lines += render_value(expected).splitlines()
    except (Refused, ValueError):
        source = example.source.rstrip("\n").replace("\n", "\n... ")
        lines = [*f">>> {source}".splitlines(), *example.want.splitlines()]
    return "\n".join(indent + line for line in lines)


def _arguments(source: str, function: Function) -> tuple[Value, ...]:
    names = {new: old for old, new in function.renamed.items()}
    parameters = tuple(names.get(parameter.name, parameter.name) for parameter in function.parameters)
    signature = Signature(function.python_name, parameters, (MISSING,) * len(parameters))
    call = read_test(f"assert (\n{source.strip()}\n) == None", signature)
    if not isinstance(call, Call):
        raise Refused("the doctest is more than a call on literals")
    types = [parameter.type for parameter in function.parameters]
    return tuple(map(elaborate, call.arguments, types))


def reword(text: str, terms: Terms, title: str) -> str:
    """Replace Python's terms by the language's, on word boundaries, never inside code.

    >>> reword("Return a dictionary, or None", Terms(dict="hash", none="#f"), "Racket")
    'Return a hash, or #f'
    """
    result, position = [], 0
    for code in CODE.finditer(text):
        result += [_reword_prose(text[position : code.start()], terms, title), code.group()]
        position = code.end()
    return "".join([*result, _reword_prose(text[position:], terms, title)])


def _reword_prose(text: str, terms: Terms, title: str) -> str:
    nouns = {
        "list": terms.list, "array": terms.array, "tuple": terms.tuple, "dictionary": terms.dict, "dict": terms.dict,
        "set": terms.set,
    }  # fmt: skip
    values = {"None": terms.none, "True": terms.true, "False": terms.false, "Python": title, "python": title}
    plurals = {_plural(noun): _plural(term) for noun, term in nouns.items() if term}
    words = {word: new for word, new in {**nouns, **plurals, **values}.items() if new}
    if not words:
        return text
    longest_first = "|".join(sorted(words, key=len, reverse=True))
    pattern = rf"(?<![\w/.#-])(?:(?P<article>[Aa]n?) )?(?P<word>{longest_first})(?![\w/(-])"

    def replace(match: re.Match[str]) -> str:
        article, word = match["article"], match["word"]
        if word in ("set", "sets") and not article:  # a verb as often as not
            return match.group()
        new = words[word]
        if not article:
            return new
        if new == word or word in ("None", "True", "False"):
            return f"{article} {new}"
        return f"{article[0]}{'n' if _begins_with_vowel(new) else ''} {new}"

    return re.sub(pattern, replace, text)


def _begins_with_vowel(noun: str) -> bool:
    """As it is spoken: a single letter goes by its name."""
    return noun in "AEFHILMNORSX" if len(noun) == 1 else noun[0] in "aeiouAEIOU"


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return noun + ("es" if noun.endswith(("s", "sh", "ch", "x")) else "s")

"""Prompts, to the letter, and what becomes of a model's answers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from julia_helpers import function_of, spelled

from multiplt.execute.verdicts import Judge
from multiplt.plugins import BoundLanguage
from multiplt.problems import Completion
from multiplt.testing.judging import problem_of, read_function, verdicts
from multiplt.types import parse_type
from multiplt_lang_julia import plugin
from multiplt_lang_julia.spelling import documentation, type_expression

COUNT = '''
from typing import Dict, List, Optional, Set

def count_words(words: List[str], case: Optional[Dict[str, int]] = None, end: Set[int] = set()) -> Dict[str, int]:
    """
    Count the words in a list; return a dictionary. True and None
    stay words here: "a list".

    >>> count_words(["a", "b", "a"], {}, {3})
    {'a': 2, 'b': 1}
    >>> count_words([], None, {1})
    {}
    """
    counts = {}

    return counts
'''

PROMPT = '''\
"""Count the words in a vector; return a dictionary. true and nothing
stay words here: "a list".
>>> count_words(["a", "b", "a"], Dict(), Set([3]))
Dict("a" => 2, "b" => 1)
>>> count_words([], nothing, Set([1]))
Dict()"""
'''

SIGNATURE = (
    "function count_words(words::Vector{String}, case::Union{Dict{String, Int64}, Nothing}, end_::Set{Int64})"
    "::Dict{String, Int64} \n"
)

CANONICAL = """
The same function in Python:
def count_words(words: List[str], case: Optional[Dict[str, int]] = None, end: Set[int] = set()) -> Dict[str, int]:
    counts = {}

    return counts\"""
"""


def test_completion_prompt(julia: BoundLanguage) -> None:
    """MultiPL-E's: no types in the docstring, a blank behind the signature."""
    function = spelled(julia, read_function(COUNT, "count_words", 'assert count_words(["a"]) == {"a": 1}'))
    assert function.renamed == {"end": "end_"}
    assert julia.build_prompt(function, "completion", canonical=False) == PROMPT + SIGNATURE
    canonical = PROMPT.removesuffix('"""\n') + CANONICAL
    assert julia.build_prompt(function, "completion", canonical=True) == canonical + SIGNATURE


def test_prompt_without_docstring(julia: BoundLanguage) -> None:
    function = read_function("def f() -> int:\n    return 1", "f", "assert f() == 1")
    assert julia.build_prompt(function, "completion", canonical=False) == "function f()::Int64 \n"


TYPES = {
    "Optional[List[float]]": "Union{Vector{Float64}, Nothing}",
    "Optional[Union[int, str]]": "Union{Int64, String, Nothing}",
    "Tuple[int, bool]": "Tuple{Int64, Bool}",
    "Tuple[int, ...]": "Tuple{Vararg{Int64}}",
    "Tuple[()]": "Tuple{}",
    "Dict[str, Any]": "Dict{String, Any}",
    "None": "Nothing",
}


@pytest.mark.parametrize("type", TYPES)
def test_types(type: str) -> None:
    assert type_expression(parse_type(type)) == TYPES[type]


def test_humaneval_95_dictionary_type() -> None:
    """MultiPL-E ends the type of a dictionary in `}>`."""
    function = function_of(["Dict[str, str]"], "bool", [])
    assert plugin.signature(function) == "function f(x0::Dict{String, String})::Bool \n"


DOCSTRINGS = {  # text, and the literal; those that need no escape are MultiPL-E's
    'Say "x" or ""\nto `it` and \'us\'.': '"""Say "x" or ""\nto `it` and \'us\'."""',
    'Ends in "a"': '"""Ends in "a\\""""',
    'Ends in ""': '"""Ends in "\\""""',
    'An """inner""" one': '"""An \\"""inner\\""" one"""',
    'Four """" quotes': '"""Four \\"\\""" quotes"""',
    "Costs $x or $(y)": '"""Costs \\$x or \\$(y)"""',
    "C:\\new\\": '"""C:\\\\new\\\\"""',
    "Indented:\n    a\n        b": '"""\nIndented:\n    a\n        b"""',
    "Indented:\n    a\nb": '"""Indented:\n    a\nb"""',
    "\tTab, \x00, \x85 and \u2028": '"""\tTab, \\u0000, \\u0085 and \\u2028"""',
}


@pytest.mark.parametrize("text", DOCSTRINGS)
def test_docstrings_are_escaped_where_they_must_be(text: str) -> None:
    """MultiPL-E escapes nothing: a docstring that ends in a quote does not parse, and `$x` is a variable."""
    assert documentation(text) == DOCSTRINGS[text]


def test_docstrings_are_the_text(julia: BoundLanguage, judge: Judge) -> None:
    """Each literal is equal to its text, random ones too."""
    texts = list(DOCSTRINGS)

    @given(st.text(st.sampled_from("\"\"\"$\\\n \t(a)é\r\0😀"), min_size=1, max_size=12).filter(is_docstring))
    @settings(database=None, derandomize=True)
    def add(text: str) -> None:
        texts.append(text)

    add()
    function = function_of(["int"], "List[str]", [("(1,)", repr(texts))])
    items = ",\n".join(map(documentation, texts))
    [verdict] = verdicts(judge, problem_of(julia, function), [f"    String[\n{items}\n]\nend"])
    assert verdict.status == "OK", verdict.failure


def is_docstring(text: str) -> bool:
    """As the core makes them: without blank lines, and not all of them indented."""
    lines = text.split("\n")
    return all(line.strip() for line in lines) and not all(line[0] in " \t" for line in lines)


def test_names_are_renamed(julia: BoundLanguage) -> None:
    """Keywords, the names of types, which signatures use, and names that Julia cannot read (`_`)."""
    source = "def end(Int64: int, function: int, _: int, where: int, in_: int) -> int:\n    return _"
    function = spelled(julia, read_function(source, "end", "assert end(1, 2, 3, 4, 5) == 3"))
    names = "Int64_::Int64, function_::Int64, x_::Int64, where_::Int64, in_::Int64"
    assert julia.build_prompt(function, "completion", canonical=False) == f"function end_({names})::Int64 \n"


def extract(julia: BoundLanguage, text: str) -> Completion:
    function = read_function("def f(a: int) -> int:\n    return a", "f", "assert f(1) == 1")
    return julia.extract_completion(problem_of(julia, function), text)


def test_continuation_ends_at_a_stop_token(julia: BoundLanguage) -> None:
    for more in ("\nfunction g(x)", "\nmacro m(x)", "\n\nf(1)"):
        assert extract(julia, f"    a\nend{more}\n") == Completion("    a\nend")


@pytest.mark.parametrize("definition", [
    "function f(a::T) where {T}\n    a\nend", "f(a) = a", "f(a::Int64, b = g(1))::Int64 = a", "f = a -> a",
    "const f = identity", "@inline function f(a)\n    a\nend",
    '"""\n    f(a)\n\nIdentity.\n"""\nfunction f(a)\n    a\nend',
    "using Test\n\ng(a) = a\n\nfunction f(a)\n    g(a)\nend",
])  # fmt: skip
def test_definitions_are_programs(julia: BoundLanguage, definition: str) -> None:
    assert extract(julia, f"Sure:\n```julia\n{definition}\n```\nDone.") == Completion(definition + "\n", whole=True)


@pytest.mark.parametrize("code", ["f2(a) = a", "f(1) == 1", "println(f(1))", "f(1) # f(a) = a", "f => 1", "  f(a) = a"])
def test_other_code_is_no_definition(julia: BoundLanguage, code: str) -> None:
    assert not extract(julia, f"```julia\n{code}\n```").whole


def test_training_text(julia: BoundLanguage) -> None:
    function = read_function('def f(a: int) -> int:\n    """Say "#"."""\n    return a', "f", "assert f(1) == 1")
    code = '    # more\n    s = "# $(g("# #"))" # "\n    a #= #= =# =#\nend\n\n'
    cleaned = julia.clean(problem_of(julia, function), Completion(code))
    assert cleaned.text == f'"""Say "#"."""\nfunction f(a::Int64)::Int64 \n{code.rstrip()}\n'
    assert cleaned.without_comments == 'function f(a::Int64)::Int64\n    s = "# $(g("# #"))"\n    a\nend'

"""Prompts, to the letter, and what becomes of a model's answers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multiplt.execute.verdicts import Judge
from multiplt.identifiers import spell_function
from multiplt.plugins import BoundLanguage
from multiplt.problems import Completion
from multiplt.testing.judging import function_of, problem_of, read_function, verdicts
from multiplt_lang_julia import plugin
from multiplt_lang_julia.spelling import documentation

SOURCE = '''
def count(words: list[str], end: dict[str, int] | None) -> set[str]:
    """
    Count the words in an array, or return None: "a list".

    >>> count(["a", "b"], {"a": 1})
    {'b'}
    >>> count([], None)
    set()
    """
    return {}
'''

PROMPT = '''\
"""Count the words in a vector, or return nothing: "a list".
>>> count(["a", "b"], Dict("a" => 1))
Set(["b"])
>>> count([], nothing)
Set([])"""
'''

SIGNATURE = "function count(words::Vector{String}, end_::Union{Dict{String, Int64}, Nothing})::Set{String} \n"


def test_prompt(julia: BoundLanguage) -> None:
    """MultiPL-E's: no types in the docstring, a blank behind the signature."""
    function = spell_function(read_function(SOURCE, "count", 'assert count(["a"], None) == {"a"}'), julia.spec)
    assert julia.build_prompt(function, "completion", canonical=False) == PROMPT + SIGNATURE
    python = "The same function in Python:\n" + SOURCE.split('"""')[0].strip() + "\n    return {}"
    with_python = PROMPT.replace('Set([])', f'Set([])\n{python}') + SIGNATURE
    assert julia.build_prompt(function, "completion", canonical=True) == with_python


SIGNATURES = {
    "None": "Nothing", "Any": "Any", "float": "Float64", "Optional[List[float]]": "Union{Vector{Float64}, Nothing}",
    "Optional[Union[int, str]]": "Union{Int64, String, Nothing}", "Tuple[int, bool]": "Tuple{Int64, Bool}",
    "Tuple[int, ...]": "Tuple{Vararg{Int64}}", "Tuple[()]": "Tuple{}", "List[Any]": "Vector{Any}",
}  # fmt: skip


def test_humaneval_95_and_other_types() -> None:
    """MultiPL-E ends the type of a dictionary in `}>`."""
    assert plugin.signature(function_of([], "Dict[str, str]", [])) == "function f()::Dict{String, String} \n"
    for type, expected in SIGNATURES.items():
        assert plugin.signature(function_of([type], type, [])) == f"function f(x0::{expected})::{expected} \n"


DOCSTRINGS = {  # text, and the literal; those that need no escape are MultiPL-E's
    'Say "x" or ""\nto `it` and \'us\'.': '"""Say "x" or ""\nto `it` and \'us\'."""',
    'Ends in "a"': '"""Ends in "a\\""""',
    'Ends in ""': '"""Ends in "\\""""',
    'Four """" quotes': '"""Four \\"\\""" quotes"""',
    "Costs $x or $(y)": '"""Costs \\$x or \\$(y)"""',
    "C:\\new\\": '"""C:\\\\new\\\\"""',
    "Indented:\n    a\n        b": '"""\nIndented:\n    a\n        b"""',
    "Indented:\n    a\nb": '"""Indented:\n    a\nb"""',
    "\tTab, \x00, \x85 and \u2028": '"""\tTab, \\u0000, \\u0085 and \\u2028"""',
}


def test_docstrings_are_the_text(julia: BoundLanguage, judge: Judge) -> None:
    """MultiPL-E escapes nothing: one that ends in a quote does not parse (HumanEval_89), and `$x` is a variable."""
    for text, literal in DOCSTRINGS.items():
        assert documentation(text) == literal
    texts = list(DOCSTRINGS)

    @given(st.text(st.sampled_from('"""$\\\n \t(a)é\r\0😀'), min_size=1, max_size=12).filter(is_docstring))
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


def extract(julia: BoundLanguage, text: str) -> Completion:
    function = read_function("def f(a: int) -> int:\n    return a", "f", "assert f(1) == 1")
    return julia.extract_completion(problem_of(julia, function), text)


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

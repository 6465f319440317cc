"""Values in Julia's words, arguments that fit the signature, and what Julia's answers are in Python."""

from __future__ import annotations

import pytest
from julia_helpers import table

from multiplt.errors import Refused
from multiplt.execute.verdicts import Judge
from multiplt.plugins import BoundLanguage
from multiplt.problems import Completion, Status
from multiplt.testing.judging import function_of, problem_of, value, verdicts
from multiplt_lang_julia import plugin

RENDERED = [
    ("-5", "int", "-5"), (str(-(2**63)), "int", "-9223372036854775808"),
    ("3", "float", "3.0"), ("-0.0", "float", "-0.0"), ("1e-06", "float", "1e-06"), ("1e+22", "float", "1e+22"),
    ("float('inf')", "float", "Inf"), ("float('-inf')", "float", "-Inf"), ("float('nan')", "float", "NaN"),
    ("True", "bool", "true"), ("None", "None", "nothing"),
    (repr('a "b" \\ $c\n\t\r'), "str", r'"a \"b\" \\ \$c\n\t\r"'),
    (repr("\0" + "1\x7f\x85é漢😀\u2028\U000e0001"), "str", r'"\u00001\u007f\u0085é漢😀\u2028\U000e0001"'),
    ("[1, 2]", "List[int]", "Int64[1, 2]"), ("[]", "List[float]", "Float64[]"), ("[1]", "List[Any]", "Any[1]"),
    ("[[], [1]]", "List[List[float]]", "Vector{Float64}[Float64[], Float64[1.0]]"),
    ("[1, None]", "List[Optional[int]]", "Union{Int64, Nothing}[1, nothing]"),
    ("(1, 'a')", "Tuple[int, str]", '(1, "a")'), ("(1,)", "Tuple[int, ...]", "(1,)"), ("()", "Tuple[()]", "()"),
    ("{'a': [1]}", "Dict[str, List[int]]", 'Dict{String, Vector{Int64}}("a" => Int64[1])'),
    ("{}", "Dict[int, Any]", "Dict{Int64, Any}()"),
    ("{1, 2.5}", "Set[Union[int, float]]", "Set{Union{Int64, Float64}}(Union{Int64, Float64}[1, 2.5])"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "type", "code"), RENDERED)
def test_values_are_written_with_their_type(text: str, type: str, code: str) -> None:
    assert plugin.render(value(text, type)) == code


def test_refused() -> None:
    for text in (str(2**63), str(-(2**63) - 1)):
        with pytest.raises(Refused, match="beyond Julia's Int64"):
            plugin.render(value(text, "int"))
    nan = value("float('nan')", "float")
    with pytest.raises(Refused, match="NaN is one key"):
        plugin.render_set([plugin.render(nan)] * 2, value("{1.5}", "Set[float]").type)


# Python values at types that Julia's literals do not have by themselves.
ARGUMENTS = [
    ("List[Any]", "[1, 2]"), ("List[Any]", "[]"), ("Any", "[[1], 'a']"), ("List[Union[int, str]]", "[1, 2]"),
    ("List[List[int]]", "[[], []]"), ("List[List[Any]]", "[[1], ['a']]"), ("Dict[str, float]", "{'a': 1}"),
    ("Dict[str, Any]", "{'a': 1}"), ("Dict[str, List[int]]", "{}"), ("List[float]", "[1, 2]"), ("float", "1"),
    ("Tuple[float, List[Any]]", "(1, [2])"), ("Optional[List[float]]", "[1]"), ("Set[float]", "{1, 2}"),
    ("List[Tuple[int, Any]]", "[(1, 'a'), (2, 3)]"), ("List[Optional[bool]]", "[True]"),
    ("Tuple[Any, ...]", "(1, 'a')"),
    ("List[Dict[str, Optional[int]]]", "[{'a': 1}]"), ("Dict[Tuple[int, int], Set[str]]", "{(1, 2): {'a'}}"),
    ("List[Union[List[int], int]]", "[1, 2]"), ("Union[int, float]", "1"),
]  # fmt: skip


def test_arguments_fit_the_signature(julia: BoundLanguage, judge: Judge) -> None:
    """MultiPL-E's literals have types of their own, so that a call finds no method (any_int, get_row, …)."""
    function = function_of([type for type, _ in ARGUMENTS], "int", [(f"({', '.join(t for _, t in ARGUMENTS)},)", "1")])
    [verdict] = verdicts(judge, problem_of(julia, function), ["    1\nend"])
    assert verdict.status is Status.OK, verdict.failure


def test_results_are_converted_to_the_declared_type(julia: BoundLanguage, judge: Judge) -> None:
    """Ints where a float is due pass, in a vector of any kind too; with or without a declared type."""
    function = function_of(["int"], "List[float]", [("(1,)", "[1.0, 2.0]")])
    codes = ["    [1, 2]\nend", "    Any[1, 2.0]\nend", "    1:2\nend", "    [1, 3]\nend"]
    whole = Completion("f(x) = [1, 2]", whole=True)
    statuses = [str(v.status) for v in verdicts(judge, problem_of(julia, function), [*codes, whole])]
    assert statuses == ["OK", "OK", "OK", "AssertionError", "OK"]


@pytest.mark.parametrize("code", [
    "(v = Any[]; push!(v, v, v); v)", "(d = Dict{Any, Any}(); d[1] = d; d)", 'repeat("a", 3000000)', "1:10^15",
    "foldl((v, _) -> Any[v], 1:100000; init = 1)", "big(2)^100000000", "collect(1:1000000)", "fill(zeros(1000), 1000)",
])  # fmt: skip
def test_values_without_end_are_wrong_answers(julia: BoundLanguage, judge: Judge, code: str) -> None:
    function = function_of(["int"], "List[int]", [("(0,)", "[1]"), ("(1,)", "[2]")])
    [verdict] = verdicts(judge, problem_of(julia, function), [Completion(table(["[1]", code]), whole=True)])
    assert (verdict.status, verdict.passed) == (Status.WRONG, 1)
    assert verdict.failure is not None
    assert len(verdict.failure.actual) <= 1000

"""The suite as text: what it says is what the core says, under `julia` alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from julia_helpers import failed_lines, run_bare, table

from multiplt.execute.verdicts import Judge
from multiplt.functions import Case
from multiplt.plugins import BoundLanguage
from multiplt.problems import Completion
from multiplt.testing.judging import function_of, problem_of, read_function, verdicts
from multiplt.types import BOOL, INT
from multiplt.values import Value

SUITE = """
module Tests_add

using Test

same(actual, expected::Int64) = actual isa Integer && !(actual isa Bool) && actual == expected
same(actual, expected) = actual === expected

@testset begin

candidate = Main.add;
	@test(same(candidate(1, 2), 3))
	@test(same(candidate(0, -1), -1))
end

end
"""


def test_suite_to_the_letter(julia: BoundLanguage) -> None:
    source = "def add(a: int, b: int) -> int:\n    return a + b"
    function = read_function(source, "add", "assert add(1, 2) == 3", "assert add(0, -1) == -1")
    assert problem_of(julia, function).tests == SUITE


def test_names_of_the_candidate_and_of_the_suite_leave_each_other_alone(julia: BoundLanguage, tmp_path: Path) -> None:
    source = "def same(near: float) -> float:\n    return near"
    problem = problem_of(julia, read_function(source, "same", "assert same(1.5) == 1.5"))
    taken = ["near", "==", "isnan", "abs", "candidate", "Test", "max", "all", "something", "isinf"]
    helpers = "\n".join(f"{name}(arguments...) = true" for name in taken)
    assert run_bare(tmp_path, f"{problem.prompt}    near\nend\n{helpers}\n{problem.tests}").returncode == 0
    assert run_bare(tmp_path, f"{problem.prompt}    near + 1\nend\n{helpers}\n{problem.tests}").returncode == 1


# A type, an expected value, and answers with whether they equal it.
COMPARED: dict[str, list[tuple[str, dict[str, bool]]]] = {
    "int": [("3", {"3": True, "Int8(3)": True, "0x03": True, "big(3)": True, "3.0": False,
                   "3//1": False, "'3'": False, "fill(3)": False, "Some(3)": False, "Ref(3)": False}),
            ("1", {"1": True, "true": False, "nothing": False, "missing": False, "[1]": False, "1 + 0im": False}),
            (str(-(2**63)), {"typemin(Int64)": True, "typemax(Int64)": False, "-big(2)^63": True})],
    "bool": [("True", {"true": True, "1": False, "1.0": False}), ("False", {"false": True, "0": False})],
    "str": [("'ab'", {'"ab"': True, 'SubString("abc", 1, 2)': True, 'OwnText("ab")': True, ":ab": False,
                      '["ab"]': False, '"ab\\0"': False}),
            ("'a'", {"'a'": False, "string('a')": True, "String(UInt8[0xff])": False})],
    "List[str]": [("['a', 'b']", {'split("a b")': True, '("a", "b")': False, '["a" "b"]': False, "['a', 'b']": False})],
    "Optional[str]": [("None", {"nothing": True, '""': False, "missing": False, "false": False, "[]": False})],
    "float": [("2.0", {"2": True, "2//1": True, "Float32(2)": True, "2.000001": True, "2.00001": False, "NaN": False,
                       "true": False, "big(2)": True, "BigFloat(2)": True, "2 + 0im": False, '"2.0"': False}),
              ("0.0", {"1e-10": True, "1e-8": False, "-0.0": True}), ("3.141592653589793", {"pi": True}),
              ("float('inf')", {"Inf": True, "-Inf": False, "1e308": False, "big(10)^400": False, "1//0": True}),
              ("float('nan')", {"NaN": True, "NaN16": True, "0.0": False, "missing": False})],
    "List[int]": [("[1, 2]", {"[1, 2]": True, "1:2": True, "Any[0x1, 2]": True, "view([0, 1, 2], 2:3)": True,
                              "[1 2; 3 4][1, :]": True, "Own([1, 2])": True, "[1.0, 2.0]": False, "[2, 1]": False,
                              "(1, 2)": False, "[1 2]": False, "[1]": False, "Any[true, 2]": False, "1 => 2": False,
                              "(x for x in 1:2)": False, "values(Dict(1 => 1, 2 => 2))": False}),
                  ("[]", {"[]": True, "1:0": True, "nothing": False, "()": False, '""': False})],
    "List[bool]": [("[True]", {"[true] .& true": True, "trues(1)": True, "[1]": False})],
    "List[List[float]]": [("[[1.0], []]", {"Any[[1], []]": True, "[[1.0], [0.0]]": False})],
    "Tuple[int, float]": [("(1, 2.0)", {"(1, 2)": True, "(1.0, 2.0)": False, "[1, 2.0]": False, "(1, 2.0, 3)": False,
                                        "1 => 2.0": False, "(a = 1, b = 2.0)": False})],
    "Dict[str, int]": [("{'a': 1, 'b': 2}", {
        'Dict("b" => 2, "a" => 1)': True, 'Base.ImmutableDict("a" => 1, "b" => 2)': True, 'Dict("a" => 1)': False,
        'Dict("a" => 1, "b" => 2.0)': False, 'Dict("a" => 1, "b" => 2, "c" => 3)': False, "(a = 1, b = 2)": False,
        '["a" => 1, "b" => 2]': False, "Dict(:a => 1, :b => 2)": False})],
    "Dict[float, List[float]]": [("{0.3: [0.1]}", {"Dict(0.1 + 0.2 => [0.1])": True, "Dict(0.3 => [1])": False})],
    "Set[float]": [("{1.0, 2.0}", {"Set([2, 1])": True, "BitSet([1, 2])": True, "[1.0, 2.0]": False, "Set(1.0)": False,
                                   "Set([1, 1.00000001])": False, "keys(Dict(1 => 0, 2 => 0))": True})],
    "Union[int, float]": [("3", {"3": True, "3.0": True, "3.1": False}), ("3.5", {"7//2": True, "3": False})],
    "Union[int, str]": [("3", {"3": True, "3.0": False, '"3"': False})],
    "Any": [("[1, None]", {"(1, nothing)": False, "Any[1, nothing]": True, "Any[true, nothing]": False})],
}  # fmt: skip

OWN = """
struct Own <: AbstractVector{Int64} items end
Base.size(own::Own) = size(own.items)
Base.getindex(own::Own, index::Int) = own.items[index]
struct OwnText <: AbstractString text end
Base.iterate(own::OwnText, state::Integer = 1) = iterate(own.text, state)
Base.ncodeunits(own::OwnText) = ncodeunits(own.text)
Base.codeunit(own::OwnText) = UInt8
Base.isvalid(own::OwnText, index::Integer) = isvalid(own.text, index)
"""


@pytest.mark.parametrize("types", [list(COMPARED)[::2], list(COMPARED)[1::2]])
def test_suite_and_core_agree(julia: BoundLanguage, judge: Judge, tmp_path: Path, types: list[str]) -> None:
    """Of functions without a declared type; the suites of many types stand in one program."""
    text, should_fail = OWN, []
    for type in types:
        rows = [(text, code, equal) for text, answers in COMPARED[type] for code, equal in answers.items()]
        function = function_of(["int"], type, [(f"({number},)", text) for number, (text, *_) in enumerate(rows)])
        problem, program = problem_of(julia, function), table([code for _, code, _ in rows])
        [verdict] = verdicts(judge, problem, [Completion(OWN + program, whole=True)])
        failing = [number for number, (*_, equal) in enumerate(rows) if not equal]
        assert verdict.passed == len(rows) - len(failing), (type, verdict.failure, verdict.message)
        assert (verdict.failure.case if verdict.failure else None) == (failing[0] if failing else None)
        text += program + wrapped(problem.tests)
        should_fail += [text.count("\n") - 2 - len(rows) + number for number in failing]
    assert failed_lines(run_bare(tmp_path, text)) == should_fail


def wrapped(suite: str) -> str:
    """A suite after which the program goes on, in as many lines."""
    return suite.replace("\nmodule ", "\ntry @eval module ").removesuffix("end\n") + "end catch end\n"


def test_truth(julia: BoundLanguage, judge: Judge, tmp_path: Path) -> None:
    """`assert f(x)` and `assert not f(x)` where the result is no bool, and the contrary."""
    truths = {"true": True, "false": False, "0": False, "0x1": True, "0.0": False, "-0.0": False, "NaN": True,
              "0//1": False, '""': False, '"a"': True, "[]": False, "1:0": False, "[0]": True, "()": False,
              "(0,)": True, "Dict()": False, "Set()": False, "Set([0])": True, "nothing": False, "missing": True,
              "0im": True, "'a'": True, "zeros(0, 2)": True, "print": True}  # fmt: skip
    text = program = table(list(truths))
    for holds in (True, False):
        cases = [
            Case((Value(INT, number),), Value(BOOL, truth is holds), "truth")
            for number, truth in enumerate(truths.values())
        ]
        problem = problem_of(julia, replace(function_of(["int"], "List[int]", []), cases=tuple(cases)))
        [verdict] = verdicts(judge, problem, [Completion(program, whole=True)])
        assert verdict.passed == (len(truths) if holds else 0)
        text += problem.tests
    first = text.count("\n") - 2 - len(truths)
    assert failed_lines(run_bare(tmp_path, text)) == [first + number for number in range(len(truths))]

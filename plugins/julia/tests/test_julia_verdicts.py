"""What the verdict on each kind of candidate is, in both modes; the conformance suite has the plain ones."""

from __future__ import annotations

import pytest

from multiplt.execute.verdicts import Judge
from multiplt.plugins import BoundLanguage
from multiplt.problems import Completion, Problem
from multiplt.testing.judging import problem_of, read_function, verdicts

ADD = "def add(a: int, b: int) -> int:\n    return a + b"
TESTS = ("assert add(1, 2) == 3", "assert add(0, -1) == -1", "assert add(0, 0) == 0")

PIRATE = """
    a + b
end
Base.:(==)(a::String, b::String) = true
Base.isequal(a::Int64, b::Int64) = true
Base.hash(a::Symbol, seed::UInt) = UInt(0)
for name in (:string, :show, :print, :repr, :sprint, :write, :flush, :length, :first, :codeunits, :startswith)
    Core.eval(Base, :($name(arguments...) = 3))
end
Base.string(number::Int64) = "7"
Base.write(io::IOStream, text::String) = 0
Base.print(io::IO, number::Int64) = error("no printing")
Base.getproperty(channel::Main.Harness.Channel, name::Symbol) = 7
"""

STRICT = {
    "raises in one case": ("    a == 0 && b == 0 && error()\n    a + b\nend", "Exception", 2),
    "without its method": ("    0\nend\nforeach(Base.delete_method, methods(add))", "Exception", 0),
    "no conversion": ('    "$(a + b)"\nend', "Exception", 0),
    "not converted": ("    a + b + 0.5\nend", "Exception", 0),
    "recursion without end": ("    1 + add(a, b)\nend", "Exception", 0),
    "more than the memory": ("    length(zeros(10^12))\nend", "Exception", 0),
    "found when lowered": ("    a + b\nend\nfunction g()\n    break\nend", "SyntaxError", 0),
    "syntax error at the end": ('    a + b\nend\nprintln("x")\nexit(0)\nf(x = (', "SyntaxError", 0),
    "no such package": ("    a + b\nend\nusing NoSuchPackage", "Exception", 0),
    "a standard library": ("    sum([a, b])\nend\nusing LinearAlgebra, Statistics, Random", "OK", 3),
    "reads standard input": ("    a + b\nend\nreadline()", "OK", 3),
    "main code": ("    a + b\nend\nif abspath(PROGRAM_FILE) == @__FILE__\n    exit(1)\nend", "OK", 3),
    "threads and tasks": ("    fetch(@async fetch(Threads.@spawn a + b))\nend", "OK", 3),
    "redefines Base": (PIRATE, "OK", 3),
    "its own world": ("    eval(:(plus(x, y) = x + y))\n    Base.invokelatest(plus, a, b)\nend", "OK", 3),
    "writes its last words": ('    a + b\nend\natexit(() -> println("bye"))', "OK", 3),
}


@pytest.fixture(scope="module")
def strict(julia: BoundLanguage, judge: Judge) -> dict[str, tuple[str, int]]:
    problem = problem_of(julia, read_function(ADD, "add", *TESTS))
    judged = verdicts(judge, problem, [code for code, *_ in STRICT.values()])
    return {name: (str(verdict.status), verdict.passed) for name, verdict in zip(STRICT, judged, strict=True)}


@pytest.mark.parametrize("name", STRICT)
def test_strict(strict: dict[str, tuple[str, int]], name: str) -> None:
    assert strict[name] == STRICT[name][1:]


def test_what_base_has_is_not_the_candidates(julia: BoundLanguage, judge: Judge) -> None:
    """A program without the function is not judged by Base's of that name, unless it adds a method to that."""
    function = read_function("def last(x: list[int]) -> int:\n    return x[-1]", "last", "assert last([1, 2]) == 2")
    codes = ["x = 1\n", "import Base: last\nlast(x::Vector{Int64}) = x[end]\n"]
    judged = verdicts(judge, problem_of(julia, function), [Completion(code, whole=True) for code in codes])
    assert [str(verdict.status) for verdict in judged] == ["Exception", "OK"]


RAISED = {
    'a + "b"': "MethodError: no method matching +(::Int64, ::String)",
    '"b"': "MethodError: Cannot `convert` an object of type String to an object of type Int64",
    'Int64[1, "b"]': "MethodError: Cannot `convert` an object of type String to an object of type Int64",
    "Point(a)": "MethodError: no method matching Main.Candidate.Point(::Int64)",
    "Point(a, b)(Int64)": "MethodError: no method matching (::Main.Candidate.Point)(::Type{Int64})",
    "add(a, b, by = 1)": "MethodError: no method matching add(::Int64, ::Int64; by)",
    "Point(a, by = 1)": "MethodError: no method matching Main.Candidate.Point(::Int64; by)",
    "add(1:12...)": f"MethodError: no method matching add({', '.join(['::Int64'] * 10)}, ...)",
    'error("no")': "no",
    'fetch(@async error("no"))': "no",
    "Dict()[a]": "KeyError: key 1 not found",
    "sqrt(-a)": "DomainError with -1.0:\nsqrt will only return a complex result if called with a complex argument. "
    "Try sqrt(Complex(x)).",
}


def test_what_was_raised_is_told_in_julias_words(julia: BoundLanguage, judge: Judge) -> None:
    """Of a call that no method matches, without the methods that are like it: to find them takes Julia 0.3 s."""
    problem = problem_of(julia, read_function(ADD, "add", *TESTS))
    codes = [f"    {code}\nend\nstruct Point\n    x\n    y\nend" for code in RAISED]
    actual = [verdict.failure and verdict.failure.actual for verdict in verdicts(judge, problem, codes)]
    assert actual == list(RAISED.values())


def test_what_was_raised_is_told_in_few_words(julia: BoundLanguage, judge: Judge) -> None:
    problem = problem_of(julia, read_function(ADD, "add", *TESTS))
    codes = ["add(ntuple(i -> iseven(i) ? 1 : 1.0, 5000))", "add(fill(nothing, 5000)...)", 'error("x"^1000000)']
    for verdict in verdicts(judge, problem, [f"    {code}\nend" for code in codes]):
        assert verdict.failure is not None
        assert 100 < len(verdict.failure.actual) <= 1000


PROMPT = '"""Adds."""\nfunction add(a::Int64, b::Int64)::Int64 \n'
SUITE = "using Test\n\n@testset begin\n\ncandidate = add;\n\t@test(candidate(1, 2) == 3)\nend\n"

COMPAT = {
    "wrong": ("    a - b\nend", "AssertionError"),
    "raises": ("    error()\nend", "Exception"),
    "raises at load": ("    a + b\nend\nerror()", "Exception"),
    "exits with a code": ("    exit(3)\nend", "Exception"),
    "found when lowered": ("    break\nend", "SyntaxError"),
    "speaks of errors": ('    println(stderr, "ERROR: syntax: Some tests did not pass")\n    a + b\nend', "OK"),
    "shadows": ("    a + b\nend\nreadline() = exit(0)\nwrite(x...) = 0\nflush(x) = 0\nfdio(x) = 0", "OK"),
    "reads standard input": ("    a + b\nend\nreadline()", "OK"),
    "main code": ("    a + b\nend\nif abspath(PROGRAM_FILE) == @__FILE__\n    exit(3)\nend", "Exception"),
    "forges the mark": ('    (port = fdio(3); write(port, "35:z", readline(), " 0"); exit(0))\nend', "Tampered"),
}


@pytest.fixture(scope="module")
def compat(judge: Judge) -> dict[str, str]:
    problem = Problem(name="HumanEval_0_add", language="jl", prompt=PROMPT, tests=SUITE)
    judged = verdicts(judge, problem, [code for code, _ in COMPAT.values()])
    return {name: str(verdict.status) for name, verdict in zip(COMPAT, judged, strict=True)}


@pytest.mark.parametrize("name", COMPAT)
def test_compat(compat: dict[str, str], name: str) -> None:
    assert compat[name] == COMPAT[name][1]

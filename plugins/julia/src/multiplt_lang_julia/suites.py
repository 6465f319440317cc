"""The suite as text: MultiPL-E's test set in a module of its own, and what it says where it fails."""

from __future__ import annotations

import re
from collections.abc import Sequence

from multiplt.problems import Status
from multiplt.types import Kind, Type

# A module has none of the program's names in scope, so neither disturbs the other.
SUITE = """
module Tests_{name}

using Test
{helpers}
@testset begin

candidate = Main.{name};
{tests}end

end
"""

# `multiplt.equality` in Julia, by the kind of the expected value.
SAME: dict[Kind, str] = {
    "int": "same(actual, expected::Int64) = actual isa Integer && !(actual isa Bool) && actual == expected\n",
    "float": "same(actual, expected::Float64) = near(actual, expected, nothing)\n",
    "str": "same(actual, expected::String) = actual isa AbstractString && actual == expected\n",
    "list": "same(actual, expected::Vector) = actual isa AbstractVector && each_same(actual, expected)\n",
    "tuple": "same(actual, expected::Tuple) = actual isa Tuple && each_same(actual, expected)\n",
    "set": "same(actual, expected::Set) = actual isa AbstractSet && permuted(actual, expected)\n",
    "dict": "same(actual, expected::Dict) = actual isa AbstractDict && permuted(actual, expected)\n",
}
OTHERWISE = "same(actual, expected) = actual === expected\n"

EACH = """
function each_same(actual, expected)
    length(actual) == length(expected) && all(same(a, e) for (a, e) in zip(actual, expected))
end
"""

PERMUTED = """
function permuted(actual, expected)
    remaining = collect(Any, actual)
    for item in expected
        place = findfirst(other -> same(other, item), remaining)
        place === nothing && return false
        deleteat!(remaining, place)
    end
    isempty(remaining)
end
"""

ENTRY = "\nsame(actual, expected::Pair) = same(actual.first, expected.first) && same(actual.second, expected.second)\n"

# Within a relative 1e-6 or an absolute 1e-9, or the test's own tolerance.
NEAR = """
function near(actual, expected, tolerance)
    actual isa Union{Integer, AbstractFloat, Rational, AbstractIrrational} && !(actual isa Bool) || return false
    number = Float64(actual)
    isnan(number) || isnan(expected) ? isnan(number) && isnan(expected) :
    isinf(number) || isinf(expected) ? number == expected && !(actual isa Integer) :
    abs(number - expected) <= something(tolerance, max(1e-6 * max(abs(number), abs(expected)), 1e-9))
end
"""

NEAR_INT = """
function near(actual, expected::Int64, tolerance)
    actual isa Integer && !(actual isa Bool) && abs(big(actual) - expected) <= tolerance
end
"""

TRUTH = """
truth(value) = !(value === nothing || is_zero(value) || is_empty(value))
is_zero(value) = value isa Union{Integer, AbstractFloat, Rational, AbstractIrrational} && iszero(value)
is_empty(value) = value isa Union{AbstractString, AbstractVector, Tuple, AbstractDict, AbstractSet} && isempty(value)
"""

SAID = {
    r"syntax: |ParseError": Status.SYNTAX,
    r"Some tests did not pass: \d+ passed, [1-9]\d* failed": Status.WRONG,
    r"OutOfMemoryError": Status.OUT_OF_MEMORY,
}
"""Julia's last words on a program that failed, where they tell of what."""


def failure(stderr: str) -> Status | None:
    """What a program that carries its own tests says that it failed of."""
    for words, status in SAID.items():
        if re.search(rf"^ERROR: (LoadError: )*({words})", stderr, re.MULTILINE):
            return status
    return None


def is_plain(type: Type) -> bool:
    """Whether Julia's own `==` says of values of this type what the core says: strings, in lists and tuples."""
    return not type.mentions("int", "float", "bool", "set", "dict", "any")


def suite(name: str, tests: Sequence[str], type: Type) -> str:
    """The suite of the function `name`, which returns `type`, around its tests, with the helpers that they use."""
    text = "".join(f"\t@test({test})\n" for test in tests)
    return SUITE.format(name=name, helpers="".join(_helpers(text, type)), tests=text)


def _helpers(tests: str, type: Type) -> list[str]:
    helpers = []
    if "(same(" in tests:
        kinds = [kind for kind in SAME if type.mentions(kind, "any")]
        helpers = ["\n", *(SAME[kind] for kind in kinds), OTHERWISE]
        helpers += [EACH] * ("list" in kinds or "tuple" in kinds)
        helpers += [PERMUTED] * ("set" in kinds or "dict" in kinds)
        helpers += [ENTRY] * ("dict" in kinds)
    near = "(near(" in tests
    helpers += [NEAR] * (near or "near(" in "".join(helpers)) + [NEAR_INT] * near
    return [*helpers, *([TRUTH] if "truth(" in tests else [])]

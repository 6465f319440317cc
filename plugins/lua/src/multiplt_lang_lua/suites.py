"""The suite as text: a run of luaunit that needs no name of the program but `require`."""

from __future__ import annotations

from collections.abc import Sequence

CANDIDATE = "candidate"
"""What a suite calls the function under test."""

# One expression: it adds no local variable to the program, which may have 200, and no global one. The tests are
# named to luaunit, which would else run every global function that begins with "test", and its options are given,
# which would else come from the global `arg`.
SUITE = """\
require('os').exit((function (candidate)
    local lu = require('luaunit')
{helpers}
    local function test_suite()
{tests}
    end

    return lu.LuaUnit.new():runSuiteByInstances({{{{'test_suite', test_suite}}}}, '--verbose')
end)({name}))
"""

LIBRARY = """
    local lua, math = require('_G'), require('math')
    local next, rawget, type = lua.next, lua.rawget, lua.type
"""

TRUTH = """
    local function truth(value)
        local empty = type(value) == 'table' and next(value) == nil
        return not (empty or value == nil or value == false or value == 0 or value == '')
    end
"""

# `multiplt.equality` in Lua: floats within a relative 1e-6 or an absolute 1e-9, or the test's tolerance; a float
# is an int only below 2^53, where it is exact; entries of tables in any order.
SAME = """
    local function close(actual, expected, tolerance)
        local integer = math.type(expected) == 'integer'
        if integer and math.type(actual) == 'float' and math.abs(actual) >= 2^53 then
            return false
        elseif actual == expected or integer and not tolerance then
            return actual == expected
        elseif expected ~= expected then
            return actual ~= actual
        end
        local distance, size = math.abs(actual + 0.0 - expected), math.max(math.abs(actual), math.abs(expected))
        return size < 1/0 and distance <= (tolerance or math.max(1e-6 * size, 1e-9))
    end

    local function same(actual, expected, tolerance)
        if type(expected) ~= type(actual) then
            return false
        elseif type(expected) == 'number' then
            return close(actual, expected, tolerance)
        elseif type(expected) ~= 'table' then
            return actual == expected
        end
        local matched = {}
        local function match(key, value)
            if not matched[key] and same(rawget(actual, key), value, tolerance) then
                return key
            end
            for other, item in next, actual do
                if not matched[other] and same(other, key, tolerance) and same(item, value, tolerance) then
                    return other
                end
            end
        end
        for key, value in next, expected do
            local other = match(key, value)
            if other == nil then
                return false
            end
            matched[other] = true
        end
        for key in next, actual do
            if not matched[key] then
                return false
            end
        end
        return true
    end

    local function assertSame(actual, expected, tolerance)
        if not same(actual, expected, tolerance) then
            lu.fail('expected: ' .. lu.prettystr(expected) .. ', actual: ' .. lu.prettystr(actual))
        end
    end
"""


def suite(name: str, tests: Sequence[str]) -> str:
    """The suite of the function `name` around its tests, with the helpers that they use."""
    compares = any(test.startswith("assertSame(") for test in tests)
    asks = any("(truth(" in test for test in tests)
    helpers = [LIBRARY] * (compares or asks) + [SAME] * compares + [TRUTH] * asks
    return SUITE.format(helpers="".join(helpers), tests="\n".join(f"        {test}" for test in tests), name=name)

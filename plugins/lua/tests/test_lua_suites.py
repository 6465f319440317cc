"""The suite as text, under `lua5.4` alone: what it says is what the core says of what Lua makes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from lua_helpers import ADD, is_ok, run_bare

from multiplt.execute.verdicts import Judge
from multiplt.functions import Case
from multiplt.plugins import BoundLanguage
from multiplt.testing.judging import function_of, problem_of, read_function, value, verdicts
from multiplt.types import BOOL

SUITE = """\
require('os').exit((function (candidate)
    local lu = require('luaunit')

    local function test_suite()
        lu.assertEquals(candidate(1, 2), 3)
        lu.assertEquals(candidate(0, -1), -1)
        lu.assertEquals(candidate(0, 0), 0)
    end

    return lu.LuaUnit.new():runSuiteByInstances({{'test_suite', test_suite}}, '--verbose')
end)(add))
"""


def test_suite_to_the_letter(lua: BoundLanguage, tmp_path: Path) -> None:
    problem = problem_of(lua, ADD)
    assert problem.tests == SUITE
    assert is_ok(tmp_path, problem, "    return a + b\nend")
    for wrong in ("    return a - b\nend", "    return a[1]\nend", "    os.exit(0)\nend", "    return a + b\n"):
        assert not is_ok(tmp_path, problem, wrong)


# A type, an expected value, and what Lua makes with whether it equals that.
COMPARED: dict[str, dict[str, dict[str, bool]]] = {
    "int": {
        "3": {"3": True, "3.0": True, "7 // 2.0": True, "3.0000001": False, "'3'": False, "true": False, "nil": False,
              "print": False, "io.stdout": False, "coroutine.create(print)": False, "{3}": False, "3, 4": True},
        "9007199254740991": {"2^53 - 1": True},
        "9007199254740992": {"1 << 53": True, "2^53": False},
        "9007199254740993": {"(1 << 53) + 1": True, "1 << 53": False, "2^53 + 1": False},
        "1000000000000000": {"1e15": True, "10^15": True, "1e15 + 1": False},
        "-9223372036854775808": {"math.mininteger": True, "-2^63": False, "math.maxinteger + 1": True},
    },
    "bool": {"True": {"true": True, "1": False, "'true'": False}, "False": {"false": True, "nil": False, "0": False}},
    "str": {
        "'é'": {"'é'": True, r"'\xc3\xa9'": True, r"'\u{e9}'": True, r"'\xff'": False, "'e'": False, "{'é'}": False},
        r"'\ud7ff'": {r"'\u{D7FF}'": True, r"'\u{D800}'": False},
        "'12'": {"1 .. 2": True, "12": False, "('x'):gsub('x', '12')": True, r"'12\0'": False},
    },
    "float": {
        "2.0": {"2": True, "4 / 2": True, "2.000001": True, "2.00001": False, "0/0": False, "true": False,
                "'2'": False, "1/0": False},
        "0.3": {"0.1 + 0.2": True, "0.3001": False},
        "0.0": {"1e-10": True, "1e-8": False, "-0.0": True, "0": True},
        "float('inf')": {"math.huge": True, "-math.huge": False, "1e308": False},
        "float('nan')": {"0/0": True, "-(0/0)": True, "0.0": False},
        "1e300": {"math.huge": False, "1.0000001e300": True, "-1e300": False},
    },
    "List[int]": {
        "[1, 2]": {"{1, 2}": True, "{1, 2, nil}": True, "{[2] = 2, [1] = 1}": True, "{[1.0] = 1, [2] = 2.0}": True,
                   "{2, 1}": False, "{1, nil, 2}": False, "{1, 2, n = 2}": False, "table.pack(1, 2)": False,
                   "{[0] = 1, 2}": False, "setmetatable({1, 2}, {__index = print})": True,
                   "setmetatable({}, {__index = {1, 2}})": False, "'12'": False, "1, 2": False},
        "[]": {"{}": True, "nil": False, "{nil}": True, "''": False},
    },
    "List[float]": {"[1.0, 0.5]": {"{1, 0.5}": True, "{1.0000001, 1 / 2}": True, "{0.5, 1}": False, "{1}": False,
                                   "{1, 0.5, x = 1}": False}},
    "Tuple[int, float]": {"(1, 2.0)": {"{1, 2}": True, "{1, 2.1}": False, "1, 2": False}},
    "Dict[int, str]": {"{1: 'a', 2: 'b'}": {"{'a', 'b'}": True, "{[2] = 'b', [1] = 'a'}": True, "{'b', 'a'}": False,
                                            "{['1'] = 'a', ['2'] = 'b'}": False}},
    "Dict[str, int]": {"{'a': 1}": {"{a = 1}": True, "{a = 1, b = nil}": True, "{a = 2}": False, "{a = 1, 1}": False},
                       "{}": {"{}": True, "nil": False}},
    "Dict[str, List[float]]": {"{'a': [0.1], 'b': []}": {
        "{b = {}, a = {0.1 + 1e-9}}": True, "{b = {0.1}, a = {}}": False, "{a = {0.1}}": False,
        "{a = {0.1}, b = {}, c = {}}": False}},
    "Dict[float, str]": {"{1.0: 'a', 2.5: 'b'}": {"{'a', [2.5] = 'b'}": True, "{'a', [2.5000001] = 'b'}": True,
                                                  "{'a', [2.6] = 'b'}": False}},
    "Dict[Tuple[int, int], str]": {"{(0, 1): 'a', (1, 0): 'b'}": {
        "{[{1, 0}] = 'b', [{0, 1}] = 'a'}": True, "{[{1, 0}] = 'a', [{0, 1}] = 'b'}": False,
        "{[{0, 1}] = 'a', [{1, 0}] = 'b', [{0, 1}] = 'a'}": False, "{[{0, 1}] = 'a'}": False}},
    "Set[int]": {"{1, 2}": {"{true, true}": True, "{[2] = true, [1] = true}": True, "{1, 2}": False, "{true}": False,
                            "{true, true, false}": False, "{true, 1}": False}},
    "Set[str]": {"{'a'}": {"{a = true}": True, "{'a'}": False, "{a = 1}": False, "{a = true, b = false}": False},
                 "set()": {"{}": True, "nil": False}},
    "Set[float]": {"{0.5}": {"{[0.5] = true}": True, "{[0.5 + 1e-10] = true}": True, "{[0.6] = true}": False}},
    "Optional[int]": {"None": {"nil": True, "": True, "false": False, "0": False, "{}": False}, "0": {"nil": False}},
    "Union[int, float]": {"3": {"3": True, "3.0": True, "3.0000000001": True, "3.1": False}},
    "Any": {"[1, 2.5]": {"{1.0000000001, 2.5}": True, "{1, 2}": False}, "{'a': (1,)}": {"{a = {1}}": True}},
}  # fmt: skip


@pytest.mark.parametrize("type", COMPARED)
def test_suite_and_core_agree(lua: BoundLanguage, judge: Judge, tmp_path: Path, type: str) -> None:
    """MultiPL-E compares floats exactly (0.1 + 0.2 is not 0.3) and has no sets."""
    for expected, answers in COMPARED[type].items():
        problem = problem_of(lua, function_of([], type, [("()", expected)]))
        codes = [f"    return {code}\nend" for code in answers]
        by_core = [str(verdict.status) for verdict in verdicts(judge, problem, codes)]
        assert by_core == ["OK" if equal else "AssertionError" for equal in answers.values()], expected
        assert [is_ok(tmp_path, problem, code) for code in codes] == list(answers.values()), expected


def test_truth_and_a_tests_own_tolerance(lua: BoundLanguage, judge: Judge, tmp_path: Path) -> None:
    """`assert f(x)`, where the result is no bool, and `abs(f(x) - y) < z`."""
    truths = {"true": True, "false": False, "nil": False, "0": False, "-0.0": False, "0/0": True, "''": False, "{}":
              False, "' '": True, "{0}": True, "{a = 0}": True, "print": True}  # fmt: skip
    for code, truth in truths.items():
        for expected in (True, False):
            case = Case((), replace(value("True", "bool"), content=expected, type=BOOL), "truth")
            problem = problem_of(lua, replace(function_of([], "List[int]", []), cases=(case,)))
            [verdict] = verdicts(judge, problem, [f"    return {code}\nend"])
            by_suite = is_ok(tmp_path, problem, f"    return {code}\nend")
            assert (verdict.status == "OK") == by_suite == (truth == expected), code
    source = "def f(x: float) -> float:\n    return x"
    problem = problem_of(lua, read_function(source, "f", "assert abs(f(1.0) - 2.0) <= 0.5"))
    for code, right in {"2.5": True, "2.51": False, "1.5": True, "2": True, "1/0": False, "0/0": False}.items():
        [verdict] = verdicts(judge, problem, [f"    return {code}\nend"])
        assert (verdict.status == "OK") == is_ok(tmp_path, problem, f"    return {code}\nend") == right, code


NAMES = ["lu", "candidate", "test_suite", "testAll", "same", "close", "assertSame", "lua", "math", "next", "type", "os"]


def test_names_of_program_and_suite_leave_each_other_alone(lua: BoundLanguage, tmp_path: Path) -> None:
    """To MultiPL-E every global function whose name begins with `test` is a test."""
    source = "def close(same: float) -> float:\n    return same"
    problem = problem_of(lua, read_function(source, "close", "assert close(1.5) == 1.5"))
    body, wrong = "    return same\nend\n", "    return same + 1\nend\n"
    local = "".join(f"local function {name}() error('local') end\n" for name in NAMES if name != "close")
    others = "lu, candidate, same, lua, arg, tests = 1, 2, 3, 4, 5, 6\nfunction test_all() error('mine') end\n"
    for names in (local, others, "local same <const>, x = 1\nx = print\n"):
        assert is_ok(tmp_path, problem, body + names), names
        assert not is_ok(tmp_path, problem, wrong + names), names


def test_program_of_200_local_variables(lua: BoundLanguage, judge: Judge, tmp_path: Path) -> None:
    problem = problem_of(lua, ADD)
    code = "    return a + b\nend\n" + "".join(f"local x{number} = {number}\n" for number in range(199))
    assert is_ok(tmp_path, problem, code)
    assert [verdict.status for verdict in verdicts(judge, problem, [code, f"{code}local one"])] == ["OK", "SyntaxError"]


def test_program_that_ends_in_a_return(lua: BoundLanguage, judge: Judge, tmp_path: Path) -> None:
    """It would leave no place for a suite behind it, and is no part of the program."""
    problem = problem_of(lua, ADD)
    [completion] = [lua.extract_completion(problem, "    return a + b\nend\n\nreturn {add = add}\n")]
    program = lua.build_program(problem, completion)
    assert run_bare(tmp_path, program.text).returncode == 0
    assert [verdict.status for verdict in verdicts(judge, problem, [completion])] == ["OK"]

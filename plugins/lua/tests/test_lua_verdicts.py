"""What the verdict on each kind of candidate is, in both modes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lua_helpers import ADD

from multiplt.execute.plan import MIB
from multiplt.execute.verdicts import Judge
from multiplt.plugins import BoundLanguage
from multiplt.problems import Completion, Problem
from multiplt.testing.judging import problem_of, verdicts

RIGHT = "    return a + b\nend\n"

STRICT = {
    "right": (RIGHT, "OK", 3),
    "wrong": ("    return a - b\nend", "AssertionError", 1),
    "global of the same name": ("    return 0\nend\n\nfunction _G.add(a, b) return a + b end", "AssertionError", 1),
    "redefined": (f"    return 0\nend\n\nfunction add(a, b)\n{RIGHT}", "OK", 3),
    "redefined as a local": (f"    return 0\nend\n\nlocal function add(a, b)\n{RIGHT}", "OK", 3),
    "redefined as no function": (f"{RIGHT}add = 7", "Exception", 0),
    "callable": (f"{RIGHT}local f = add\nadd = setmetatable({{}}, {{__call = function(_, ...) return f(...) end}})",
                 "OK", 3),
    "own return": (f"{RIGHT}return add", "OK", 3),
    "return at once": (f"{RIGHT}do return function() return 3 end end", "AssertionError", 1),
    "other globals": (f"{RIGHT}local _ENV = {{}}\nx = 1", "OK", 3),
    "no end": ("    return a + b\n", "SyntaxError", 0),
    "one end too many": (f"{RIGHT}end", "SyntaxError", 0),
    "ends in a comment": ("    return a + b\nend -- done", "OK", 3),
    "ends in an open comment": (f"{RIGHT}--[[ done", "SyntaxError", 0),
    "raises a table": ("    error({a})\nend", "Exception", 0),
    "raises nothing": ("    error()\nend", "Exception", 0),
    "raises at load": (f"{RIGHT}local x = nil + 1", "Exception", 0),
    "yields": ("    coroutine.yield(1)\nend", "Exception", 0),
    "in a coroutine": ("    return coroutine.wrap(function() coroutine.yield(a + b) end)()\nend", "OK", 3),
    "overflows the stack": ("    return 1 + add(a, b)\nend", "Exception", 0),
    "overflows in C": ("    return a, ('x'):rep(300000):find(('x?'):rep(300000))\nend", "Exception", 0),
    "exits at a scope's end": ("    local x <close> = setmetatable({}, {__close = os.exit})\n" + RIGHT, "Exception", 0),
    "closed files": (f"{RIGHT}io.stdout:close() io.stderr:close() io.stdin:close()", "OK", 3),
    "no libraries": (f"{RIGHT}local G = _G\nfor name in pairs(G) do G[name] = nil end", "OK", 3),
    "strange strings": (f"{RIGHT}getmetatable('').__index = nil", "OK", 3),
    "unlike any global": (f"{RIGHT}setmetatable(_G, {{__index = error, __newindex = error}})", "OK", 3),
    "requires luaunit": (f"{RIGHT}lu = require('luaunit')\nfunction testAdd() lu.assertEquals(add(1, 2), 4) end", "OK",
                         3),
    "loads": (f"{RIGHT}add = load('local a, b = ... return a + c + b', nil, nil, {{c = 0}})", "OK", 3),
    "loads from a file": (f"{RIGHT}io.open('m.lua', 'w'):write('return 7'):close()\n"
                          "add = add(dofile('m.lua'), -require('m')) + loadfile('m.lua')() == 7 and add", "OK", 3),
    "asks for a traceback": (f"{RIGHT}assert(debug.traceback('x', 1):find('candidate.lua'))", "OK", 3),
}  # fmt: skip


@pytest.fixture(scope="module")
def strict(lua: BoundLanguage, judge: Judge) -> dict[str, tuple[str, int]]:
    judged = verdicts(judge, problem_of(lua, ADD), [code for code, *_ in STRICT.values()])
    return {name: (str(verdict.status), verdict.passed) for name, verdict in zip(STRICT, judged, strict=True)}


@pytest.mark.parametrize("name", STRICT)
def test_strict(strict: dict[str, tuple[str, int]], name: str) -> None:
    assert strict[name] == STRICT[name][1:]


def test_whole_programs(lua: BoundLanguage, judge: Judge) -> None:
    """However they define the function; what they print and return is no matter."""
    heads = ["function add(a, b)\n", "add = function(a, b)\n", "local add\nfunction add(a, b)\n", "#!/usr/bin/lua\n"
             "local function add(a, b)\n"]  # fmt: skip
    programs = [Completion(f"{head}{RIGHT}print(add(1, 2))\nreturn add", whole=True) for head in heads]
    assert [verdict.status for verdict in verdicts(judge, problem_of(lua, ADD), programs)] == ["OK"] * len(heads)


def test_account_of_a_failure(lua: BoundLanguage, judge: Judge) -> None:
    codes = ["    return a == 1 and 3 or print\nend", "    error({a})\nend",
             "    error(setmetatable({}, {__tostring = function() return ('why '):rep(1000) end}))\nend",
             "    return x.y\nend", "    return (\nend"]  # fmt: skip
    wrong, table, text, undefined, unfinished = verdicts(judge, problem_of(lua, ADD), codes)
    assert wrong.failure is not None
    assert (wrong.failure.case, wrong.failure.arguments, wrong.failure.expected) == (1, "0, -1", "-1")
    assert wrong.failure.actual == "a function"
    told = [verdict.failure.actual if verdict.failure else "" for verdict in (table, text, undefined)]
    assert told[0].startswith("table: 0x")
    assert told[1] == "why " * 250
    assert told[2] == "candidate.lua:2: attempt to index a nil value (global 'x')"
    assert unfinished.message == "candidate.lua:3: unexpected symbol near 'end'"


PROMPT = "-- Adds.\nlocal function add(a, b)\n"
SUITE = """\
lu = require('luaunit')

function test_humaneval()
local candidate = add
    lu.assertEquals(candidate(1, 2), 3)
end

os.exit(lu.LuaUnit.run())"""
EARLY_LINES = '\r' * 50  # each is a line to Lua

COMPAT = {
    "right": (RIGHT, "OK"),
    "wrong": ("    return a - b\nend", "AssertionError"),
    "raises": ("    return a[1]\nend", "Exception"),
    "raises at load": (f"{RIGHT}error('x')", "Exception"),
    "unfinished": ("    return a +", "SyntaxError"),
    "exits in a test": ("    os.exit(0)\nend", "Exception"),
    "exits by luaunit": ("    require('luaunit').oldOsExit(0)\nend", "Tampered"),
    "exits from a coroutine": ("    coroutine.wrap(require('luaunit').oldOsExit)(0)\nend", "Tampered"),
    "exits at load": (f"{RIGHT}os.exit(0)", "Tampered"),
    "exits at load in a file of many lines": (f"{RIGHT}{EARLY_LINES}os.exit(0)", "Tampered"),
    "exits by name of the program": (f"{RIGHT}load(('\\n'):rep(99) .. 'os.exit(0)', '@program.lua')()", "Tampered"),
    "exits at load with a code": (f"{RIGHT}os.exit(3)", "Exception"),
    "returns at load": (f"{RIGHT}do return end", "Tampered"),
    "returns at its end": (f"{RIGHT}return add", "SyntaxError"),
    "reads and prints": ("    print(io.read(), 'Ran 1 tests in 0 seconds, 0 successes, 1 failure')\n" + RIGHT, "OK"),
    "reads the nonce": ("    local _, nonce = debug.getupvalue(os.exit, 1)\n    return nonce and a + b\nend",
                        "Exception"),
    "forges the mark": (f"{RIGHT}io.open('/proc/self/fd/3', 'a'):write('35:z' .. ('0'):rep(32) .. ' 0')\nos.exit(0)",
                        "Tampered"),
}  # fmt: skip


@pytest.fixture(scope="module")
def compat(judge: Judge) -> dict[str, str]:
    problem = Problem(name="HumanEval_0_add", language="lua", prompt=PROMPT, tests=SUITE)
    judged = verdicts(judge, problem, [code for code, _ in COMPAT.values()])
    return {name: str(verdict.status) for name, verdict in zip(COMPAT, judged, strict=True)}


@pytest.mark.parametrize("name", COMPAT)
def test_compat(compat: dict[str, str], name: str) -> None:
    assert compat[name] == COMPAT[name][1]


def test_where_memory_is_refused(lua: BoundLanguage, judge: Judge) -> None:
    """Lua makes an error of it, in a case as at top level."""
    strict, text = problem_of(lua, ADD), Problem(name="HumanEval_0_add", language="lua", prompt=PROMPT, tests=SUITE)
    small = Judge(lua, judge.executor, replace(judge.limits, address_space=128 * MIB))
    for problem, code in ((strict, "    return ('x'):rep(1 << 30)\nend"), (text, f"{RIGHT}x = ('x'):rep(1 << 30)")):
        assert [verdict.status for verdict in verdicts(small, problem, [code, RIGHT])] == ["OutOfMemory", "OK"]


def test_suites_that_end_otherwise(lua: BoundLanguage, judge: Judge) -> None:
    """Our own suite as text, assertions alone, and an exit through another function of the suite."""
    endings = [problem_of(lua, ADD).tests, "assert(add(1, 2) == 3)", "assert(add(1, 2) == 3)\nos.exit(true, true)"]
    for tests in endings:
        problem = Problem(name="HumanEval_0_add", language="lua", prompt=PROMPT, tests=tests)
        right, early, wrong = verdicts(judge, problem, [RIGHT, f"{RIGHT}os.exit(0)", "    return 0\nend"])
        assert (right.status, early.status) == ("OK", "Tampered")
        assert wrong.status in ("AssertionError", "Exception")

"""Values cross into Lua and back unchanged, or are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from lua_helpers import is_ok

from multiplt.errors import Refused
from multiplt.execute.verdicts import Judge
from multiplt.plugins import BoundLanguage
from multiplt.problems import Status
from multiplt.testing.judging import function_of, problem_of, value, verdicts
from multiplt_lang_lua import plugin

WRITTEN = [
    ("-5", "int", "-5"), (str(2**63 - 1), "int", "9223372036854775807"),
    (str(-(2**63)), "int", "-9223372036854775807 - 1"),
    ("1e15", "float", "1000000000000000.0"), ("2e53", "float", "2e+53"),
    ("1e16", "float", "1e+16"), ("-0.0", "float", "-0.0"), ("3", "float", "3.0"), ("float('inf')", "float", "1/0"),
    ("float('-inf')", "float", "-1/0"), ("float('nan')", "float", "0/0"),
    (repr("it's"), "str", '''"it's"'''), (repr("\"it's\""), "str", r"""'"it\'s"'"""),
    (repr("é \\ \n\r\t\0" + "1\x7f\x85\u2028😀\U000e0001"), "str",
     r"'é \\ \n\r\t\0001\127\u{85}\u{2028}😀\u{E0001}'"),
    ("[]", "List[int]", "{}"), ("(1, 'a')", "Tuple[int, str]", "{1, 'a'}"), ("{'a b': 1}", "Dict[str, int]",
     "{['a b'] = 1}"), ("{1: [2]}", "Dict[int, List[int]]", "{[1] = {2}}"), ("{3}", "Set[int]", "{[3] = true}"),
    ("{(1, 2): True}", "Dict[Tuple[int, int], bool]", "{[{1, 2}] = true}"), ("None", "Optional[int]", "nil"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "type", "written"), WRITTEN)
def test_values_are_written_readably(text: str, type: str, written: str) -> None:
    assert plugin.render(value(text, type)) == written


REFUSED = [
    ("[1, None]", "List[Optional[int]]", "cannot hold nil"), ("(None,)", "Tuple[None]", "cannot hold nil"),
    ("{None: 1}", "Dict[Optional[int], int]", "cannot hold nil"), ("{1: None}", "Dict[int, Any]", "cannot hold nil"),
    ("{None}", "Set[None]", "cannot hold nil"), ("{float('nan'): 1}", "Dict[float, int]", "NaN is no key"),
    ("{float('nan')}", "Set[float]", "NaN is no key"), (str(2**63), "int", "64 bits"),
    (str(-(2**63) - 1), "int", "64 bits"), ("[1]", "Union[List[int], Tuple[int]]", "a list and a tuple"),
    ("{}", "Union[List[int], Dict[str, int]]", "a list and a dictionary"),
    ("(1,)", "Union[Tuple[int], Dict[str, int]]", "a tuple and a dictionary"),
    ("{1}", "Union[Set[int], Dict[int, bool]]", "a set and a dictionary"),
    ("[True]", "Union[List[bool], Set[int]]", "a list and a set"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "type", "reason"), REFUSED)
def test_what_lua_cannot_hold_or_tell_apart_is_refused(text: str, type: str, reason: str) -> None:
    """To MultiPL-E {nil, nil} is {}."""
    with pytest.raises(Refused, match=reason):
        plugin.render(value(text, type))


@pytest.mark.parametrize("arguments", ["(None,)", "(None, 1)", "(1, None)", "(1, None, 3)", "(None, None, None)"])
def test_none_is_an_argument_anywhere(lua: BoundLanguage, judge: Judge, tmp_path: Path, arguments: str) -> None:
    """MultiPL-E writes None as the undefined global `None`."""
    count = arguments.count(",") + (arguments[-2] != ",")
    cases = [(arguments, arguments.replace("None", "'nil'").replace("1", "'1'").replace("3", "'3'"))]
    problem = problem_of(lua, function_of(["Optional[int]"] * count, f"Tuple[{', '.join(['str'] * count)}]", cases))
    code = f"    return {{{', '.join(f'tostring(x{place})' for place in range(count))}}}\nend\n"
    [verdict] = verdicts(judge, problem, [code])
    assert verdict.status is Status.OK, verdict.failure
    assert is_ok(tmp_path, problem, code)


WITHOUT_END = {
    "cycle": "local t = {} t[1] = t return t", "wide cycle": "local t = {} t[1], t[2] = t, t return t",
    "key": "local t = {} t[t] = t return t", "long": "return ('x'):rep(3000000)",
    "deep": "local t = {} for _ = 1, 100000 do t = {t} end return t",
    "wide": "local t = {} for i = 1, 1000000 do t[i] = i end return t",
    "lazy": "return setmetatable({}, {__index = function(t, i) return i end, __len = function() return 1e9 end})",
}  # fmt: skip


@pytest.mark.parametrize("name", WITHOUT_END)
def test_values_without_end_are_wrong_answers(lua: BoundLanguage, judge: Judge, name: str) -> None:
    problem = problem_of(lua, function_of(["int"], "List[int]", [("(1,)", "[1]"), ("(2,)", "[2]")]))
    [verdict] = verdicts(judge, problem, [f"    if x0 == 1 then return {{1}} end\n    {WITHOUT_END[name]}\nend\n"])
    assert (verdict.status, verdict.passed) == (Status.WRONG, 1)
    assert verdict.failure is not None
    assert len(verdict.failure.actual) <= 1000

"""Values cross into OCaml and back unchanged, or are refused; MultiPL-E's known faults by name."""

from __future__ import annotations

import pytest
from ocaml_helpers import case, function_of, returning, statuses

from multiplt.errors import Refused
from multiplt.execute.verdicts import Judge
from multiplt.problems import Status
from multiplt.testing.judging import read_function, value
from multiplt_lang_ocaml import plugin


@pytest.mark.parametrize(
    ("text", "type", "rendered"),
    [
        ("-5", "int", "(-5)"),  # was (~5), a syntax error
        ("-2.2", "float", "(-2.2)"),  # was unparenthesised: `candidate -2.2` subtracts
        ("1e-06", "float", "1e-06"),  # was 1e-06.0
        ("float('-inf')", "float", "neg_infinity"),
        ("[]", "List[float]", "[]"),  # was [.0]
        ("[[1], [2]]", "List[List[float]]", "[[1.0]; [2.0]]"),  # was coerced at top level only
        ("{'a': [1]}", "Dict[str, List[float]]", '[("a", [1.0])]'),
        ("None", "Optional[int]", "None"),  # was Some(None)
        ("[None]", "Optional[List[Optional[int]]]", "Some [None]"),
        ("-9", "Optional[int]", "Some (-9)"),
        ("'\"c\"'", "str", '"\\"c\\""'),  # was unescaped
        (r"'\0\x1f\x7f'", "str", r'"\000\031\127"'),
        ("'é'", "str", '"é"'),
        (r"'\xa0'", "str", r'"\194\160"'),
        ("{'b': 1, 'a': 2}", "Dict[str, int]", '[("b", 1); ("a", 2)]'),
        ("(1,)", "Tuple[int, ...]", "[1]"),
        ("None", "None", "()"),
    ],
)
def test_rendering(text: str, type: str, rendered: str) -> None:
    assert plugin.render(value(text, type)) == rendered


@pytest.mark.parametrize(
    ("text", "type", "reason"),
    [
        (str(2**62), "int", "63 bits"),  # was an int literal that does not compile
        (f"[{-(2**62) - 1}]", "List[int]", "63 bits"),
        ("1", "Union[int, str]", "one and the same type"),
        ("[1]", "List[Any]", "one and the same type"),
        ("1", "Any", "one and the same type"),
    ],
)
def test_refusals(text: str, type: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        plugin.render(value(text, type))


def test_a_test_with_an_int_of_64_bits_is_refused_alone() -> None:
    function = read_function(
        "def f(x: int) -> int:\n    return x", "f", "assert f(1) == 1", f"assert f({2**64}) == {2**64}"
    )
    suite = plugin.translate_tests(function)
    assert [case.test for case in suite.cases] == ["assert f(1) == 1"]
    assert "63 bits" in suite.refused[0].reason


@pytest.mark.parametrize(
    ("source", "tests", "body"),
    [  # problems that no completion could pass, by what made them so
        ("def f(x: int) -> int: ...", ["assert f(-5) == -4"], "x + 1"),
        ("def f(x: float) -> float: ...", ["assert f(-2.5) == -1.5"], "x +. 1."),
        ("def f(x: List[Tuple[int, int]]) -> Tuple[int, int]: ...", ["assert f([(1, 2)]) == (1, 2)"], "List.hd x"),
        ("def f(x: str) -> Dict[str, int]: ...", ["assert f('ab') == {'a': 1, 'b': 1}"], '["b", 1; "a", 1]'),
        (
            "def f(x: List[int]) -> Optional[int]: ...",
            ["assert f([]) is None", "assert f([-3]) == -3"],
            "match x with [] -> None | y :: _ -> Some y",
        ),
        ("def f(x: List[float]) -> int: ...", ["assert f([]) == 0", "assert f([1e-06]) == 1"], "List.length x"),
        ("def F(N: int, Type: str) -> str: ...", ["assert F(1, 'a') == 'a'"], "ignore n; type_"),
        ("def f(x: str) -> str: ...", ["""assert f('"c"') == '"c"'"""], "x"),
        ('def f(x: int) -> int:\n    """a lone " mark"""', ["assert f(1) == 1"], "x"),
    ],
)
def test_what_could_not_be_passed_can_be(judge: Judge, source: str, tests: list[str], body: str) -> None:
    name = source.split("(")[0].removeprefix("def ")
    assert statuses(judge, read_function(source, name, *tests), f" {body}") == [Status.OK]


def test_floats_are_close_and_nan_is_nan(judge: Judge) -> None:
    third = returning("List[float]", "[0.3333333333, float('nan'), 1e-10]")
    assert statuses(judge, third, " [1. /. 3.; nan; 0.]", " [0.33333; nan; 0.]", " [1. /. 3.; 0.; 0.]") == [
        Status.OK, Status.WRONG, Status.WRONG,
    ]  # fmt: skip


def test_strings_that_are_not_utf_8_are_wrong(judge: Judge) -> None:
    codes = [r' "\195\169"', r' "\169\195"', r' "\237\160\128"', r' "\195"', r' "\244\144\128\128"', r' "\192\128"']
    assert statuses(judge, returning("str", "'é'"), *codes) == [Status.OK] + [Status.WRONG] * 5


def test_dictionaries_and_sets_are_compared_without_order_but_with_repetition(judge: Judge) -> None:
    dictionary = returning("Dict[str, float]", "{'a': 1, 'b': 2}")
    assert (
        statuses(
            judge,
            dictionary,
            ' ["b", 2.; "a", 1.]',
            ' ["a", 1.]',
            ' ["a", 1.; "a", 1.; "b", 2.]',
            ' ["a", 2.; "b", 1.]',
        )
        == [Status.OK] + [Status.WRONG] * 3
    )
    assert statuses(judge, returning("Set[int]", "{1, 2}"), " [2; 1]", " [2; 1; 1]", " [2; 2]") == [
        Status.OK, Status.WRONG, Status.WRONG,
    ]  # fmt: skip


def test_many_arguments_are_given_in_order(judge: Judge) -> None:
    arguments = [
        value("-1", "int"),
        value("None", "Optional[int]"),
        value("-3", "Optional[int]"),
        value("()", "Tuple[()]"),
    ]
    function = function_of([str(a.type) for a in arguments], "int", [case(arguments, value("-4", "int"))])
    code = " ignore x3; match x1, x2 with None, Some y -> x0 + y | _ -> 0"
    assert statuses(judge, function, code) == [Status.OK]

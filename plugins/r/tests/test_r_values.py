"""Values cross into R and back unchanged, or are refused; MultiPL-E's known faults by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from r_helpers import run_bare

from multiplt.errors import Refused
from multiplt.execute.verdicts import Judge
from multiplt.plugins import BoundLanguage
from multiplt.problems import Status
from multiplt.testing.judging import function_of, problem_of, value, verdicts
from multiplt_lang_r import plugin

# Text of a Python value, its type, and how it is written.
VALUES = [
    ("5", "int", "5"), ("-5", "int", "-5"), ("2147483648", "int", "2147483648"),
    (str(2**53 - 1), "int", "9007199254740991"), (str(1 - 2**53), "int", "-9007199254740991"),
    ("3", "float", "3.0"), ("-0.0", "float", "-0.0"), ("1e-06", "float", "1e-06"), ("1e+16", "float", "1e+16"),
    ("5e-324", "float", "5e-324"), ("1.7976931348623157e308", "float", "1.7976931348623157e+308"),
    ("float('inf')", "float", "Inf"), ("float('-inf')", "float", "-Inf"), ("float('nan')", "float", "NaN"),
    ("True", "bool", "TRUE"), ("None", "None", "NULL"), ("None", "Optional[int]", "NULL"), ("0", "Optional[int]", "0"),
    ("''", "str", "''"), (repr("it's"), "str", '"it\'s"'), (repr("\"it's\""), "str", "'\"it\\'s\"'"),
    (repr("\\n\n\t\r\x01\x7f"), "str", "'\\\\n\\n\\t\\r\\U00000001\\U0000007f'"),
    (repr("é漢😀\u2028\ufeff\ufffe\U0010ffff"), "str",
     "'\\U000000e9\\U00006f22\\U0001f600\\U00002028\\U0000feff\\U0000fffe\\U0010ffff'"),
    ("[1, 2]", "List[int]", "c(1, 2)"), ("[1, 2.5]", "List[float]", "c(1.0, 2.5)"), ("['a']", "List[str]", "c('a')"),
    ("[1e-06, 2.0]", "List[float]", "c(1e-06, 2.0)"), ("[True, False]", "List[bool]", "c(TRUE, FALSE)"),
    ("[float('nan'), float('-inf')]", "List[float]", "c(NaN, -Inf)"),
    ("[]", "List[int]", "c()"), ("[]", "List[str]", "c()"), ("[[], [1], [2, 3]]", "List[List[int]]",
     "list(c(), c(1), c(2, 3))"), ("[1, None]", "List[Optional[int]]", "list(1, NULL)"),
    ("[1, 'a', 2.5, True]", "List[Any]", "list(1, 'a', 2.5, TRUE)"), ("[True, 1]", "List[Union[bool, int]]",
     "list(TRUE, 1)"), ("()", "Tuple[()]", "c()"), ("(1, 2.5)", "Tuple[int, float]", "c(1, 2.5)"),
    ("(1, 'a')", "Tuple[int, str]", "list(1, 'a')"), ("[(1, 2)]", "List[Tuple[int, int]]", "list(c(1, 2))"),
    ("{1, 2}", "Set[int]", "c(1, 2)"), ("{(1, 'a')}", "Set[Tuple[int, str]]", "list(list(1, 'a'))"),
    ("{}", "Dict[str, int]", "list()"), ("{'a': 1, 'b c': 2}", "Dict[str, int]", "list('a' = 1, 'b c' = 2)"),
    ("{'': 1, 'é': 2}", "Dict[str, int]", "structure(list(1, 2), names = c('', '\\U000000e9'))"),
    ("{'a': None}", "Dict[str, Optional[int]]", "list('a' = NULL)"),
    ("{1: 'a', -2: 'b'}", "Dict[int, str]", "list('1' = 'a', '-2' = 'b')"),
    ("{0.5: 1, 2.0: 2, 1e-07: 3}", "Dict[float, int]", "list('0.5' = 1, '2' = 2, '1e-07' = 3)"),
    ("{True: [1], False: []}", "Dict[bool, List[int]]", "list('TRUE' = c(1), 'FALSE' = c())"),
    ("[{'a': [{}]}]", "List[Dict[str, List[Dict[str, int]]]]", "list(list('a' = list(list())))"),
]  # fmt: skip

@pytest.mark.parametrize(("text", "type", "written"), VALUES)
def test_values_are_written(text: str, type: str, written: str) -> None:
    assert plugin.render(value(text, type)) == written


@pytest.mark.parametrize(
    ("text", "type", "reason"),
    [
        (str(2**53), "int", "beyond the integers"),
        ("'a\\0b'", "str", "NUL"),
        ("{(1, 2): 3}", "Dict[Tuple[int, int], int]", "a name in R is text"),
        ("{None: 3}", "Dict[Optional[int], int]", "a name in R is text"),
        ("{1: 2, '1': 3}", "Dict[Union[int, str], int]", "the same name"),
        ("None", "Optional[List[int]]", "None and an empty list are one value"),
        ("[]", "Optional[List[int]]", "None and an empty list are one value"),
        ("[1]", "Union[int, List[int]]", "a value and a list of it are one value"),
        ("(1, 2)", "Union[List[int], Tuple[int, int]]", "a list and a tuple are one value"),
        ("[" * 31 + "]" * 31, "Any", "nested more than 30 deep"),
    ],
)
def test_refusals(text: str, type: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        plugin.render(value(text, type))


def test_the_deepest_value_can_be_read(r: BoundLanguage, judge: Judge, tmp_path: Path) -> None:
    text, type = "[" * 30 + "]" * 30, "List[" * 30 + "int" + "]" * 30
    problem = problem_of(r, function_of([type], type, [(f"({text},)", text)]))
    [verdict] = verdicts(judge, problem, ["\n    x0\n}"])
    assert verdict.status is Status.OK, verdict
    assert run_bare(tmp_path, f"{problem.prompt}\n    x0\n}}\n{problem.tests}").returncode == 0


def statuses(r: BoundLanguage, judge: Judge, types: tuple[str, str], case: tuple[str, str], *codes: str) -> list[str]:
    problem = problem_of(r, function_of([types[0]], types[1], [case]))
    return [str(verdict.status) for verdict in verdicts(judge, problem, [f"\n    {code}\n}}" for code in codes])]


def test_mbpp_88_dictionaries_with_ints_for_keys(r: BoundLanguage, judge: Judge) -> None:
    """MultiPL-E writes `list(1 = …)`, which does not parse (mbpp 88, 97, 237, 740, 798)."""
    case = ("([[10, 20], [10]],)", "{10: 2, 20: 1}")
    codes = ["table(unlist(x0))", "as.list(table(unlist(x0)))", "c('20' = 1, '10' = 2)", "list('10' = 2)"]
    types = ("List[List[int]]", "Dict[int, int]")
    assert statuses(r, judge, types, case, *codes) == ["OK", "OK", "OK", "AssertionError"]


def test_humaneval_28_of_161_empty_lists(r: BoundLanguage, judge: Judge) -> None:
    """MultiPL-E takes nothing but NULL for an empty list."""
    codes = ["list()", "character(0)", "Filter(nchar, x0)", "c()", "''", "NA"]
    expected = ["OK"] * 4 + ["AssertionError"] * 2
    assert statuses(r, judge, ("List[str]", "List[str]"), ("([''],)", "[]"), *codes) == expected


def test_humaneval_27_names_do_not_matter(r: BoundLanguage, judge: Judge) -> None:
    """To MultiPL-E `sapply(strings, nchar)` is wrong, as is `list(1, 2)`, and a dictionary in another order."""
    codes = ["sapply(x0, nchar)", "lapply(x0, nchar)", "list(1L, 2)", "vapply(x0, nchar, 1L)", "c(a = 2, b = 1)"]
    expected = ["OK"] * 4 + ["AssertionError"]
    assert statuses(r, judge, ("List[str]", "List[int]"), ("(['a', 'bb'],)", "[1, 2]"), *codes) == expected
    case = ("(['a', 'bb'],)", "{'a': 1, 'bb': 2}")
    codes = ["list(bb = 2, a = 1)", "sapply(x0, nchar)", "list(a = 2, bb = 1)"]
    assert statuses(r, judge, ("List[str]", "Dict[str, int]"), case, *codes) == ["OK", "OK", "AssertionError"]


def test_humaneval_12_none_is_apart_from_other_values(r: BoundLanguage, judge: Judge) -> None:
    codes = ["NULL", "NA", "NA_character_", "''", "character(0)", "'NULL'", "FALSE"]
    expected = ["OK"] * 3 + ["AssertionError"] * 4
    assert statuses(r, judge, ("List[str]", "Optional[str]"), ("([],)", "None"), *codes) == expected


# Values without end, or without a counterpart in Python: wrong answers, told by what they are.
OTHERS = {
    "local({ e <- new.env(); e$self <- e; e })": "<environment>",
    "strrep('a', 3e6)": "too long",
    "{ v <- 1; for (i in 1:1000) v <- list(v); v }": "",
    "{ v <- list(1); for (i in 1:40) v <- list(v, v); v }": "too long",
    "seq_len(1e9)": "too long",
    "matrix(1:4, 2)": "dim = c(2L, 2L)",
    "as.Date('2020-01-01')": '"Date"',
    "1i": "0+1i",
    "mean": "function (x, ...)",
    "quote(a + b)": "a + b",
    "setClass('P', representation(x = 'numeric'))(x = 1)": "x = 1",
    "structure(1, class = 'int')": '"int"',
    "rawToChar(as.raw(c(0x61, 0xff)))": "a\\xff",
    "{ v <- 'ab'; Encoding(v) <- 'bytes'; v }": "ab",
}


def test_other_values_are_wrong_answers(r: BoundLanguage, judge: Judge) -> None:
    function = function_of(["int"], "int", [("(1,)", "1")])
    codes = [f"\n    {code}\n}}" for code in OTHERS]
    for shown, verdict in zip(OTHERS.values(), verdicts(judge, problem_of(r, function), codes), strict=True):
        assert verdict.status is Status.WRONG, verdict
        assert verdict.failure is not None
        assert shown in verdict.failure.actual
        assert len(verdict.failure.actual) <= 1000

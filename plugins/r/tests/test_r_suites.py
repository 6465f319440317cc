"""The suite as text: what it says is what the core says, under `Rscript` alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from r_helpers import passed_tests, run_bare

from multiplt.execute.verdicts import Judge
from multiplt.functions import Case
from multiplt.plugins import BoundLanguage
from multiplt.problems import Problem
from multiplt.testing.judging import function_of, problem_of, read_function, verdicts
from multiplt.types import BOOL, INT
from multiplt.values import Value

SUITE = """
base::local({
    same <- function(actual, expected, type) type(actual, expected)
    # The items of a vector, a list or a table of one dimension, without names; nothing else has any.
    items <- function(value) {
        plain <- (!is.object(value) || is.table(value)) && length(dim(value)) < 2
        if (plain && (is.null(value) || is.atomic(value) || is.list(value))) unname(as.list(c(value)))
    }
    single <- function(value) {
        while (is.list(value) && length(items(value)) == 1) value <- items(value)[[1]]
        if (!is.list(value) && length(items(value)) == 1) items(value)[[1]]
    }
    int <- function(actual, expected) {
        actual <- single(actual)
        is.numeric(actual) && is.numeric(expected) && length(expected) == 1 && !is.na(actual) && actual == expected
    }
    candidate <- globalenv()[["add"]]
    stopifnot(same(candidate(1, 2), 3, int))
    stopifnot(same(candidate(0, -1), -1, int))
    stopifnot(same(candidate(0, 0), 0, int))
}, base::new.env(parent = base::baseenv()))
"""

ADD = ("def add(a: int, b: int) -> int:\n    return a + b", "add")
ADD_TESTS = ("assert add(1, 2) == 3", "assert add(0, -1) == -1", "assert add(0, 0) == 0")


def is_ok(folder: Path, problem: Problem, code: str) -> bool:
    """MultiPL-E's rule."""
    return run_bare(folder, f"{problem.prompt}{code}\n{problem.tests}").returncode == 0


def test_suite_to_the_letter(r: BoundLanguage, tmp_path: Path) -> None:
    problem = problem_of(r, read_function(*ADD, *ADD_TESTS))
    assert problem.tests == SUITE
    assert is_ok(tmp_path, problem, "\n    a + b\n}")
    assert not is_ok(tmp_path, problem, "\n    a - b\n}")
    assert not is_ok(tmp_path, problem, "\n    stop('no')\n}")


def test_the_candidates_names_and_the_suites_leave_each_other_alone(r: BoundLanguage, tmp_path: Path) -> None:
    source = "def int(single: float) -> float:\n    return single"
    problem = problem_of(r, read_function(source, "int", "assert int(1.5) == 1.5"))
    taken = ["same", "single", "items", "float", "within", "candidate", "c", "list", "stopifnot", "is.numeric", "local"]
    helpers = "\n".join(f"{name} <- function(...) TRUE" for name in taken)
    uses = "stopifnot <- function(...) TRUE; T <- FALSE; F <- TRUE\nsame <- function() 0\n"
    assert is_ok(tmp_path, problem, f"\n    single + same()\n}}\n{helpers}\n{uses}")
    assert not is_ok(tmp_path, problem, f"\n    single + 1\n}}\n{helpers}\n{uses}")


# A type, an expected value, and answers with whether they equal it.
COMPARED: dict[str, list[tuple[str, dict[str, bool]]]] = {
    "int": [
        ("3", {"3": True, "3L": True, "c(x = 3)": True, "list(3)": True, "list(list(3))": True, "3.1": False,
               "'3'": False, "c(3, 3)": False, "3 + 0i": False, "as.raw(3)": False, "factor(3)": False, "NA": False,
               "NULL": False, "array(3)": True, "matrix(3)": False, "3 + 1e-10": False, "as.Date(3, '1970-1-1')": False,
               "list(NULL)": False, "quote(x)": False, "sum": False, "data.frame(a = 3)": False}),
        ("1", {"TRUE": False}),
        ("9007199254740991", {"2^53 - 1": True, "2^53": False, "2^53 - 2": False}),
    ],
    "bool": [("True", {"TRUE": True, "1": False, "'TRUE'": False, "c(a = TRUE)": True, "NA": False, "c(T, T)": False}),
             ("False", {"FALSE": True, "NULL": False, "logical(0)": False, "0L": False})],
    "str": [("'a'", {"'a'": True, "list('a')": True, "as.factor('a')": False, "quote(a)": False, "NA_character_": False,
                     "c('a', 'b')": False, "c(k = 'a')": True, "noquote('a')": False}),
            ("''", {"''": True, "character(0)": False, "NULL": False}),
            ("'é漢😀'", {"'\\u00e9\\u6f22\\U0001f600'": True, "rawToChar(as.raw(c(0xc3, 0xa9)))": False,
                        "iconv('\\u00e9\\u6f22', 'UTF-8', 'UTF-8')": False}),
            ("'é'", {"iconv('\\u00e9', 'UTF-8', 'latin1')": True, "'e'": False}),
            ("'NA'", {"'NA'": True, "NA_character_": False})],
    "float": [
        ("2.0", {"2": True, "2L": True, "2.000001": True, "2.00001": False, "NaN": False, "TRUE": False, "Inf": False,
                 "list(x = 2)": True}),
        ("0.0", {"1e-10": True, "1e-8": False, "-0.0": True, "0L": True}),
        ("float('inf')", {"Inf": True, "-Inf": False, "1e308": False}),
        ("float('nan')", {"NaN": True, "0": False, "NA": False, "NA_real_": False, "list(NaN)": True}),
    ],
    "List[int]": [
        ("[1, 2]", {"c(1, 2)": True, "list(1, 2)": True, "1:2": True, "c(b = 1, a = 2)": True, "c(2, 1)": False,
                    "list(list(1), c(2L))": True, "c(1, 2, 3)": False, "c(1, 2.5)": False, "list(c(1, 2))": False,
                    "matrix(1:2, 1)": False, "array(1:2)": True, "factor(1:2)": False, "c('1', '2')": False,
                    "table(c('a', 'b', 'b'))": True, "data.frame(1, 2)": False}),
        ("[3]", {"3": True, "c(3)": True, "list(3)": True, "4": False, "c(3, 3)": False, "NULL": False}),
        ("[]", {"c()": True, "list()": True, "numeric(0)": True, "character(0)": True, "0": False, "''": False,
                "NA": False, "list(NULL)": False, "factor(c())": False, "setNames(list(), character(0))": True}),
    ],
    "List[Optional[float]]": [
        ("[1.5, None]", {"list(1.5, NULL)": True, "c(1.5, NA)": True, "list(1.5, NA)": True, "c(1.5, NaN)": False,
                         "c(1.5)": False, "list(1.5, list())": False, "list(1.5, numeric(0))": False}),
        ("[float('nan'), 1.0]", {"c(NaN, 1)": True, "c(NA, 1)": False, "list(NaN, 1L)": True}),
    ],
    "List[List[int]]": [("[[1], [2, 3]]", {"list(1, 2:3)": True, "list(list(1), list(2, 3))": True, "1:3": False}),
                        ("[[], [1]]", {"list(c(), 1)": True, "list(list(), list(1))": True, "list(1)": False}),
                        ("[[1], [2]]", {"c(1, 2)": True, "list(1, 2)": True, "list(c(1, 2))": False}),
                        ("[[1, 2], [3, 4]]", {"matrix(1:4, 2, byrow = TRUE)": False, "list(1:2, 3:4)": True})],
    "Dict[str, int]": [
        ("{'a': 1, 'b': 2}", {"list(a = 1, b = 2)": True, "list(b = 2, a = 1)": True, "c(b = 2, a = 1)": True,
                              "list(a = 1)": False, "list(a = 1, b = 3)": False, "list(a = 1, b = 2, c = 3)": False,
                              "list(1, 2)": False, "list(a = 1, a = 2)": False, "list(a = 1, 2)": False,
                              "table(c('b', 'a', 'b'))": True, "data.frame(a = 1, b = 2)": False,
                              "as.environment(list(a = 1, b = 2))": False, "tapply(c(1, 2), c('a', 'b'), sum)": True}),
        ("{}", {"list()": True, "c()": True, "setNames(list(), character(0))": True, "list(a = 1)": False, "1": False}),
        ("{'': 1}", {"setNames(1, '')": True, "list(1)": False, "setNames(list(2), '')": False}),
        ("{'a b': 1, 'TRUE': 2, '1': 3}", {"list('a b' = 1, 'TRUE' = 2, '1' = 3)": True,
                                         "list('a.b' = 1, 'TRUE' = 2, '1' = 3)": False}),
    ],
    "Dict[int, List[float]]": [("{1: [0.5], 100000: []}", {"list('1' = 0.5, '100000' = c())": True,
                                                          "setNames(list(0.5, c()), c(1, 1e5))": True,
                                                          "list('1' = 0.5, '100001' = c())": False,
                                                          "list('a' = 0.5, '100000' = c())": False})],
    "Dict[float, bool]": [("{0.5: True, 2.0: False}", {"list('0.5' = TRUE, '2' = FALSE)": True,
                                                      "c('2.0' = FALSE, '0.50' = TRUE)": True,
                                                      "c('2.1' = FALSE, '0.5' = TRUE)": False})],
    "Dict[bool, str]": [("{True: 'x', False: 'y'}", {"list('TRUE' = 'x', 'FALSE' = 'y')": True,
                                                    "split(c('y', 'x'), c(FALSE, TRUE))": True,
                                                    "list('1' = 'x', '0' = 'y')": False})],
    "Set[int]": [("{1, 2}", {"c(2, 1)": True, "list(1, 2)": True, "c(1, 1, 2)": False, "c(1, 3)": False, "1": False}),
                 ("set()", {"c()": True, "list()": True, "0": False})],
    "Optional[int]": [("None", {"NULL": True, "NA": True, "NA_integer_": True, "0": False, "FALSE": False, "NaN": False,
                                "list()": False, "integer(0)": False, "''": False, "c(NA, NA)": False}),
                      ("0", {"0": True, "NULL": False, "NA": False})],
    "Union[int, float]": [("3", {"3L": True, "3": True, "3.0000001": True, "3.1": False}), ("3.5", {"3.5": True})],
    "Union[int, str]": [("3", {"3": True, "'3'": False}), ("'3'", {"'3'": True, "3": False})],
    "Union[int, Tuple[int, int]]": [("1", {"1": True, "c(1, 1)": False}), ("(1, 2)", {"c(1, 2)": True, "1": False})],
    "Union[List[int], Dict[str, int]]": [("[1, 2]", {"c(1, 2)": True, "list(a = 1, b = 3)": False}),
                                         ("{'a': 1}", {"list(a = 1)": True, "1": False, "list(1)": False})],
    "List[Any]": [("[1, 'a', [2.5, None], True]", {"list(1, 'a', list(2.5, NULL), TRUE)": True,
                                                   "list(1, 'a', c(2.5, NA), TRUE)": True,
                                                   "list(1, 'a', 2.5, TRUE)": False, "c(1, 'a', 2.5, TRUE)": False})],
    "Tuple[int, str, float]": [("(1, 'a', 2.0)", {"list(1, 'a', 2)": True, "list(x = 1, y = 'a', z = 2.0000001)": True,
                                                 "c(1, 'a', 2)": False, "list(1, 'a')": False})],
    "Tuple[()]": [("()", {"list()": True, "NULL": True, "1": False})],
    "None": [("None", {"NULL": True, "invisible()": True, "list()": False, "FALSE": False})],
}  # fmt: skip


@pytest.mark.parametrize("type", COMPARED)
def test_suite_and_core_agree(r: BoundLanguage, judge: Judge, tmp_path: Path, type: str) -> None:
    rows = [(text, code, equal) for text, answers in COMPARED[type] for code, equal in answers.items()]
    problem = problem_of(r, function_of(["int"], type, [(f"({n},)", text) for n, (text, *_) in enumerate(rows)]))
    body = f"\n    switch(x0 + 1, {', '.join(f'({code})' for _, code, _ in rows)})\n}}\n"
    expected = [equal for *_, equal in rows]
    assert passed_tests(tmp_path, problem, body) == expected

    [verdict] = verdicts(judge, problem, [body])
    assert verdict.passed == sum(expected), verdict
    assert (verdict.failure.case if verdict.failure else None) == (expected.index(False) if False in expected else None)


def truth_case(number: int, truth: bool) -> Case:
    return Case((Value(INT, number),), Value(BOOL, truth), "truth")


TRUTHS: dict[str, dict[str, bool]] = {
    "List[int]": {"c()": False, "list()": False, "0": True, "c(0, 0)": True, "FALSE": True, "NULL": False,
                  "list(0)": True, "list(c())": True, "NA": True, "c(a = 0)": True},
    "int": {"0": False, "1": True, "list(0)": False, "c(a = 0)": False, "NA": False, "NaN": True, "0L": False},
    "Optional[str]": {"''": False, "'a'": True, "NULL": False, "list('')": False, "character(0)": False, "'0'": True},
    "Union[bool, Dict[str, int]]": {"TRUE": True, "FALSE": False, "list()": False, "list(a = 0)": True},
}  # fmt: skip


@pytest.mark.parametrize("type", TRUTHS)
def test_truth(r: BoundLanguage, judge: Judge, tmp_path: Path, type: str) -> None:
    """`assert f(x)` and `assert not f(x)` where the result is no bool."""
    cases = tuple(truth_case(number, truth) for number, truth in enumerate(TRUTHS[type].values()))
    problem = problem_of(r, replace(function_of(["int"], type, []), cases=cases))
    body = f"\n    switch(x0 + 1, {', '.join(TRUTHS[type])})\n}}\n"
    assert passed_tests(tmp_path, problem, body) == [True] * len(cases)
    [verdict] = verdicts(judge, problem, [body])
    assert (verdict.passed, verdict.failure) == (len(cases), None)

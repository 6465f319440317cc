"""The suite as text: what it says is what the core says, under `racket` alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from racket_helpers import failed_lines, run_bare

from multiplt.execute.verdicts import Judge
from multiplt.functions import Case
from multiplt.plugins import BoundLanguage
from multiplt.problems import Problem
from multiplt.testing.judging import function_of, problem_of, read_function, verdicts
from multiplt.types import BOOL, INT
from multiplt.values import Value

SUITE = """\
(module suite racket
  (require rackunit)
  (provide run-suite)

  (define (run-suite candidate)
    (check-equal? (candidate 1 2) 3)
    (check-equal? (candidate 0 -1) -1)
    (check-equal? (candidate 0 0) 0)))

(require 'suite)
(run-suite add)
"""

ADD = ("def add(a: int, b: int) -> int:\n    return a + b", "add")
ADD_TESTS = ("assert add(1, 2) == 3", "assert add(0, -1) == -1", "assert add(0, 0) == 0")


def is_ok(folder: Path, problem: Problem, code: str) -> bool:
    """MultiPL-E's rule."""
    result = run_bare(folder, f"{problem.prompt}{code}\n{problem.tests}")
    return result.returncode == 0 and not result.stderr


def test_suite_to_the_letter(racket: BoundLanguage) -> None:
    assert problem_of(racket, read_function(*ADD, *ADD_TESTS)).tests == SUITE


def test_the_candidates_names_and_the_suites_leave_each_other_alone(racket: BoundLanguage, tmp_path: Path) -> None:
    """Definitions that would be errors beside `(require rackunit)`, or would change what its tests say."""
    source = "def check(fail: float) -> float:\n    return fail"
    problem = problem_of(racket, read_function(source, "check", "assert check(1.5) == 1.5"))
    taken = ["check-equal?", "check-within", "same?", "within", "test-humaneval", "list", "hash", "equal?", "candidate"]
    helpers = "\n".join(f"(define ({name} . anything) #t)" for name in taken)
    assert is_ok(tmp_path, problem, f"  fail)\n{helpers}\n")
    assert not is_ok(tmp_path, problem, f"  (+ fail 1))\n{helpers}\n")


# A type, an expected value, and answers with whether they equal it.
COMPARED: dict[str, list[tuple[str, dict[str, bool]]]] = {
    "int": [("3", {"3": True, "3.0": False, "6/2": True, "#t": False, '"3"': False})],
    "bool": [("True", {"#t": True, "1": False, "(member 1 '(1))": False}), ("False", {"#f": True, "0": False})],
    "str": [("'a'", {'"a"': True, '(string #\\a)': True, "#\\a": False, "'a": False, '"A"': False})],
    "float": [
        ("2.0", {"2.0": True, "2": True, "4/2": True, "2.000001": True, "2.00001": False, "+nan.0": False, "#t": False,
                 "(expt 10 400)": False}),
        ("0.0", {"1e-10": True, "1e-8": False, "-0.0": True, "0": True}),
        ("float('inf')", {"+inf.0": True, "-inf.0": False, "1e308": False, "(expt 10 400)": False}),
        ("float('nan')", {"+nan.0": True, "0.0": False}),
    ],
    "List[int]": [
        ("[1, 2]", {"(list 1 2)": True, "(list 2 1)": False, "(list 1)": False, "(list 1 2 3)": False,
                    "(vector 1 2)": False, "(list 1 2.0)": False, "(set 1 2)": False}),
        ("[]", {"null": True, "#f": False, '""': False}),
    ],
    "List[float]": [("[1.0, 0.5]", {"(list 1 1/2)": True, "(list 1.0000001 0.5)": True, "(list 0.5 1.0)": False})],
    "Dict[str, int]": [
        ("{'a': 1, 'b': 2}", {'(hash "b" 2 "a" 1)': True, '(make-hash (list (cons "a" 1) (cons "b" 2)))': True,
                              '(hash "a" 1)': False, '(hash "a" 1 "b" 3)': False, '(hash "a" 1 "b" 2 "c" 3)': False,
                              "(hash 'a 1 'b 2)": False, '(list (list "a" 1) (list "b" 2))': False}),
        ("{}", {"(hash)": True, "(make-hash)": True, "null": False}),
    ],
    "Dict[int, List[float]]": [("{1: [0.1]}", {"(hash 1 (list 0.1))": True, "(hash 1 (list (+ 0.1 1e-8)))": True,
                                               "(hash 1 (list 0.2))": False, "(hash 1 '(list 0.1))": False})],
    "Set[float]": [("{1.0, 2.0}", {"(set 2 1)": True, "(mutable-set 1.0 2.0)": True, "(set 1.0)": False,
                                   "(set 1.0 1.00000001)": False, "(list 1.0 2.0)": False})],
    "Set[int]": [("{1, 2}", {"(set 2 1)": True, "(mutable-seteqv 1 2)": True, "(set 1 2 3)": False,
                             "(set 1.0 2)": False})],
    "Optional[int]": [("None", {"#f": True, "0": False, "(void)": False, "null": False}),
                      ("0", {"0": True, "#f": False})],
    "Union[int, float]": [("3", {"3": True, "3.0": True, "3.1": False}), ("3.5", {"7/2": True, "3": False})],
    "Union[int, str]": [("3", {"3": True, "3.0": False, '"3"': False})],
    "List[Union[int, float, str]]": [("[3, 'a']", {'(list 3 "a")': True, '(list 3.0 "a")': True,
                                                   '(list 4 "a")': False})],
    "Tuple[int, float]": [("(1, 2.0)", {"(list 1 2)": True, "(list 1.0 2)": False, "(cons 1 2)": False})],
    "Dict[Tuple[int, int], Set[str]]": [("{(0, 1): {'x'}}", {'(hash (list 0 1) (set "x"))': True,
                                                            '(hash (list 1 0) (set "x"))': False})],
}  # fmt: skip


@pytest.mark.parametrize("type", COMPARED)
def test_suite_and_core_agree(racket: BoundLanguage, judge: Judge, tmp_path: Path, type: str) -> None:
    rows = [(text, code, equal) for text, answers in COMPARED[type] for code, equal in answers.items()]
    function = function_of(["int"], type, [(f"({number},)", text) for number, (text, *_) in enumerate(rows)])
    problem = problem_of(racket, function)
    body = f"  (case x0 {' '.join(f'[({number}) {code}]' for number, (_, code, _) in enumerate(rows))}))"
    should_fail = [number for number, (*_, equal) in enumerate(rows) if not equal]

    text = f"{problem.prompt}{body}\n{problem.tests}"
    first = text[: text.index("(candidate 0)")].count("\n") + 1
    assert [line - first for line in failed_lines(run_bare(tmp_path, text))] == should_fail

    [verdict] = verdicts(judge, problem, [body])
    assert verdict.passed == len(rows) - len(should_fail)
    assert (verdict.failure.case if verdict.failure else None) == (should_fail[0] if should_fail else None)


def truth_case(number: int, truth: bool) -> Case:
    return Case((Value(INT, number),), Value(BOOL, truth), "truth")


def contradicted(case: Case) -> Case:
    return replace(case, expected=Value(BOOL, not case.expected.content))


def test_truth(racket: BoundLanguage, judge: Judge, tmp_path: Path) -> None:
    """`assert f(x)` and `assert not f(x)` where the result is no bool."""
    truths = {"#t": True, "#f": False, "0": False, "1": True, "0.0": False, "-0.0": False, "+nan.0": True, '""': False,
              '"a"': True, "null": False, "(list 0)": True, "(hash)": False, "(make-hash)": False, "(set)": False,
              "(mutable-set)": False, "(set 0)": True, "(string)": False, "(void)": True}  # fmt: skip
    function = function_of(["int"], "List[int]", [])
    cases = [truth_case(number, truth) for number, truth in enumerate(truths.values())]
    problem = problem_of(racket, replace(function, cases=tuple(cases)))
    body = f"  (case x0 {' '.join(f'[({number}) {code}]' for number, code in enumerate(truths))}))"
    [verdict] = verdicts(judge, problem, [body])
    assert (verdict.passed, verdict.failure) == (len(truths), None)
    assert is_ok(tmp_path, problem, body)
    contrary = problem_of(racket, replace(function, cases=tuple(map(contradicted, cases))))
    assert len(failed_lines(run_bare(tmp_path, f"{contrary.prompt}{body}\n{contrary.tests}"))) == len(truths)


def test_refused_tests_are_left_out_with_their_reason(racket: BoundLanguage) -> None:
    function = function_of(["Optional[bool]"], "int", [("(None,)", "1"), ("(True,)", "2"), ("(False,)", "3")])
    suite = racket.translate_tests(function)
    assert suite.text.count("(check-equal? ") == len(suite.cases) == 1
    reason = "None and False are one value in Racket, and Optional[bool] admits both"
    assert [test.reason for test in suite.refused] == [reason] * 2

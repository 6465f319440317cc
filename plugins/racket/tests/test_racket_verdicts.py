"""What the verdict on each kind of candidate is, in both modes."""

from __future__ import annotations

import pytest

from multiplt.execute.verdicts import Judge
from multiplt.plugins import BoundLanguage
from multiplt.problems import Problem
from multiplt.testing.judging import problem_of, read_function, verdicts

ADD = "def add(a: int, b: int) -> int:\n    return a + b"
TESTS = ("assert add(1, 2) == 3", "assert add(0, -1) == -1", "assert add(0, 0) == 0")

STRICT = {
    "raises": ("  (if (= a 0) (car b) (+ a b)))", "Exception", 1),
    "raises what is no exception": ("  (raise (list a b)))", "Exception", 0),
    "aborts": ("  (abort-current-continuation (default-continuation-prompt-tag) void))", "Exception", 0),
    "one bracket too many": ("  (+ a b)))", "SyntaxError", 0),
    "bad form": ("  (if a))", "SyntaxError", 0),
    "unbound": ("  (plus a b))", "SyntaxError", 0),
    "raises at load": ("  (+ a b))\n(car 1)", "Exception", 0),
    "takes one argument": ("  0)\n(set! add (lambda (a) a))", "Exception", 0),
    "is no function": ("  0)\n(set! add 7)", "Exception", 0),
    "several values": ("  (values a b))", "Exception", 0),
    "not its own definition": ("  0)\n(module+ other (define (add a b) (+ a b)))", "AssertionError", 1),
    "continues": ("  (let/ec k (+ a (call/cc (lambda (c) (k (+ a b)))))))", "OK", 3),
    "main submodule": ("  (+ a b))\n(module+ main (exit 1))", "OK", 3),
    "shadows": ("  (+ a b))\n(define (list . x) 0) (define (set . x) 0) (define run-cases 0)", "OK", 3),
    "provides": ("  (+ a b))\n(provide add (all-defined-out))", "OK", 3),
    "own thread": ("  (define r #f) (thread-wait (thread (lambda () (set! r (+ a b))))) r)", "OK", 3),
    "ends in a comment": ("  (+ a b)) ; done", "OK", 3),
    "writes to the channel": ('  (+ a b))\n(write-string "x" (open-output-file "/proc/self/fd/3" #:exists \'append))',
                              "Tampered", 0),
    "exits by C": ('  ((get-ffi-obj "_exit" #f (_fun _int -> _void)) 0))\n(require ffi/unsafe)', "Tampered", 0),
    "parameters": ("  (+ a b))\n(current-output-port (open-output-nowhere)) (error-print-width 3)", "OK", 3),
}  # fmt: skip


@pytest.fixture(scope="module")
def strict(racket: BoundLanguage, judge: Judge) -> dict[str, tuple[str, int]]:
    problem = problem_of(racket, read_function(ADD, "add", *TESTS))
    judged = verdicts(judge, problem, [code for code, *_ in STRICT.values()])
    return {name: (str(verdict.status), verdict.passed) for name, verdict in zip(STRICT, judged, strict=True)}


@pytest.mark.parametrize("name", STRICT)
def test_strict(strict: dict[str, tuple[str, int]], name: str) -> None:
    assert strict[name] == STRICT[name][1:]


def test_account_of_a_failure(racket: BoundLanguage, judge: Judge) -> None:
    problem = problem_of(racket, read_function(ADD, "add", *TESTS))
    wrong, raising, unbound = verdicts(judge, problem, ["  (if (= a 1) 3 'none))", "  (car a))", "  (plus a b))"])
    assert wrong.failure is not None
    assert (wrong.failure.case, wrong.failure.arguments, wrong.failure.expected) == (1, "0, -1", "-1")
    assert wrong.failure.actual == "'none"
    assert raising.failure is not None
    assert raising.failure.actual.startswith("car: contract violation")
    assert "candidate.rkt:4:3: plus: unbound identifier" in unbound.message


PROMPT = "#lang racket\n\n;; Adds.\n(define (add a b)\n"
SUITE = """\
(require rackunit)

(define (test-humaneval)
  (let ((candidate add))
    (check-within (candidate 1 2) 3 0.001)))

(test-humaneval)"""

COMPAT = {
    "right": ("  (+ a b))", "OK"),
    "wrong": ("  (- a b))", "AssertionError"),
    "exits": ("  (exit 0))", "Tampered"),
    "exits with a code": ("  (exit 3))", "Exception"),
    "unbound": ("  (plus a b))", "SyntaxError"),
    "writes to standard error": ("  (eprintf \"x\") (+ a b))", "Exception"),
    "prints and reads": ("  (print (read-line)) (+ a b))", "OK"),
    "redefines": ("  (+ a b))\n(define (read-line) (exit)) (define (write-string . x) (exit)) (define lambda 0)", "OK"),
    "forges the mark": ('  (with-output-to-file "/proc/self/fd/3" #:exists \'append (lambda () (write-string'
                        ' (format "35:z~a 0" (read-line))))) (exit 0))', "Tampered"),
}  # fmt: skip


@pytest.fixture(scope="module")
def compat(judge: Judge) -> dict[str, str]:
    problem = Problem(name="HumanEval_0_add", language="rkt", prompt=PROMPT, tests=SUITE)
    judged = verdicts(judge, problem, [code for code, _ in COMPAT.values()])
    return {name: str(verdict.status) for name, verdict in zip(COMPAT, judged, strict=True)}


@pytest.mark.parametrize("name", COMPAT)
def test_compat(compat: dict[str, str], name: str) -> None:
    assert compat[name] == COMPAT[name][1]

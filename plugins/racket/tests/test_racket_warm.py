"""A program comes to the same in the warm server as by itself, whatever it does that only Racket can do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from multiplt.execute.bubblewrap import Bubblewrap
from multiplt.execute.plan import ExecutionPlan, Limits, Outcome, Program
from multiplt.plugins import BoundLanguage
from multiplt.problems import Completion
from multiplt.testing.judging import problem_of, read_function

STRICT = {
    "raises what is no exception": "  (raise (list a 'b)))",
    "deep recursion": "  (let loop ([n 100000]) (if (= n 0) (+ a b) (+ 0 (loop (- n 1))))))",
    "reads": "  (read-line))",
    "raises at load": '  (+ a b))\n(eprintf "x") (car 1)',
    "names of the server": "  (serve (+ a b)))\n(define (serve x) x) (define run-cases 1) (define harness 2)",
    "prints in its own way": "  (vector a 'b \"c\" (list b) (set a)))",
}

SURROUNDINGS = """\
#lang racket
(list (read-line) (read-line))
(list (current-command-line-arguments) (find-system-path 'run-file) (current-directory))
(sort (environment-variables-names (current-environment-variables)) bytes<?)
(list '(1 . 2) "a" #t)
(with-handlers ([exn:fail? exn-message]) (eval '(+ 1 2)))
(system "echo $0; exit 2")
(module+ main (displayln 1) (exit 3))
"""

# The nonce, which differs from run to run, is read and not shown.
COMPAT = {
    "surroundings": SURROUNDINGS.replace("(read-line)", "(string? (read-line))"),
    "no harness": '#lang racket\n(require "harness.rkt")',
    "break": '#lang racket\n(system "kill -INT $PPID") (sleep 9)',
    "exit by another thread": "#lang racket\n(thread (lambda () (exit 4))) (sleep 9)",
    "handler at the end": "#lang racket\n(executable-yield-handler (lambda (code) (displayln code) (exit 5)))",
    "suite as text": "#lang racket\n(module suite racket (require rackunit) (check-equal? 1 2)) (require 'suite)",
    "old configuration": "#lang scheme\n'(1 2) \"a\"",
    "no such language": "#lang nosuch",
    "no module": "(define a 1)",
}

DESCRIPTORS = """\
#lang racket/base
(define (folder name) (build-path "/proc/self/fd" (number->string name)))
(random 1000000000)
(for ([name (in-range 4 99)] #:when (link-exists? (folder name)))
  (define what (path->string (resolve-path (folder name))))
  (unless (regexp-match? #rx"eventpoll" what) (displayln what)))
"""

@pytest.fixture(scope="module")
def sandbox() -> Iterator[Bubblewrap]:
    sandbox = Bubblewrap(eager=True)
    yield sandbox
    sandbox.close()


def plan_of(racket: BoundLanguage, text: str) -> ExecutionPlan:
    """The plan of a program that is one file."""
    return racket.execution_plan(Program({"main.rkt": text}, "main.rkt", "compat", text), Limits())


def run_both(sandbox: Bubblewrap, plan: ExecutionPlan) -> tuple[Outcome, Outcome]:
    """What comes of a plan in the server, and by itself."""
    warm, alone = sandbox.run(plan), sandbox.run(replace(plan, server=None))
    assert warm.warm
    assert told(warm) == told(alone)
    return warm, alone


def told(outcome: Outcome) -> tuple[object, ...]:
    """What of an outcome must be the same; not where in Racket the program was when it failed."""
    error = outcome.stderr.partition("\n  context...:")[0].strip()
    return outcome.exit_code, outcome.stdout, error, outcome.timed_out, outcome.out_of_memory


@pytest.mark.parametrize("name", STRICT)
def test_strict(racket: BoundLanguage, sandbox: Bubblewrap, name: str) -> None:
    function = read_function("def add(a: int, b: int) -> int: ...", "add", "assert add(1, 2) == 3")
    problem = problem_of(racket, function)
    program = racket.build_program(problem, Completion(STRICT[name]))
    warm, alone = run_both(sandbox, racket.execution_plan(program, Limits()))
    assert racket.parse_result(problem, program, warm) == racket.parse_result(problem, program, alone)


@pytest.mark.parametrize("name", COMPAT)
def test_compat(racket: BoundLanguage, sandbox: Bubblewrap, name: str) -> None:
    run_both(sandbox, plan_of(racket, COMPAT[name]))


def test_nothing_is_shared(racket: BoundLanguage, sandbox: Bubblewrap) -> None:
    """Programs draw different numbers, and share no descriptor that Racket opened for itself."""
    first, second = (set(sandbox.run(plan_of(racket, f"{DESCRIPTORS};{n}")).stdout.split()) for n in range(2))
    assert len(first) == len(second) == 2
    assert not first & second

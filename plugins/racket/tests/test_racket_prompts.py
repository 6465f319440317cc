"""Prompts, to the letter, and what becomes of a model's answers."""

from __future__ import annotations

from racket_helpers import spelled

from multiplt.plugins import BoundLanguage
from multiplt.problems import Completion
from multiplt.testing.judging import problem_of, read_function

COUNT = '''
from typing import Dict, List, Optional

def count_words(words: List[str], case: Optional[Dict[str, int]] = None) -> Dict[str, int]:
    """
    Count the words in a list; return a dictionary. True and None
    stay words here: "a list".

    >>> count_words(["a", "b", "a"])
    {'a': 2, 'b': 1}
    """
    counts = {}

    return counts
'''

PROMPT = """\
#lang racket

;; Count the words in a list; return a hash. #t and #f
;; stay words here: "a list".
;; >>> (count_words (list "a" "b" "a") #f)
;; (hash "a" 2 "b" 1)
"""

CANONICAL = """\
;; The same function in Python:
;; def count_words(words: List[str], case: Optional[Dict[str, int]] = None) -> Dict[str, int]:
;;     counts = {}
;;
;;     return counts
"""

SIGNATURE = "(define (count_words words case_)\n"


def test_completion_prompt(racket: BoundLanguage) -> None:
    function = spelled(racket, read_function(COUNT, "count_words", 'assert count_words(["a"], None) == {"a": 1}'))
    assert function.renamed == {"case": "case_"}
    plain = racket.build_prompt(function, "completion", canonical=False)
    # A call that leaves out an argument is not translated: the default belongs to Python.
    assert plain.startswith("#lang racket\n\n;; Count the words in a list; return a hash. #t and #f\n")
    assert plain.endswith("\n" + SIGNATURE)
    assert racket.build_prompt(function, "completion", canonical=True) == plain.replace(
        SIGNATURE, CANONICAL + SIGNATURE
    )


def test_doctests_become_rackets(racket: BoundLanguage) -> None:
    source = COUNT.replace('["a", "b", "a"])', '["a", "b", "a"], None)')
    function = spelled(racket, read_function(source, "count_words", 'assert count_words(["a"], None) == {"a": 1}'))
    assert racket.build_prompt(function, "completion", canonical=False) == PROMPT + SIGNATURE


def test_prompt_without_docstring_has_the_lang_line(racket: BoundLanguage) -> None:
    function = read_function("def f(a: int) -> int:\n    return a", "f", "assert f(1) == 1")
    assert racket.build_prompt(function, "completion", canonical=False) == "#lang racket\n\n(define (f a)\n"


def test_chat_prompt_keeps_the_lang_line_in_a_fence(racket: BoundLanguage) -> None:
    function = read_function("def f(a: int) -> int:\n    return a", "f", "assert f(1) == 1")
    chat = racket.build_prompt(function, "chat", canonical=False)
    assert "Racket" in chat.splitlines()[0]
    assert "\n```\n#lang racket\n\n(define (f a)\n```\n" in chat


def test_function_without_parameters(racket: BoundLanguage) -> None:
    function = read_function("def f() -> int:\n    return 1", "f", "assert f() == 1")
    assert racket.build_prompt(function, "completion", canonical=False).endswith("\n(define (f)\n")


def test_keywords_are_renamed(racket: BoundLanguage) -> None:
    source = "def define(when: int, let: int) -> int:\n    return when"
    function = spelled(racket, read_function(source, "define", "assert define(1, 2) == 1"))
    assert racket.build_prompt(function, "completion", canonical=False).endswith("\n(define (define_ when_ let_)\n")


def extract(racket: BoundLanguage, text: str) -> Completion:
    function = read_function("def f(a: int) -> int:\n    return a", "f", "assert f(1) == 1")
    return racket.extract_completion(problem_of(racket, function), text)


def test_chat_answers(racket: BoundLanguage) -> None:
    program = "#lang racket\n\n;; Mine.\n(define (g a) a)\n\n(define (f a)\n  (g a))\n"
    assert extract(racket, f"Sure:\n```racket\n{program}```\nDone.") == Completion(program, whole=True)
    for definition in ("(define f\n  (lambda (a) a))", "(define/contract (f a)\n (-> any/c any/c) a)"):
        assert extract(racket, f"```\n{definition}\n```") == Completion(definition + "\n", whole=True)
    repeated = "#lang racket\n\n(define (f a)\n  a)\n\n(f 1)"
    assert extract(racket, f"```racket\n{repeated}\n```").code.split() == ["a)", "(f", "1)"]
    assert not extract(racket, "```racket\n(define (f2 a) a)\n```").whole

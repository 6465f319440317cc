"""Prompts, to the letter, and what becomes of a model's answers."""

from __future__ import annotations

import pytest
from r_helpers import spelled

from multiplt.plugins import BoundLanguage
from multiplt.problems import Completion
from multiplt.testing.judging import problem_of, read_function

COUNT = r'''
from typing import Dict, List, Optional

def count_words(words: List[str], next: Optional[int] = None) -> Dict[str, int]:
    r"""
    Count the words in a list or an array; return a dictionary. True and None
    stay words here: "a list".

    >>> count_words(["a", "it's", 'say "b"\\'], None)
    {'a': 2, 'b': 1}
    >>> count_words([], 1)
    {}
    >>> count_words(words)
    """
    counts = {}

    return counts
'''

PROMPT = r"""# Count the words in a list or a vector; return a named list. TRUE and NULL
# stay words here: "a list".
# >>> count_words(c('a', "it's", 'say "b"\\'), NULL)
# list('a' = 2, 'b' = 1)
# >>> count_words(c(), 1)
# list()
# >>> count_words(words)
"""

CANONICAL = """\
# The same function in Python:
# def count_words(words: List[str], next: Optional[int] = None) -> Dict[str, int]:
#     counts = {}
#
#     return counts
"""

SIGNATURE = "count_words <- function(words, next_) {"


def test_completion_prompt(r: BoundLanguage) -> None:
    function = spelled(r, read_function(COUNT, "count_words", 'assert count_words(["a"], None) == {"a": 1}'))
    assert function.renamed == {"next": "next_"}
    assert r.build_prompt(function, "completion", canonical=False) == PROMPT + SIGNATURE
    assert r.build_prompt(function, "completion", canonical=True) == PROMPT + CANONICAL + SIGNATURE


@pytest.mark.parametrize(
    ("source", "head"),
    [
        ("def f() -> int: return 1", "f <- function() {"),
        ("def _f(a: int, _b: int, __c__: int) -> int: return a", "x_f <- function(a, x_b, x__c__) {"),
        ("def function(F: int, repeat: int, c: int) -> int: return F", "function_ <- function(F, repeat_, c) {"),
    ],
)
def test_names(r: BoundLanguage, source: str, head: str) -> None:
    name = source[4 : source.index("(")]
    count = source.count(": int")
    test = f"assert {name}({', '.join(['1'] * count)}) == 1"
    assert r.build_prompt(spelled(r, read_function(source, name, test)), "completion", canonical=False) == head


def extract(r: BoundLanguage, text: str) -> Completion:
    function = read_function("def f(a: int) -> int:\n    return a", "f", "assert f(1) == 1")
    return r.extract_completion(problem_of(r, function), text)


@pytest.mark.parametrize(
    "definition",
    ["f <- function(a) a", "f = function (a)\n  a", "f <<- \\(a) a", "`f` <- function(a) a", '"f" = \\(a) a'],
)
def test_chat_answers(r: BoundLanguage, definition: str) -> None:
    program = f"library(stats)\ng <- function(a) a\n\n{definition}\n"
    assert extract(r, f"Sure:\n```r\n{program}```\nDone.") == Completion(program, whole=True)


def test_training_text(r: BoundLanguage) -> None:
    function = read_function('def f(a: int) -> int:\n    """One."""\n    return a', "f", "assert f(1) == 1")
    body = "  # more\n  s <- '#1' # two\n  t <- r\"-(it's # no \")-\"; u <- a %#% a # three\n  `# x` <- \"\\\"#\"\n}\n"
    cleaned = r.clean(problem_of(r, function), Completion(f"\n{body}\n"))
    assert cleaned.text == f"# One.\nf <- function(a) {{\n{body}"
    assert cleaned.without_comments == (
        "f <- function(a) {\n  s <- '#1'\n  t <- r\"-(it's # no \")-\"; u <- a %#% a\n  `# x` <- \"\\\"#\"\n}"
    )

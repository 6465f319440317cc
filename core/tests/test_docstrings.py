"""Docstrings for readers of another language."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
import toy
from toy_helpers import spelled

from multiplt.docstrings import reword, translate_docstring
from multiplt.functions import Function
from multiplt.spec import Terms
from multiplt.testing.judging import read_function

TERMS = Terms(
    list="vector", array="row", tuple="array", dict="association list", set="hash set",
    none="nil", true="#t", false="#f",
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "reworded"),
    [
        ("an array of arrays and a tuple", "a row of rows and an array"),
        ("subarrays, an array-like array(1)", "subarrays, an array-like array(1)"),
        ("Return a dictionary.", "Return an association list."),
        ("A dict of lists", "An association list of vectors"),
        ("An empty list", "An empty vector"),
        ("a list or a tuple", "a vector or an array"),
        ("two dictionaries", "two association lists"),
        ("the dictionary's keys", "the association list's keys"),
        ("the lists' ends", "the vectors' ends"),
        ("tuples, dicts and None", "arrays, association lists and nil"),
        ("True or False", "#t or #f"),
        ("a None", "a nil"),
        ("a set of words", "a hash set of words"),
        ("set the value and settings", "set the value and settings"),
        ("sets of rules", "sets of rules"),
        ("listen to listings", "listen to listings"),
        ("dictate", "dictate"),
        ("Nonexistent, NoneType, Trueish", "Nonexistent, NoneType, Trueish"),
        ("blacklist, a-list, list-like", "blacklist, a-list, list-like"),
        ("data list", "data vector"),
        ("in Python, a Python list", "in OCaml, an OCaml vector"),
        ("pythonic", "pythonic"),
        ("the `list` and ``a dict``", "the `list` and ``a dict``"),
        ("say 'a list' or \"None\"", "say 'a list' or \"None\""),
        ("the list's items and dict's", "the vector's items and association list's"),
        ("call list(x) on a list", "call list(x) on a vector"),
        ("np.list or a.dict", "np.list or a.dict"),
        ("list_of_x, x_list", "list_of_x, x_list"),
        ("default=None", "default=None"),
        ("x == None", "x == nil"),
        (":param list x: a list", ":param list x: a vector"),
        ("{'a': None} is a dict", "{'a': None} is an association list"),
        ("List[int] and a list", "List[int] and a vector"),
        ("[None, True]", "[None, True]"),
        ("path/list/dict", "path/list/dict"),
        ("```\na list\n```\na list", "```\na list\n```\na vector"),
        ("lists lists", "vectors vectors"),
        ("(a list)", "(a vector)"),
        ("a tuple; a dict: a list!", "an array; an association list: a vector!"),
        ("", ""),
        ("Don't use None", "Don't use nil"),
        ("a list\nor a dict", "a vector\nor an association list"),
        ("if #list", "if #list"),
    ],
)
def test_terms(text: str, reworded: str) -> None:
    assert reword(text, TERMS, "OCaml") == reworded


def test_terms_that_are_pythons_change_nothing() -> None:
    text = "A list, an tuple and a dictionary of lists: a set, a None and True."
    assert reword(text, Terms(true="True", false="False"), "Python") == text


def test_without_a_term_the_word_stays() -> None:
    text = "A list, an array, an tuple and dicts of lists: a set, a None, True and False."
    empty = Terms(list="", array="", tuple="", dict="", set="", none="", true="", false="")
    assert reword(text, empty, "") == text
    assert reword(text, replace(empty, dict="hash"), "") == text.replace("dicts", "hashes")


@pytest.mark.parametrize("text", ["a", "_", "a.", "`", "'", "(", "a list ", ":", "x="])
def test_long_text_costs_no_time(text: str) -> None:
    started = time.perf_counter()
    reword(text * 20_000, TERMS, "OCaml")
    assert time.perf_counter() - started < 5


def translated(function: Function) -> str:
    function = spelled(function)
    return translate_docstring(
        function, toy.Toy.spec, lambda arguments: toy.plugin.render_call(function.name, arguments), toy.plugin.render
    )


DOC = '''
def counts(end: list[str], at: dict[str, float] = None) -> dict[str, float]:
    """Counts the words in a list; returns a dictionary.

    The `dict` is empty where end is None.

    >>> counts(["a", 'b'], {"a": 1})
    {'a': 1, "b": 2.5}
    >>> counts([])  # no words
    {}
    >>> counts([],
    ...        at=None)
    {}
    >>> sorted(counts(["a"], None))
    ['a']
    >>> counts(words, None)
    {}
    >>> counts(["a"], {})
    <a dictionary>
    >>> x = [1]
    >>> counts(3, None)
    Traceback (most recent call last):
      ...
    TypeError: list

    Nothing else is a list.
    """
    return {}
'''

GOLDEN = """\
Counts the words in a list; returns an association list.
The `dict` is empty where end is None.
>>> counts(['a', 'b'], {'a': 1.0})
{'a': 1.0, 'b': 2.5}
>>> counts([])  # no words
{}
>>> counts([], None)
{}
>>> sorted(counts(["a"], None))
['a']
>>> counts(words, None)
{}
>>> counts(["a"], {})
<a dictionary>
>>> x = [1]
>>> counts(3, None)
Traceback (most recent call last):
  ...
TypeError: list
Nothing else is a list."""


def test_golden() -> None:
    assert translated(read_function(DOC, "counts", "assert counts([], {}) == {}")) == GOLDEN


def test_renamed_function_and_comment_in_a_doctest() -> None:
    source = 'def end(n: int) -> bool:\n    """Doc.\n\n        >>> end(1)  # yes\n        True\n    """\n'
    assert translated(read_function(source, "end", "assert end(1)")) == "Doc.\n>>> end_(1)\nTrue"


@pytest.mark.parametrize(
    "docstring", ["", "   \n\n", ">>> f(1)\n>>> f(2)", ">>>f(1)\n1", ">>> f(\n1", "x\n  >>> f(1)\n1\n"]
)
def test_odd_docstrings_lose_nothing(docstring: str) -> None:
    function = replace(read_function("def f(n): pass", "f", "assert f(1) == 1"), docstring=docstring)
    text = translated(function)
    assert "".join(text.split()) == "".join(docstring.split())
    assert "\n\n" not in text

"""Prompts to the letter, comments that always lex, names and types as OCaml has them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ocaml_helpers import read_spelled, run_bare

from multiplt.errors import Refused
from multiplt.functions import Function
from multiplt.problems import Completion, Problem
from multiplt.types import parse_type
from multiplt_lang_ocaml import plugin
from multiplt_lang_ocaml.by_type import type_expression

SOURCE = '''
def counts(words: List[str], Limit: Optional[int] = None) -> Dict[str, int]:
    """Return a dictionary of how often each word is in the list, or None
    for at most Limit of them. Say "many" for more.

    >>> counts(["a", "b"], -1)
    {"a": 1, "b": 1}
    """
    found = {}

    return found
'''
TEST = 'assert counts(["a"], None) == {"a": 1}'

COMMENT = """\
(**Return an association list of how often each word is in the list, or None
 * for at most Limit of them. Say "many" for more.
 * >>> counts ["a"; "b"] (Some (-1))
 * [("a", 1); ("b", 1)]
*)
"""
SIGNATURE = "let counts (words : string list) (limit : int option) : (string * int) list ="

CANONICAL = """\
 * The same function in Python:
 * def counts(words: List[str], Limit: Optional[int] = None) -> Dict[str, int]:
 *     found = {}
 *
 *     return found
*)
"""


@pytest.fixture(scope="module")
def counts() -> Function:
    return read_spelled(SOURCE, "counts", TEST)


def test_completion_prompt(counts: Function) -> None:
    assert plugin.build_prompt(counts, "completion", canonical=False) == COMMENT + SIGNATURE


def test_canonical_prompt(counts: Function) -> None:
    expected = COMMENT.removesuffix("*)\n") + CANONICAL + SIGNATURE
    assert plugin.build_prompt(counts, "completion", canonical=True) == expected


def test_chat_prompt(counts: Function) -> None:
    prompt = plugin.build_prompt(counts, "chat", canonical=False)
    assert f"```\n{COMMENT}{SIGNATURE}\n```" in prompt
    assert "OCaml" in prompt


def test_a_prompt_without_parameters_and_docstring() -> None:
    function = read_spelled("def f() -> int:\n    return 1", "f", "assert f() == 1")
    assert plugin.build_prompt(function, "completion", canonical=False) == "let f () : int ="


@pytest.mark.parametrize(
    ("python", "expected"),
    [
        ("List[float]", "float list"),
        ("Tuple[int, List[str]]", "int * string list"),
        ("List[Tuple[int, int]]", "(int * int) list"),
        ("Optional[Tuple[int, int]]", "(int * int) option"),
        ("Tuple[Tuple[int, int], bool]", "(int * int) * bool"),
        ("Tuple[int, ...]", "int list"),
        ("Dict[str, Tuple[int, float]]", "(string * (int * float)) list"),
        ("Set[str]", "string list"),
        ("Optional[List[Optional[int]]]", "int option list option"),
        ("None", "unit"),
    ],
)
def test_types(python: str, expected: str) -> None:
    assert type_expression(parse_type(python)) == expected


@pytest.mark.parametrize("python", ["Union[int, str]", "Any", "List[Any]", "Dict[str, Union[int, str]]"])
def test_types_that_are_refused(python: str) -> None:
    with pytest.raises(Refused, match="OCaml has no type for"):
        type_expression(parse_type(python))


def test_a_list_that_is_empty_in_every_test_has_no_type() -> None:
    function = read_spelled("def f(x: list) -> int:\n    return 1", "f", "assert f([]) == 1")
    with pytest.raises(Refused, match="OCaml has no type for Any"):
        plugin.build_prompt(function, "completion", canonical=False)


def test_upper_case_names_are_constructors_and_keywords_are_reserved() -> None:
    source = "def Solve(N: int, val: int, _: int, n: int) -> int:\n    return 1"
    function = read_spelled(source, "Solve", "assert Solve(1, 2, 3, 4) == 1")
    signature = plugin.signature(function)
    assert signature == "let solve (n : int) (val_ : int) (__ : int) (n_ : int) : int ="
    assert function.renamed == {"Solve": "solve", "N": "n", "val": "val_", "_": "__", "n": "n_"}
    assert run_bare(f"{signature} n").returncode == 0


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ('a 5" pipe', "a 5'' pipe"),  # a lone quotation mark was an unterminated string
        ('a 5" pipe\nof "that" size', "a 5'' pipe\n * of \"that\" size"),
        ('spans "two\nlines" well', 'spans "two\n * lines" well'),
        ("the character '\"' alone", "the character '\"' alone"),
        (r'>>> f "a\"b(*"', r'>>> f "a\"b(*"'),
        ("f(*args)", "f( *args)"),
        ("(.*) and *)", "(.* ) and * )"),
        ("{a|b}", "{ a|b}"),
        (") first", " ) first"),
        ("its 'quoted' don't", "its 'quoted' don't"),
    ],
)
def test_comments_lex(text: str, inside: str) -> None:
    comment = plugin.comment(text)
    assert comment == f"(**{inside}\n*)\n"
    assert lexes([comment])


ALPHABET = [
    '"',
    "'",
    "\\",
    "(*",
    "*)",
    "(",
    ")",
    "*",
    "{",
    "|",
    "}",
    "a",
    "x'",
    "n",
    "377",
    "%",
    "é",
    "\n",
    "\r",
    "\\u{",
]


@settings(max_examples=10)
@given(
    st.lists(st.lists(st.sampled_from(ALPHABET) | st.characters(exclude_categories=["Cs"])), min_size=30, max_size=30)
)
def test_comments_of_any_text_lex(texts: list[list[str]]) -> None:
    assert lexes([plugin.comment("".join(text)) for text in texts])


def lexes(comments: list[str]) -> bool:
    """Whether each comment ends where it ends: what follows each is still seen."""
    program = "".join(f'{comment}let () = print_endline "{n}"\n' for n, comment in enumerate(comments))
    result = run_bare(program)
    return result.stdout.splitlines() == [str(n) for n in range(len(comments))]


PROBLEM = Problem(name="HumanEval_0_f", language="ml", prompt="(**F*)\nlet f (x : int) : int =", tests="")


@pytest.mark.parametrize(
    ("answer", "code", "whole"),
    [
        ("\n  x + 1\n\nlet g = 2", "\n  x + 1", False),
        ("\n  x + 1\nlet () = print_int (f 1)", "\n  x + 1", False),
        ("(**F*)\nlet f (x : int) : int =\n  x + 1\n(* done *)", "\n  x + 1", False),
        (
            "```ocaml\nlet helper x = x\n\nlet rec f x = helper x\n```",
            "let helper x = x\n\nlet rec f x = helper x\n",
            True,
        ),
        ("Sure:\n```\nlet rec g x = f x\nand f x = 1\n```\nDone.", "let rec g x = f x\nand f x = 1\n", True),
        ("let f x =\n  x + 1\n", "let f x =\n  x + 1\n", True),
    ],
)
def test_extraction(answer: str, code: str, whole: bool) -> None:
    assert plugin.extract_completion(PROBLEM, answer) == Completion(code, whole)


def test_a_longer_name_is_not_the_definition() -> None:
    assert not re.search(plugin.definition("f"), "let f' x = x\nlet foo = 1", re.MULTILINE)

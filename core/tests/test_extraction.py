"""What of a model's answer is code."""

from __future__ import annotations

import re

import pytest
import toy

from multiplt.extraction import Context, extract
from multiplt.problems import Completion, Problem

PROMPT = "# Adds.\ndef add(a, b):\n"
BODY = "    return a + b\n"
WHOLE = "def add(a, b):\n    return a + b\n"
HELPER = "def helper(a):\n    return a\n\n"
CONTEXT = Context(PROMPT, re.compile(r"^def add\(", re.MULTILINE), toy.Toy.spec.stop_tokens, toy.Toy.spec.comments)

FENCED = {
    "a fence": f"```python\n{WHOLE}```",
    "prose around": f"Sure! Here it is:\n\n```python\n{WHOLE}```\n\nIt adds `a` and `b`.",
    "no tag": f"Here:\n```\n{WHOLE}```\n",
    "unclosed": f"Here:\n```python\n{WHOLE}",
    "an odd tag": f"```Toy 3.0 {{.line-numbers}}\n{WHOLE}```",
    "an example first": f"Called so:\n```\nadd(1, 2)\n```\nthe function is\n```python\n{WHOLE}```",
    "an example behind": f"```python\n{WHOLE}```\nFor example:\n```python\nadd(1, 2)\n```",
    "text behind on the closing line": f"```python\n{WHOLE}``` That is all.",
    "a fence that repeats the definition in prose": f"The `def add(a, b):` is\n```python\n{WHOLE}```",
    "an indented fence": f"1. Do so:\n   ```python\n{WHOLE}   ```\n",
}


@pytest.mark.parametrize("shape", FENCED)
def test_fenced_whole_function(shape: str) -> None:
    assert extract(FENCED[shape], CONTEXT) == Completion(WHOLE, whole=True)


@pytest.mark.parametrize(
    ("text", "code", "whole"),
    [
        (BODY, BODY, False),
        (f"{BODY}\n# Test\nadd(1, 2)", BODY, False),
        (f"{BODY}\ndef other():\n    pass", BODY, False),
        (f"{BODY}```\nThat is it.", BODY.rstrip("\n"), False),
        (f"{BODY}\nprint(add(1, 2))", BODY, False),
        (f"{BODY}\n{WHOLE}", BODY, False),
        (PROMPT + BODY, f"\n{BODY}", False),
        (f"\n\n{PROMPT}{BODY}\ndef x(): pass", f"\n{BODY}", False),
        (f"```python\n{PROMPT}{BODY}```", f"\n{BODY}", False),
        (f"```python\n{BODY}```\nDone.", BODY, False),
        (f"```\n{BODY}", BODY, False),
        (WHOLE, WHOLE, True),
        (f"# Adds.\n\n{WHOLE}", f"# Adds.\n\n{WHOLE}", True),
        (f"```\n{HELPER}{WHOLE}```", HELPER + WHOLE, True),
        (f"{WHOLE}\nadd(1, 2)\n", f"{WHOLE}\nadd(1, 2)\n", True),
        ("I cannot do that.", "I cannot do that.", False),
        ("", "", False),
        ("\n", "\n", False),
        ("    return 1\n\n\n", "    return 1\n\n\n", False),
        ("def address(a):\n    pass", "def address(a):\n    pass", False),
    ],
)
def test_continuations_and_whole_answers(text: str, code: str, whole: bool) -> None:
    assert extract(text, CONTEXT) == Completion(code, whole)


def test_preamble_is_no_code_before_the_definition() -> None:
    context = Context(
        f"#lang toy\n\n{PROMPT}", CONTEXT.definition, CONTEXT.stop_tokens, toy.Toy.spec.comments, "#lang toy\n\n"
    )
    assert extract(f"#lang toy\n\n{WHOLE}", context).whole
    assert not extract(f"x = 1\n{WHOLE}", context).whole


def test_a_row_of_others_names_its_function_and_stop_tokens() -> None:
    row = Problem(name="HumanEval_23_add", language="toy", prompt=PROMPT, tests="", stop_tokens=("\nSTOP",))
    assert toy.plugin.extract_completion(row, f"```\n{WHOLE}```") == Completion(WHOLE, whole=True)
    assert toy.plugin.extract_completion(row, f"{BODY}\ndef b(): pass\nSTOP x").code == f"{BODY}\ndef b(): pass"

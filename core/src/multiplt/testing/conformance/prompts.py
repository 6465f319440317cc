"""Checks of prompts: what they say, that they are programs once they are completed, and what they leave out."""

from __future__ import annotations

from functools import partial

import pytest

from multiplt.errors import MultipltError
from multiplt.functions import Function
from multiplt.problems import Status
from multiplt.testing.conformance.checks import Checks, finding, ran, require, require_status
from multiplt.testing.conformance.functions import add
from multiplt.testing.conformance.lab import Lab
from multiplt.testing.trials import Trial, Tried

DOCSTRING = """Return the sum of both numbers, the zebra of arithmetic.

>>> add(b=20519, a=31337)
51856
"""

DOCSTRINGS = {
    "a quotation mark at the end": 'Return what is "the sum"',
    "three quotation marks": "Return \"\"\"the sum\"\"\" of '''both'''.",
    "lone quotation marks": "Return 5\" and 3' of pipe; don't ask.",
    "ends of comments": "Return *) */ |# ]] --]] ]=] =# -} %} --> the sum.",
    "beginnings of comments": "Return (* /* #| --[[ --[=[ #= {- <!-- the sum.",
    "backslashes": "Return C:\\new \\u{1} \\x \\",
    "interpolation": "Return $a, ${b}, $(a), #{a}, @b, %d, `a` and ~a.",
    "many lines beyond ASCII": "Return é ß 漢字 😀.\n\n\tThe sum.\r\n  Both.\x0cOr\u2028all\x85of them.",
}
"""Docstrings that some language's comments or strings would end in."""

OTHERS = ("no docstring", "the Python solution", "reserved words", "names of all kinds")

SOURCE = '''\
def add(a, b):
    note = """*) */ |# ]] =# 'it' \\\\ $a"""  # ' and "
    return a + b
'''


class PromptChecks(Checks):
    """Prompts of `add`."""

    def test_docstring_is_in_the_prompt(self) -> None:
        """The docstring's words, in their order."""
        prompt, at = _prompt(self.lab, add(DOCSTRING)), 0
        for word in ("Return", "sum", "both", "numbers", "zebra", "arithmetic"):
            found = prompt.find(word, at)
            require(found >= 0, f"the prompt leaves out {word!r} of the docstring {DOCSTRING.splitlines()[0]!r}")
            at = found

    def test_doctest_is_translated(self) -> None:
        """A doctest becomes the language's call and value; no Python is left of it."""
        prompt, at = _prompt(self.lab, add(DOCSTRING)), 0
        require("b=20519" not in prompt, "the prompt has a doctest in Python: add(b=20519, a=31337)")
        for number in ("31337", "20519", "51856"):
            at = prompt.find(number, at)
            require(at >= 0, f"the doctest add(31337, 20519) == 51856 is not in the prompt: {number} is missing")

    def test_canonical_solution_is_in_the_prompt_on_demand(self) -> None:
        """The Python solution stands in the prompt where it is asked for, and nowhere else."""
        plain, canonical = _prompt(self.lab, add(DOCSTRING)), _prompt(self.lab, add(DOCSTRING), canonical=True)
        require("return a + b" in canonical, "the prompt lacks the line `return a + b` of the Python solution")
        require("return a + b" not in plain, "the prompt has the Python solution, which was not asked for")
        require(canonical.split()[-3:] == plain.split()[-3:], "the prompt does not end with the signature")

    def test_chat_prompt_has_one_fence(self) -> None:
        """The prompt for a chat model names the language and holds the prompt in one fence."""
        chat = finding(self.lab.language.build_prompt, add(DOCSTRING), "chat", False)
        require(chat.count("```") == 2, f"the chat prompt has {chat.count('```')} fence marks instead of 2")
        require(self.lab.language.spec.title in chat, "the chat prompt does not name the language")
        prompt = _prompt(self.lab, add(DOCSTRING)).strip()
        require(prompt in chat, "the chat prompt does not hold the completion prompt")

    def test_reserved_words_are_renamed(self) -> None:
        """A name that is reserved gets another spelling, which the problem records."""
        words = sorted(self.lab.language.spec.reserved)
        if not words:
            pytest.skip("spec.reserved has no words")
        renamed = finding(self.lab.problem, _reserved(self.lab)).multiplt
        assert renamed
        require({words[0], words[-1]} <= set(renamed.renamed), f"{words[0]} and {words[-1]} are not renamed")

    @pytest.mark.parametrize("name", [*OTHERS, *DOCSTRINGS])
    def test_prompt_runs_with(self, name: str) -> None:
        """Prompt and right completion are a program that passes."""
        tried = finding(self.lab.once, prompts)[name]
        require_status(ran(tried).verdict, f"the candidate `right` behind a prompt with {name}", Status.OK)


def _prompt(lab: Lab, function: Function, *, canonical: bool = False) -> str:
    """The completion prompt of a function."""
    return finding(lab.language.build_prompt, function, "completion", canonical)


def prompts(lab: Lab) -> dict[str, Tried | MultipltError]:
    """The right candidate behind each prompt, by what is special about it."""
    functions = {name: add(docstring) for name, docstring in DOCSTRINGS.items()}
    functions["no docstring"] = add()
    functions["reserved words"] = _reserved(lab)
    functions["names of all kinds"] = add(name="Add_Up2", others=("C", "_d", "camelCase", "x_1"))
    trials = {name: partial(_trial, lab, function) for name, function in functions.items()}
    trials["the Python solution"] = partial(_trial, lab, add(DOCSTRING, source=SOURCE), canonical=True)
    return lab.run_named(trials)


def _reserved(lab: Lab) -> Function:
    """`add` under a reserved name, with a parameter of another."""
    words = sorted(lab.language.spec.reserved) or ["plus"]
    return add(name=words[0], others=words[-1:])


def _trial(lab: Lab, function: Function, canonical: bool = False) -> Trial:
    return Trial(lab.problem(function, canonical=canonical), lab.candidate("right"))

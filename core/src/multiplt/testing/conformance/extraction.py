"""Checks of what is taken for code in a model's answer."""

from __future__ import annotations

import re

from multiplt.problems import Completion, Problem
from multiplt.testing.conformance.checks import Checks, finding, require
from multiplt.testing.conformance.functions import add
from multiplt.testing.conformance.lab import Lab


class ExtractionChecks(Checks):
    """Answers to the prompt of `add`, made of the candidates `right` and `program`."""

    def test_continuation_is_taken_whole(self) -> None:
        """No stop token cuts a right continuation."""
        for section in ("right", "prints"):
            code = finding(self.lab.candidate, section).code
            taken = _extracted(self.lab, code).code
            require(taken.split() == code.split(), f"of the continuation `{section}` only {taken!r} is taken")

    def test_continuation_ends_at_a_stop_token(self) -> None:
        """What comes after a stop token is no part of the completion."""
        code = finding(self.lab.candidate, "right").code.rstrip()
        for token in self.lab.language.spec.stop_tokens:
            taken = _extracted(self.lab, f"{code}{token}zebra").code
            require(taken.split() == code.split(), f"the stop token {token!r} does not end a completion: {taken!r}")

    def test_repeated_prompt_is_a_continuation(self) -> None:
        """An answer that repeats the prompt is not put behind it again."""
        _require_right(self.lab, _answer(self.lab))

    def test_fenced_answer_is_found(self) -> None:
        """The prompt and its completion in a Markdown fence, with prose around it."""
        _require_right(self.lab, f"Sure:\n```\n{_answer(self.lab)}\n```\nThat is all.")

    def test_fenced_program_is_whole(self) -> None:
        """A program that defines the function, helpers and all, is taken as it is."""
        program = _program(self.lab)
        taken = _extracted(self.lab, f"Sure:\n\n```\n{program}```\n\nThat is all.")
        require(taken.whole, "a fenced program that defines the function is not found; see definition()")
        require(taken.code.split() == program.split(), f"of a fenced program only {taken.code!r} is taken")

    def test_program_of_another_function_is_not_whole(self) -> None:
        """A function whose name only begins alike is another one."""
        other = re.sub(r"\badd\b", "addition", _program(self.lab))
        whole = _extracted(self.lab, f"```\n{other}```").whole
        require(not whole, "a fenced program that defines `addition` is taken for one that defines `add`")


def _problem(lab: Lab) -> Problem:
    return finding(lab.problem, add("Return the sum."))


def _program(lab: Lab) -> str:
    return finding(lab.candidate, "program").code


def _answer(lab: Lab) -> str:
    """The prompt with its completion."""
    return _problem(lab).prompt + finding(lab.candidate, "right").code.rstrip()


def _extracted(lab: Lab, text: str) -> Completion:
    """What of an answer is code."""
    return finding(lab.language.extract_completion, _problem(lab), text)


def _require_right(lab: Lab, text: str) -> None:
    """What is taken of an answer makes the program of the candidate `right`."""
    problem, taken = _problem(lab), _extracted(lab, text)
    made = finding(lab.language.build_program, problem, taken).text
    right = finding(lab.language.build_program, problem, finding(lab.candidate, "right")).text
    require(made.split() == right.split(), f"of an answer that holds the prompt {taken.code!r} is taken")

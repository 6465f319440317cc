"""Checks of training text: what is kept of a completion, what is left out, and what counts as a comment."""

from __future__ import annotations

from multiplt.hookspecs import Cleaned
from multiplt.testing.conformance.checks import Checks, finding, quoted, require
from multiplt.testing.conformance.functions import add
from multiplt.testing.conformance.lab import Lab


class CleaningChecks(Checks):
    """`clean` on candidates behind a prompt with the Python solution."""

    def test_training_text_leaves_out_the_python(self) -> None:
        """The training text is the prompt without the Python solution, and the completion."""
        problem = finding(self.lab.problem, add("Return the zebra."), canonical=True)
        assert problem.multiplt
        code = finding(self.lab.candidate, "right").code
        text = _cleaned(self.lab, "right").text
        expected = problem.multiplt.bare_prompt + code
        require(text.split() == expected.split(), f"the training text of `right` is {quoted(text)!r}")
        require(text.endswith("\n") and not text.endswith("\n\n"), "the training text does not end in one newline")

    def test_comments_are_told_from_code(self) -> None:
        """`comments` without its comments is `without comments`; strings that look like comments stay."""
        stripped, expected = (_cleaned(self.lab, s).without_comments for s in ("comments", "without comments"))
        same = "".join(stripped.split()) == "".join(expected.split())
        require(same, f"`comments` without comments is {quoted(stripped)!r} instead of {quoted(expected)!r}; see "
                "spec.comments")  # fmt: skip

    def test_docstring_counts_as_a_comment(self) -> None:
        """What stands before the signature is a comment, by the language's own syntax."""
        stripped = _cleaned(self.lab, "right").without_comments
        require("zebra" not in stripped, f"the docstring is left in {quoted(stripped)!r}; see comment(), spec.comments")


def _cleaned(lab: Lab, section: str) -> Cleaned:
    problem = finding(lab.problem, add("Return the zebra."), canonical=True)
    return finding(lab.language.clean, problem, finding(lab.candidate, section))

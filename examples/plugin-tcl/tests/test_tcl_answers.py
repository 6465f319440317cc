"""What is particular to Tcl: which answers count as which value, what is refused, what a program may name."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from multiplt_lang_tcl import plugin

from multiplt import Completion, Refused
from multiplt.testing.conformance.checks import Checks
from multiplt.testing.judging import read_function, value
from multiplt.testing.trials import Trial, Tried

# A type, a value of it, and what Tcl may answer, with whether that equals the value.
ANSWERS = {
    ("int", "3"): {"expr {6 / 2}": True, "set x 3.0": False, "set x 03": False, 'set x " 3"': False},
    ("int", "-5"): {"expr {-5}": True, 'set x "- 5"': False},
    ("float", "2.0"): {
        "expr {4 / 2}": True, "expr {2.0000001}": True, "expr {2.1}": False, "set x two": False, "set x 2e0": True,
        "set x 02": False, "expr {sqrt(4)}": True, 'set x ""': False,
    },
    ("float", "float('inf')"): {"expr {Inf}": True, "expr {-Inf}": False, "expr {1e308}": False, "set x NaN": False},
    ("bool", "True"): {"expr {2 > 1}": True, "set x yes": True, "set x 2": False, "set x 0": False, 'set x ""': False},
    ("str", "'1'"): {"expr {1}": True, "expr {1.0}": False},
    ("None", "None"): {"return": True, 'set x ""': True, "set x None": False},
    ("Optional[int]", "None"): {"return": True, "set x 0": False},
    ("Optional[int]", "0"): {"return": False, "set x 0": True},
    ("List[int]", "[1, 2]"): {
        "list 1 2": True, 'set x "1   2\n"': True, "list 2 1": False, "list 1 2.0": False, "list 1": False,
        "list 1 2 3": False, r'set x "1 \{2"': False, "list {1 2}": False,
    },
    ("List[str]", "['a b', '']"): {'list "a b" ""': True, "list a b": False, "return {{a b} {}}": True},
    ("Tuple[int, str]", "(1, 'x')"): {"list 1 x": True, "list x 1": False, "list 1": False, "list 1 x 2": False},
    ("Set[int]", "{1, 2}"): {"list 2 1": True, "list 1 2 2": False, "list 1": False},
    ("Dict[str, int]", "{'a': 1, 'b': 2}"): {
        "dict create b 2 a 1": True, "list a 1 b 2": True, "list a 0 a 1 b 2": True, "dict create a 1": False,
        "dict create a 1 b 3": False, "list a 1 b": False, "list {a 1} {b 2}": False,
    },
    ("Union[int, float]", "3"): {"expr {3}": True, "expr {3.0}": True, "expr {3.5}": False},
}  # fmt: skip

# A value, its type, and why Tcl has no such value there.
REFUSED = [
    ("None", "Optional[str]", 'None and "" are one value'),
    ("''", "Optional[str]", 'None and "" are one value'),
    ("[]", "Optional[List[int]]", "None and an empty list are one value"),
    ("1", "Union[int, str]", "nothing tells the members of Union"),
    ("[1]", "List[Any]", "nothing tells what one is"),
    ("'😀'", "str", r"beyond U\+FFFF"),
]

# Names that the suite or Tcl has too.
NAMES = ("check", "same", "near", "pairs", "tests", "candidate", "string", "regexp", "llength", "foreach", "lassign")


class TestTclAnswers(Checks):
    language = "tcl"

    @pytest.mark.parametrize("by", ["core", "suite"])
    def test_answers_are_read_by_their_type(self, by: str) -> None:
        """The core gets what the harness makes of an answer, the suite compares by itself."""
        trials = {
            (type, expected, code): self.trial(f"def f() -> {type}: ...", f"f() == {expected}", f"    {code}\n}}\n", by)
            for (type, expected), answers in ANSWERS.items()
            for code in answers
        }
        equal = dict(zip(trials, self.passed(trials.values()), strict=True))
        assert equal == {(*key, code): equal for key, answers in ANSWERS.items() for code, equal in answers.items()}

    def test_names_of_the_program_disturb_no_suite(self) -> None:
        """A suite runs in an interpreter of its own."""
        names = "".join(f"proc {name} {{args}} {{ return 0 }}\n" for name in NAMES)
        codes = [f"    expr {{$x + {by}}}\n}}\n{names}" for by in (0, 1)]
        trials = [self.trial("def f(x: int) -> int: ...", "f(1) == 1", code, "suite") for code in codes]
        assert self.passed(trials) == [True, False]

    def trial(self, source: str, test: str, code: str, by: str) -> Trial:
        """The completion `code` of the procedure `f`, to be judged by the core or by the suite."""
        problem = self.lab.problem(read_function(source, "f", f"assert {test}"))
        return Trial(problem, Completion(code), bare=by == "suite")

    def passed(self, trials: Iterable[Trial]) -> list[bool]:
        """Whether each of the trials passes."""
        return [isinstance(tried, Tried) and tried.verdict.status == "OK" for tried in self.lab.run(trials)]


@pytest.mark.parametrize(("text", "type", "reason"), REFUSED)
def test_what_tcl_cannot_tell_apart_is_refused(text: str, type: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        plugin.render(value(text, type))


def test_a_comment_ends_with_its_line() -> None:
    """A backslash at the end of a line would take the next one into the comment."""
    assert plugin.comment("C:\\\nnext") == "# C:\\ \n# next\n"

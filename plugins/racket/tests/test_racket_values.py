"""Values cross into Racket and back unchanged, or are refused; MultiPL-E's known faults by name."""

from __future__ import annotations

import pytest

from multiplt.errors import Refused
from multiplt.execute.verdicts import Judge
from multiplt.plugins import BoundLanguage
from multiplt.problems import Status
from multiplt.testing.judging import function_of, problem_of, value, verdicts
from multiplt_lang_racket import plugin


def statuses(
    racket: BoundLanguage, judge: Judge, types: tuple[str, str], cases: list[tuple[str, str]], *codes: str
) -> list[str]:
    function = function_of([types[0]], types[1], cases)
    return [str(verdict.status) for verdict in verdicts(judge, problem_of(racket, function), codes)]


def test_mbpp_563_quotes_in_strings(racket: BoundLanguage, judge: Judge) -> None:
    """MultiPL-E leaves quotes unescaped: the suite does not compile."""
    text = repr('Cast your favorite "PHP", "Python"')
    cases = [(f"({text},)", "['PHP', 'Python']")]
    code = '  (map cadr (regexp-match* #rx"\\"([^\\"]*)\\"" x0 #:match-select values)))'
    assert statuses(racket, judge, ("str", "List[str]"), cases, code) == ["OK"]


def test_mbpp_722_dictionary_of_lists(racket: BoundLanguage, judge: Judge) -> None:
    """MultiPL-E quotes dictionaries, so that a list in them is the symbol `list` and what follows."""
    cases = [("({'a': (6.2, 70)},)", "{'a': [6.2, 70.0]}")]
    types = ("Dict[str, Tuple[float, int]]", "Dict[str, List[float]]")
    right = "  (for/hash ([(k v) x0]) (values k (list (first v) (second v)))))"
    quoted = "  '#hash((\"a\" . (list 6.2 70))))"
    assert statuses(racket, judge, types, cases, right, quoted) == ["OK", "AssertionError"]


def test_none_and_false_are_apart_or_refused(racket: BoundLanguage, judge: Judge) -> None:
    """MultiPL-E lets #f be either everywhere."""
    assert statuses(racket, judge, ("int", "Optional[int]"), [("(1,)", "None")], "  #f)", "  0)", "  null)") == [
        "OK", "AssertionError", "AssertionError"
    ]  # fmt: skip
    for text in ("None", "False"):
        with pytest.raises(Refused, match="None and False are one value"):
            plugin.render(value(text, "Optional[bool]"))
        with pytest.raises(Refused, match="None and False are one value"):
            plugin.render(value(f"[{text}, 1]", "List[Union[int, bool, None]]"))
    assert plugin.render(value("True", "Optional[bool]")) == "#t"


def test_numbers_are_compared_by_type(racket: BoundLanguage, judge: Judge) -> None:
    """MultiPL-E compares every number within an absolute 0.001."""
    cases = [("(1,)", "0.0005"), ("(2,)", "100000.5")]
    codes = ["  (if (= x0 1) 0 100000.5))", "  (if (= x0 1) 0.0005 100000.501))", "  (if (= x0 1) 1/2000 200001/2))"]
    assert statuses(racket, judge, ("int", "float"), cases, *codes) == ["AssertionError", "OK", "OK"]
    assert statuses(racket, judge, ("int", "int"), [("(3,)", "3")], "  3.0)", "  3.0001)", "  #t)", "  x0)") == [
        *["AssertionError"] * 3, "OK"
    ]  # fmt: skip


def test_lists_and_tuples_are_refused_where_the_type_has_both(racket: BoundLanguage) -> None:
    for text in ("[1]", "(1,)"):
        with pytest.raises(Refused, match="a list and a tuple are one value"):
            plugin.render(value(text, "Union[List[int], Tuple[int]]"))
    assert plugin.render(value("(1, [2])", "Tuple[int, List[int]]")) == "(list 1 (list 2))"


def test_strings_are_escaped_readably() -> None:
    assert plugin.render_str('é "x"\\\n\0\u2028\U000e0001😀') == '"é \\"x\\"\\\\\\n\\U00000000\\U00002028\\U000E0001😀"'


# What Racket makes, and what it is in Python; None: nothing that equals.
ANSWERS = [
    ("(make-hash '((1 . 2)))", "Dict[int, int]", "{1: 2}"),
    ("(make-weak-hash (list (cons 1 2)))", "Dict[int, int]", "{1: 2}"),
    ("(hasheqv 1 2)", "Dict[int, int]", "{1: 2}"),
    ("(mutable-set 1 2)", "Set[int]", "{1, 2}"),
    ("(weak-set 1)", "Set[int]", "{1}"),
    ("(seteqv 1 2)", "Set[int]", "{1, 2}"),
    ("(string-copy \"ab\")", "str", "'ab'"),
    ("(expt 7 300)", "int", str(7**300)),
    ("(list->string (list #\\nul #\\U1F600))", "str", repr("\0😀")),
    ("1/3", "float", "0.3333333333333333"),
    ("(expt 10 25)", "float", "1e25"),
    ("(sqrt -4.0)", "float", None),
    ("(vector 1 2)", "List[int]", None),
    ("(cons 1 2)", "List[int]", None),
    ("(in-range 3)", "List[int]", None),
    ("#\\a", "str", None),
    ("'a", "str", None),
    ("#\"a\"", "str", None),
    ("(void)", "None", None),
    ("(lambda () 1)", "int", None),
    ("(list 1 2)", "Set[int]", None),
    ("(list (cons 1 2))", "Dict[int, int]", None),
    ("(values 1 2)", "Tuple[int, int]", None),
]  # fmt: skip


def test_answers_of_every_kind(racket: BoundLanguage, judge: Judge) -> None:
    """As a tuple of one place for each answer that equals, and a case of its own for each that does not."""
    equal = [(code, type, text) for code, type, text in ANSWERS if text is not None]
    whole = f"({', '.join(text for *_, text in equal)})"
    function = function_of([], f"Tuple[{', '.join(type for _, type, _ in equal)}]", [("()", whole)])
    [verdict] = verdicts(judge, problem_of(racket, function), [f"  (list {' '.join(code for code, *_ in equal)}))"])
    assert verdict.status is Status.OK, verdict.failure
    unequal = [code for code, _, text in ANSWERS if text is None]
    clauses = " ".join(f"[({number}) {code}]" for number, code in enumerate(unequal))
    function = function_of(["int"], "Optional[str]", [(f"({number},)", "''") for number in range(len(unequal))])
    [verdict] = verdicts(judge, problem_of(racket, function), [f"  (case x0 {clauses}))"])
    assert (verdict.passed, verdict.total) == (0, len(unequal))


@pytest.mark.parametrize(
    "code",
    [
        "(let ([h (make-hash)]) (hash-set! h 1 h) h)",
        "(let ([p (make-placeholder #f)]) (placeholder-set! p (list 1 p)) (make-reader-graph p))",
        "(make-string 3000000 #\\a)",
        "(for/fold ([v 1]) ([_ 100000]) (list v))",
        "(arithmetic-shift 1 100000000)",
        "(build-list 1000000 values)",
    ],
    ids=["cycle", "graph", "long", "deep", "big", "wide"],
)
def test_values_without_end_are_wrong_answers(racket: BoundLanguage, judge: Judge, code: str) -> None:
    function = function_of(["int"], "List[int]", [("(1,)", "[1]"), ("(2,)", "[2]")])
    [verdict] = verdicts(judge, problem_of(racket, function), [f"  (if (= x0 1) (list 1) {code}))"])
    assert (verdict.status, verdict.passed) == (Status.WRONG, 1)
    assert verdict.failure is not None
    assert len(verdict.failure.actual) <= 1000

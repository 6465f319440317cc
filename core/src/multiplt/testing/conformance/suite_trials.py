"""The programs of the suite checks, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from multiplt.errors import MultipltError
from multiplt.functions import Case, Function
from multiplt.identifiers import spell_function
from multiplt.testing.conformance.crossings import crossings, refusals
from multiplt.testing.conformance.functions import add, same, unchanged
from multiplt.testing.conformance.lab import Lab
from multiplt.testing.trials import Trial, Tried
from multiplt.types import BOOL, FLOAT, parse_type
from multiplt.values import Value

TRUTHS = {"int": {"5": True, "0": False}, "List[int]": {"[0]": True, "[]": False}}
"""Whether values are true in Python's sense, by type."""

CHANGED = ("int", "float", "bool", "str", "List[int]", "Tuple[int, str]", "Dict[str, int]", "Set[int]", "Optional[int]")
"""Types at which the suite is seen to fail: each is compared in a way of its own somewhere."""

TOLERANCE, TOO_LITTLE = 0.5, 0.125
"""Of a result that is 0.25 off."""

Named = Iterator[tuple[str, Callable[[], Trial]]]


def truths(annotation: str, *, contrary: bool = False) -> Function:
    """`same`, with tests of the truth of values; `contrary` ones hold nowhere."""
    type = parse_type(annotation)
    cases = [unchanged(text, type) for text in TRUTHS[annotation]]
    expected = [Value(BOOL, truth is not contrary) for truth in TRUTHS[annotation].values()]
    return same(type, [replace(c, expected=e, check="truth") for c, e in zip(cases, expected, strict=True)])


def tolerance(amount: float) -> Function:
    """`same`, with a test that its result 2.0 is within an absolute `amount` of 2.25."""
    return same(FLOAT, [Case((Value(FLOAT, 2.0),), Value(FLOAT, 2.25), tolerance=amount, test="tolerance")])


def suite_trials(lab: Lab) -> dict[str, Tried | MultipltError]:
    """What came of each program; those that the language refuses are left out."""
    return lab.run_named(dict([*_sums(lab), *_values(lab), *_checks(lab)]))


def _sums(lab: Lab) -> Named:
    for section in ("right", "wrong", "raises"):
        yield section, partial(_trial, lab, add(), section)
    yield "no tests", partial(_without_tests, lab)


def _values(lab: Lab) -> Named:
    """The values that are not refused, those of one type together; and the first of them expected to be another."""
    kept: dict[str, list[Case]] = {}
    changed: dict[str, Case] = {}
    for crossing in lab.once(crossings).values():
        kind = crossing.kind
        if crossing.error:
            yield kind.annotation, partial(_fail, crossing.error)
        kept.setdefault(kind.annotation, []).extend(unchanged(text, kind.type) for text in crossing.kept)
        if crossing.kept and kind.annotation in CHANGED:
            changed.setdefault(kind.annotation, unchanged(crossing.kept[0], kind.type, kind.other))
    for annotation, cases in kept.items():
        yield from _expressed(lab, annotation, same(parse_type(annotation), cases))
    for annotation, case in changed.items():
        yield from _expressed(lab, f"{annotation}, changed", same(parse_type(annotation), [case]))


def _checks(lab: Lab) -> Named:
    """Tests of truth and with a tolerance, by the core and as text."""
    functions = {f"truth of {annotation}": truths(annotation) for annotation in TRUTHS}
    functions |= {f"truth of {a}, contrary,": truths(a, contrary=True) for a in TRUTHS}
    functions |= {"tolerance": tolerance(TOLERANCE), "tolerance, contrary,": tolerance(TOO_LITTLE)}
    for name, function in functions.items():
        yield from _expressed(lab, f"{name} by the core", function, bare=False)
        yield from _expressed(lab, f"{name} by the suite", function)


def _expressed(lab: Lab, name: str, function: Function, *, bare: bool = True) -> Named:
    """The program of a function that `same` completes, unless the language refuses it."""
    try:
        refused = bool(function.cases) and len(refusals(lab, function)) == len(function.cases)
    except MultipltError:  # what the plugin fails of is told in its turn
        refused = False
    if function.cases and not refused:
        yield name, partial(_trial, lab, function, "same", bare)


def _trial(lab: Lab, function: Function, section: str, bare: bool = True) -> Trial:
    return Trial(lab.problem(function), lab.candidate(section), bare)


def _fail(error: MultipltError) -> Trial:
    raise error


def _without_tests(lab: Lab) -> Trial:
    function = add()
    suite = lab.language.translate_tests(replace(spell_function(function, lab.language.spec), cases=()))
    problem = lab.problem(function).model_copy(update={"tests": suite.text})
    return Trial(problem, lab.candidate("right"), bare=True)

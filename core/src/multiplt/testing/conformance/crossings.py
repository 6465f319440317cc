"""Sending values of every kind through a language, in as few programs as tell them apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from multiplt.errors import MultipltError, Refused
from multiplt.execute.judge import judge
from multiplt.functions import Function
from multiplt.hookspecs import Results
from multiplt.identifiers import spell_function
from multiplt.idioms import Idioms
from multiplt.problems import Verdict
from multiplt.testing.conformance.functions import same, unchanged
from multiplt.testing.conformance.kinds import KINDS, Kind
from multiplt.testing.conformance.lab import Lab
from multiplt.testing.trials import Trial, Tried, attempt


@dataclass(frozen=True)
class Crossing:
    """What came of a kind's values.

    Those `kept` ran in `tried`, as its cases from `first` on; `refused` gives reasons by value. `error` is what
    the plugin failed of.
    """

    kind: Kind
    kept: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    tried: Tried | None = None
    first: int = 0
    error: MultipltError | None = None


def crossings(lab: Lab) -> dict[str, Crossing]:
    """Every kind by name: kinds of one type go in one program, and alone where that one fails as a whole."""
    offered = [_offer(lab, kind) for kind in KINDS]
    annotations = dict.fromkeys(kind.annotation for kind in KINDS)
    together = [[c for c in offered if c.kept and c.kind.annotation == annotation] for annotation in annotations]
    together = [group for group in together if group]
    crossed = {crossing.kind.name: crossing for crossing in offered}
    crossed |= _cross(lab, together)
    alone = [[c] for group in together if len(group) > 1 for c in group if _fell(crossed[c.kind.name])]
    return crossed | _cross(lab, alone)


def refusals(lab: Lab, function: Function) -> dict[str, str]:
    """The tests of a function that the language refuses, with its reasons.

    Raises `MultipltError` where the plugin does not refuse but fail.
    """
    spelled = spell_function(function, lab.language.spec)
    try:
        refused = lab.language.translate_tests(spelled).refused
        lab.language.build_prompt(spelled, "completion", False)
    except Refused as reason:
        if reason.__cause__ is not None:  # an error of the plugin's
            raise
        return dict.fromkeys((case.test for case in function.cases), str(reason))
    return {test.test: test.reason for test in refused}


def verdict_on(crossing: Crossing, number: int, idioms: Idioms, expected: str | None = None) -> Verdict:
    """The verdict on one value that was kept, as if `expected` had been expected of it alone."""
    tried = crossing.tried
    assert tried
    strict = tried.problem.multiplt
    assert strict
    position = crossing.first + number
    case = strict.cases[position]
    case = case if expected is None else case.model_copy(update={"expected": expected})
    results = tuple(replace(result, case=0) for result in tried.results.cases[position : position + 1])
    problem = tried.problem.model_copy(update={"multiplt": strict.model_copy(update={"cases": (case,)})})
    return judge(problem, tried.outcome, Results(results, tried.results.status, tried.results.message), idioms)


def _offer(lab: Lab, kind: Kind) -> Crossing:
    function = same(kind.type, [unchanged(text, kind.type) for text in kind.texts])
    refused = attempt(refusals, lab, function)
    if isinstance(refused, MultipltError):
        return Crossing(kind, error=refused)
    return Crossing(kind, tuple(text for text in kind.texts if text not in refused), refused)


def _cross(lab: Lab, groups: Sequence[Sequence[Crossing]]) -> dict[str, Crossing]:
    """Run each group, of kinds of one type, as one program."""
    crossed: dict[str, Crossing] = {}
    for group, tried in zip(groups, lab.run(attempt(_trial, lab, group) for group in groups), strict=True):
        first = 0
        for crossing in group:
            ended = {"error": tried} if isinstance(tried, MultipltError) else {"tried": tried, "first": first}
            crossed[crossing.kind.name] = replace(crossing, **ended)
            first += len(crossing.kept)
    return crossed


def _trial(lab: Lab, group: Sequence[Crossing]) -> Trial:
    type = group[0].kind.type
    cases = [unchanged(text, type) for crossing in group for text in crossing.kept]
    return Trial(lab.problem(same(type, cases)), lab.candidate("same"))


def _fell(crossing: Crossing) -> bool:
    """Whether the program failed as a whole, so that its kinds are not told apart."""
    return crossing.tried is None or crossing.tried.results.status is not None

"""Two runs over the same problems: the paired difference in pass@1, and whether chance explains it."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from multiplt.errors import MultipltError
from multiplt.evaluate.pass_k import Estimate, estimate
from multiplt.evaluate.results import Counts, rates

FLIPS = 10_000
"""Random flips of signs where there are too many to try each."""

ENUMERATED = 13
"""Problems that differ of which every flip of signs is tried: 2^13 are fewer than `FLIPS`."""

DIGITS = 9
"""Rates and sums of them that are the same to so many decimal places are the same."""


@dataclass(frozen=True)
class Comparison:
    """A run against a base: `difference` is the mean over problems of its pass@1 less the base's.

    `p_value` is that of a two-sided paired permutation test over problems. `gains` and `losses` are the problems
    that differ, with their differences, the largest first.
    """

    base: Estimate
    score: Estimate
    difference: Estimate
    p_value: float
    gains: dict[str, float]
    losses: dict[str, float]


def compare(base: Counts, run: Counts) -> Comparison:
    """Compare two runs over the same problems."""
    before, after = rates(base, 1), rates(run, 1)
    differences = {name: after[name] - before[name] for name in before}
    ordered = sorted(differences.items(), key=lambda item: (-round(abs(item[1]), DIGITS), item[0]))
    return Comparison(
        base=estimate([*before.values()]),
        score=estimate([*after.values()]),
        difference=estimate([*differences.values()]),
        p_value=permutation_p_value([*differences.values()]),
        gains={name: difference for name, difference in ordered if difference > 0},
        losses={name: difference for name, difference in ordered if difference < 0},
    )


def permutation_p_value(differences: Sequence[float], seed: int = 0) -> float:
    """How probable a mean at least as far from 0 is where the sign of each difference is chance.

    Exact for few differences, else from random flips, the observed one counted among them so that it is never 0
    (Phipson and Smyth, "Permutation P-values should never be zero", 2010).

    >>> permutation_p_value([1.0, 0.5, 0.0, 0.25])
    0.25
    """
    differing = [difference for difference in differences if difference]
    if not differing:
        return 1.0
    observed = abs(sum(differing)) - 10.0**-DIGITS
    if len(differing) <= ENUMERATED:
        sums = [abs(sum(flipped)) for flipped in product(*((d, -d) for d in differing))]
        return sum(total >= observed for total in sums) / len(sums)
    extreme = sum(abs(total) >= observed for total in _random_sums(differing, random.Random(seed)))
    return (extreme + 1) / (FLIPS + 1)


def _random_sums(differences: Sequence[float], generator: random.Random) -> Iterator[float]:
    for _ in range(FLIPS):
        yield sum(d if generator.random() < 0.5 else -d for d in differences)


def shared(runs: Sequence[Counts]) -> list[Counts]:
    """The runs with the problems alone that all of them have. Raises `MultipltError` where there are none."""
    names = [name for name in runs[0] if all(name in run for run in runs)]
    if not names:
        raise MultipltError("the results have no problem in common; compare runs on one benchmark and language")
    return [restricted(run, names) for run in runs]


def restricted(run: Counts, names: Collection[str]) -> Counts:
    """The counts of the problems in `names`, in their order."""
    return {name: run[name] for name in names}


@dataclass(frozen=True)
class Selection:
    """The best of several runs on the `validation` problems, to be judged on the `rest`."""

    best: int
    validation: list[str]
    rest: list[str]


def select(runs: Sequence[Counts], share: float, seed: int) -> Selection:
    """Choose among runs over the same problems by pass@1 on a random `share` of them; of equal ones the first.

    The score of the best run on the problems that it was chosen by is too high, and so it is judged on the rest.
    Raises `MultipltError` where there are too few problems.
    """
    names = sorted(runs[0])
    count = round(share * len(names))
    if not 0 < count < len(names):
        raise MultipltError(f"{share:.0%} of {len(names)} problems is nothing to choose by or leaves none to judge by")
    validation = sorted(random.Random(seed).sample(names, count))
    means = [sum(rates(restricted(run, validation), 1).values()) for run in runs]
    rest = [name for name in names if name not in set(validation)]
    return Selection(means.index(max(means)), validation, rest)

"""Adaptive sampling: where the next completions are worth most, and when there have been enough.

A completion is worth something when it is right and new, that is, near to no right one before it. For a problem with
n completions, v of them right, in d groups of near copies, s of which have one member, the odds that the next one is
right and new are

    (a + v) / (a + b + n)  ·  (c + min(s, d - 1)) / (c + e + v - 1)

The first factor is the mean of a Beta-Binomial model of the completions that are right, the second one that of the
right ones after the first that are new (1 where v is 0). In the second, groups with one member stand for the new
ones, as in Good and Turing's estimate (I. J. Good, "The Population Frequencies of Species and the Estimation of
Population Parameters", Biometrika 40, 1953): what was found again and again says that little new is to come. The
priors (a, b) and (c, e) are those, of a grid, under which what the problems of a shard have shown so far is most
likely (an empirical Bayes estimate). Here lies what makes the rule work where a model solves few problems, and where
it says the same thing over and over.

Completions are asked for in rounds: the first for every problem, each one after it for the problems with the best
odds that make up half of the sum of all odds, until the budget is used, or all have `most` completions, `enough`
groups, or odds below `least`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate, product
from math import lgamma

ROUNDS = 10
"""Rounds in which a problem would get all of its completions."""

GRID = [*product((0.05, 0.1, 0.2, 0.4, 0.8, 1.6), (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8))]
"""The priors that are tried."""

UNDECIDED = (0, 1), (1, 1)
"""Counted among what was seen of new ones, so that there is something before anything was seen."""


@dataclass
class Tally:
    """What a problem's completions have come to: `groups` are the sizes of the groups of right ones."""

    asked: int = 0
    groups: list[int] = field(default_factory=list)

    @property
    def right(self) -> int:
        """How many are right."""
        return sum(self.groups)

    def add(self, group: int | None) -> None:
        """Count a completion: wrong (None), or right and in the group of that number, which may be the next one."""
        self.asked += 1
        if group is None:
            return
        if group == len(self.groups):
            self.groups.append(0)
        self.groups[group] += 1


@dataclass(frozen=True)
class Rule:
    """Completions for each problem: `most` at most, and no more with `enough` groups of right ones or where the odds
    are below `least`; `budget` is for all problems together."""

    most: int
    enough: int
    least: float
    budget: int

    def next_round(self, tallies: Sequence[Tally]) -> list[int]:
        """How many more completions to ask for of each problem; none of any at the end.

        >>> rule = Rule(most=20, enough=10, least=0.001, budget=100)
        >>> rule.next_round([Tally(), Tally()])
        [2, 2]
        >>> rule.next_round([Tally(2, [1, 1]), Tally(2)])
        [2, 0]
        """
        left = self.budget - sum(tally.asked for tally in tallies)
        wanted = [0] * len(tallies)
        for number in self._chosen(tallies):
            wanted[number] = min(max(1, self.most // ROUNDS), self.most - tallies[number].asked, left)
            left -= wanted[number]
        return wanted

    def _chosen(self, tallies: Sequence[Tally]) -> list[int]:
        """The problems that are asked about next, the best first."""
        if not any(tally.asked for tally in tallies):
            return [*range(len(tallies))]
        odds = odds_of_new(tallies)
        useful = [
            number
            for number, tally in enumerate(tallies)
            if tally.asked < self.most and len(tally.groups) < self.enough and odds[number] >= self.least
        ]
        useful.sort(key=lambda number: -odds[number])
        sums = accumulate((odds[number] for number in useful), initial=0.0)
        half = sum(odds[number] for number in useful) / 2
        return [number for number, sum_before in zip(useful, sums, strict=False) if sum_before < half]


def odds_of_new(tallies: Sequence[Tally]) -> list[float]:
    """For each problem, the odds that its next completion is right and new."""
    right = _fit((tally.right, tally.asked) for tally in tallies)
    seen = [(len(tally.groups) - 1, tally.right - 1) for tally in tallies if tally.right]
    new = _fit([*UNDECIDED, *seen])
    return [_mean(right, tally.right, tally.asked) * _new(new, tally) for tally in tallies]


def _new(prior: tuple[float, float], tally: Tally) -> float:
    if not tally.right:
        return 1.0
    return _mean(prior, min(tally.groups.count(1), len(tally.groups) - 1), tally.right - 1)


def _mean(prior: tuple[float, float], successes: int, trials: int) -> float:
    return (prior[0] + successes) / (prior[0] + prior[1] + trials)


def _fit(seen: Iterable[tuple[int, int]]) -> tuple[float, float]:
    """The prior under which successes and trials are most likely."""
    counted = Counter(seen).items()

    def likelihood(prior: tuple[float, float]) -> float:
        return sum(times * _log_likelihood(*prior, *pair) for pair, times in counted)

    return max(GRID, key=likelihood)


@cache
def _log_likelihood(a: float, b: float, successes: int, trials: int) -> float:
    """Of the Beta-Binomial distribution, without the number of orders, which the prior does not change."""
    return _log_beta(a + successes, b + trials - successes) - _log_beta(a, b)


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)

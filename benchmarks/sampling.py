"""Completions used for each distinct solution that passes: adaptive sampling against a fixed number for each problem,
and the most that any rule could find.

The completions are recorded ones (a folder of MultiPL-E's files, completions and results), in 200 random orders, and
those of 2,000 simulated problems, with five seeds. A share says how many of all completions were used, and what part
of the distinct solutions among all of them was found: by the adaptive rule with that budget, or with so many
completions of every problem; and what the rule finds and uses by itself, without a budget. Solutions are told apart by
the rule for near copies, or also where they are near (`different`: other tokens).

Simulated problems have pass rates from a beta distribution, and each solution that passes is a new one with the odds
θ / (θ + those before) of a Chinese restaurant process, else one of those before. "As recorded" are those with the
parameters under which the recorded numbers of solutions, and of distinct ones among them, are most likely.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import product, zip_longest
from math import lgamma, log
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from multiplt.errors import Refused
from multiplt.plugins import BoundLanguage, installed
from multiplt.problems import Problem, Status
from multiplt.rows import Row
from multiplt.settings import TranslationSamplingSettings
from multiplt.translate.adaptive import Rule, Tally
from multiplt.translate.near_duplicates import Distinct

Problems = Sequence[Sequence[int | None]]
"""For each problem its completions: wrong (None), or which distinct solution it is."""

SHUFFLES = 200
SEEDS = range(5)
SHARES = (0.2, 0.4, 0.5, 0.6, 0.7, 0.8)
SHARD = 100
LEAST = TranslationSamplingSettings().least_odds
PASS_RATES = {"never or always": (0.1, 0.3), "in between": (0.3, 0.9)}
"""Parameters of beta distributions."""
THETAS = (0.3, 3.0, 30.0)
SIMULATED, SIMULATED_N = 2000, 50
TRIED = [0.01 * 1.05**step for step in range(190)]
"""Values, to 100, of which the most likely one is a parameter of what was recorded."""
COSTS = [0.0001 * 1.05**step for step in range(190)]
"""Costs of a completion, to 1, where a distinct solution is worth 1."""


def play(problems: Problems, share: float, least: float) -> tuple[int, int]:
    """Distinct solutions found by the rule, and completions used."""
    n = len(problems[0])
    found = used = 0
    for first in range(0, len(problems), SHARD):
        shard = problems[first : first + SHARD]
        rule = Rule(most=n, enough=n, least=least, budget=round(share * n * len(shard)))
        tallies = [Tally() for _ in shard]
        groups: list[dict[int, int]] = [{} for _ in shard]
        while any(wanted := rule.next_round(tallies)):
            for problem, tally, seen, more in zip(shard, tallies, groups, wanted, strict=True):
                for solution in problem[tally.asked : tally.asked + more]:
                    tally.add(None if solution is None else seen.setdefault(solution, len(seen)))
        found += sum(len(tally.groups) for tally in tallies)
        used += sum(tally.asked for tally in tallies)
    return found, used


def fixed(problems: Problems, n: float) -> float:
    """Distinct solutions found with `n` completions of every problem; between two whole numbers, in proportion."""
    whole, part = int(n), n % 1
    lower = sum(len({*problem[:whole]} - {None}) for problem in problems)
    upper = sum(len({*problem[: whole + 1]} - {None}) for problem in problems)
    return lower + part * (upper - lower)


def most(pass_rates: tuple[float, float], theta: float) -> list[float]:
    """The part of the distinct solutions that no rule exceeds on average, with each share: even one that knows these
    parameters, but no problem's own pass rate.

    If a completion cost something, the best rule would treat each problem for itself. What it gains at any cost, and
    the budget at that cost, are no less than what any rule finds within the budget (Lagrangian relaxation).
    """
    gains = [(cost, _gain(pass_rates, theta, cost)) for cost in COSTS]
    all_of_them = _gain(pass_rates, theta, 0)
    return [min(gain + cost * share * SIMULATED_N for cost, gain in gains) / all_of_them for share in SHARES]


def _gain(pass_rates: tuple[float, float], theta: float, cost: float) -> float:
    """Distinct solutions of a problem less what its completions cost, left off at the best time: the best that is to
    come after `asked` completions, for each number of right ones, from the last completion back to the first."""
    a, b = pass_rates
    gain = [0.0] * (SIMULATED_N + 1)
    for asked in reversed(range(SIMULATED_N)):
        for right in range(asked + 1):
            odds = (a + right) / (a + b + asked)
            going_on = odds * (theta / (theta + right) + gain[right + 1]) + (1 - odds) * gain[right] - cost
            gain[right] = max(0.0, going_on)
    return gain[0]


def simulate(pass_rates: tuple[float, float], theta: float, seed: int) -> Problems:
    """Completions of simulated problems."""
    chance = random.Random(seed)
    return [[*_completions(chance.betavariate(*pass_rates), theta, chance)] for _ in range(SIMULATED)]


def _completions(pass_rate: float, theta: float, chance: random.Random) -> Iterator[int | None]:
    passed: list[int] = []
    for _ in range(SIMULATED_N):
        if chance.random() >= pass_rate:
            yield None
            continue
        is_new = chance.random() < theta / (theta + len(passed))
        passed.append(len({*passed}) if is_new else chance.choice(passed))
        yield passed[-1]


def likely_pass_rates(problems: Problems) -> tuple[float, float]:
    """The beta distribution under which the numbers of right completions are most likely."""
    counted = [(sum(solution is not None for solution in problem), len(problem)) for problem in problems]

    def likelihood(pair: tuple[float, float]) -> float:
        return sum(_log_beta(pair[0] + v, pair[1] + n - v) for v, n in counted) - len(counted) * _log_beta(*pair)

    return max(product(TRIED, TRIED), key=likelihood)


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def likely_theta(problems: Problems) -> float:
    """The θ under which the numbers of distinct solutions among the right ones are most likely (Ewens' formula)."""
    rights = [[solution for solution in problem if solution is not None] for problem in problems]
    return max(TRIED, key=lambda t: sum(len({*r}) * log(t) + lgamma(t) - lgamma(t + len(r)) for r in rights))


def read_recorded(folder: Path) -> tuple[Problems, Problems]:
    """Recorded completions, told apart by the rule for near copies, and by their tokens."""
    near, different = [], []
    for path in sorted(folder.glob("*.results.json.gz")):
        results: Row = json.loads(gzip.decompress(path.read_bytes()))
        asked: Row = json.loads(gzip.decompress(path.with_name(path.name.replace(".results", "")).read_bytes()))
        texts = [*_passing(asked, results, installed().language(asked["language"]))]
        distinct, tokens = Distinct(), dict[str, int]()
        near.append([None if text is None else _group(distinct, text) for text in texts])
        different.append([None if t is None else tokens.setdefault(" ".join(t.split()), len(tokens)) for t in texts])
    return near, different


def _passing(asked: Row, results: Row, language: BoundLanguage) -> Iterator[str | None]:
    problem = Problem.from_row(asked)
    for text, result in zip(asked["completions"], results["results"], strict=True):
        if result["status"] != Status.OK:
            yield None
            continue
        try:
            yield language.clean(problem, language.extract_completion(problem, text)).without_comments
        except Refused:
            yield text


def _group(distinct: Distinct, text: str) -> int:
    keeper = distinct.add(text)
    return len(distinct) - 1 if keeper is None else keeper


def measure(name: str, orders: Iterable[Problems], limits: Sequence[float], table: Table) -> None:
    """Add what came of one kind of problems, the mean over their orders."""
    counted = [_measured(problems) for problems in orders]
    total, alone, used, *found = (sum(values) / len(values) for values in zip(*counted, strict=True))
    shares = zip_longest(found[::2], found[1::2], limits)
    cells = [" / ".join(f"{part:.1%}" for part in parts if part is not None) for parts in shares]
    table.add_row(name, f"{total:.0f}", *cells, f"{alone:.1%} with {used:.0%}")


def _measured(problems: Problems) -> list[float]:
    """All distinct solutions; the part found without a budget, and the share used; the parts found with each share."""
    n = len(problems[0])
    total = fixed(problems, n)
    alone, used = play(problems, 1.0, LEAST)
    found = [number for share in SHARES for number in (play(problems, share, 0.0)[0], fixed(problems, n * share))]
    return [total, alone / total, used / (n * len(problems)), *(number / total for number in found)]


def _shuffled(problems: Problems) -> Iterator[Problems]:
    chance = random.Random(0)
    for _ in range(SHUFFLES):
        yield [chance.sample(problem, len(problem)) for problem in problems]


def _measure_simulated(name: str, pass_rates: tuple[float, float], theta: float, table: Table) -> None:
    name = f"{name}, beta({pass_rates[0]:.2g}, {pass_rates[1]:.2g}), θ = {theta:.2g}"
    orders = (simulate(pass_rates, theta, seed) for seed in SEEDS)
    measure(name, orders, most(pass_rates, theta), table)


@click.command()
@click.argument("recorded", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
def sampling(recorded: Path | None) -> None:
    """Compare them on RECORDED, a folder of MultiPL-E's files, and on simulated problems."""
    table = Table("problems", "solutions", *(f"{share:.0%} used" for share in SHARES), "by itself",
                  title="Part of the distinct solutions that is found: adaptive / fixed / the most")  # fmt: skip
    if recorded:
        for told_apart, problems in zip(("near copies are one", "different"), read_recorded(recorded), strict=True):
            measure(f"recorded, {told_apart}", _shuffled(problems), [], table)
            _measure_simulated(f"as recorded, {told_apart}", likely_pass_rates(problems), likely_theta(problems), table)
    for rates, pass_rates in PASS_RATES.items():
        for theta in THETAS:
            _measure_simulated(rates, pass_rates, theta, table)
    Console(width=240).print(table)


if __name__ == "__main__":
    sampling()

"""Completions used for each distinct solution that passes: adaptive sampling against a fixed number for each problem.

The completions are recorded ones (a folder of MultiPL-E's files, completions and results), in 200 random orders, and
those of 2,000 simulated problems. A share says how many of all completions were used, and what part of the distinct
solutions among all of them was found: by the adaptive rule with that budget, or with so many completions of every
problem; and what the rule finds and uses by itself, without a budget. Solutions are told apart by the rule for near
copies, or also where they are near (`different`: other tokens).

Simulated problems have pass rates from a beta distribution, and each solution that passes is a new one with the odds
θ / (θ + those before) of a Chinese restaurant process, else one of those before.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable, Iterator, Sequence
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
SHARES = (0.2, 0.4, 0.5, 0.6, 0.7, 0.8)
SHARD = 100
LEAST = TranslationSamplingSettings().least_odds
PASS_RATES = {"never or always": (0.1, 0.3), "in between": (0.3, 0.9)}
"""Parameters of beta distributions; the first is that of the recorded problems, about."""
THETAS = (0.3, 3.0, 30.0)
SIMULATED, SIMULATED_N = 2000, 50


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


def measure(name: str, orders: Iterable[Problems], table: Table) -> None:
    """Add what came of one kind of problems, the mean over their orders."""
    counted = [0.0] * (2 * len(SHARES) + 2)
    times = total = 0
    for problems in orders:
        times += 1
        n = len(problems[0])
        total = int(fixed(problems, n))
        alone, used = play(problems, 1.0, LEAST)
        shares = [(play(problems, share, 0.0)[0] / total, fixed(problems, n * share) / total) for share in SHARES]
        numbers = [value for pair in shares for value in pair] + [alone / total, used / (n * len(problems))]
        counted = [before + value for before, value in zip(counted, numbers, strict=True)]
    means = [value / times for value in counted]
    cells = [f"{means[2 * i]:.1%} / {means[2 * i + 1]:.1%}" for i in range(len(SHARES))]
    table.add_row(name, str(total), *cells, f"{means[-2]:.1%} with {means[-1]:.0%}")


def _shuffled(problems: Problems) -> Iterator[Problems]:
    chance = random.Random(0)
    for _ in range(SHUFFLES):
        yield [chance.sample(problem, len(problem)) for problem in problems]


@click.command()
@click.argument("recorded", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
def sampling(recorded: Path | None) -> None:
    """Compare the two on RECORDED, a folder of MultiPL-E's files, and on simulated problems."""
    table = Table("problems", "solutions", *(f"{share:.0%} used" for share in SHARES), "by itself",
                  title="Part of the distinct solutions that is found: adaptive / fixed")  # fmt: skip
    if recorded:
        near, different = read_recorded(recorded)
        measure("recorded, near copies are one", _shuffled(near), table)
        measure("recorded, different", _shuffled(different), table)
    for rates, pass_rates in PASS_RATES.items():
        for theta in THETAS:
            measure(f"simulated, {rates}, θ = {theta:g}", [simulate(pass_rates, theta, 0)], table)
    Console(width=180).print(table)


if __name__ == "__main__":
    sampling()

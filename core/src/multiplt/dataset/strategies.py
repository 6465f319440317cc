"""Which solutions go into a training set: the strategies of the MultiPL-T paper (OOPSLA 2024)."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import get_args

from multiplt.dataset.solutions import Solution
from multiplt.models import derive_seed
from multiplt.rows import Row
from multiplt.run.progress import Progress
from multiplt.settings import Strategy
from multiplt.translate.deduplication import PLACE, Deduplicate, Dropped, find_near_duplicates
from multiplt.translate.rouge import import_compiled

STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)


Choice = list[Dropped | None]
"""For each solution, in their order, why it is left out, or None."""


def choose_all(solutions: Sequence[Solution]) -> Choice:
    """Every solution."""
    return [None] * len(solutions)


def choose_random(solutions: Sequence[Solution], seed: int) -> Choice:
    """One solution of each function, drawn at random: the same for the same function, whatever else is there."""

    def draw(own: Sequence[Solution]) -> Solution:
        first = own[0]
        return random.Random(derive_seed(seed, first.language, first.function)).choice(own)

    return _one_each(solutions, draw, "another solution of the function was drawn")


def choose_best(solutions: Sequence[Solution]) -> Choice:
    """One solution of each function: of the highest pass rate, and of several of those the first.

    The pass rate is a function's under one model and prompt, so it decides between runs.
    """
    return _one_each(
        solutions,
        lambda own: max(own, key=lambda solution: solution.pass_rate),
        "another solution of the function has a pass rate as high or higher",
    )


def _one_each(solutions: Sequence[Solution], pick: Callable[[Sequence[Solution]], Solution], reason: str) -> Choice:
    own: dict[int | str, list[Solution]] = defaultdict(list)
    for solution in solutions:
        own[solution.function].append(solution)
    picked = {function: pick(each) for function, each in own.items()}
    keepers = [picked[solution.function] for solution in solutions]
    return [
        None if solution is keeper else Dropped(reason, {"keeper": keeper.called})
        for solution, keeper in zip(solutions, keepers, strict=True)
    ]


def choose_distinct(solutions: Sequence[Solution], threshold: float) -> Choice:
    """Solutions that are no near-duplicates, as `multiplt dedup` finds them: of a function, then of all functions.

    Raises `MultipltError` where a package is missing.
    """
    import_compiled()
    rows = (_as_row(solution, place) for place, solution in enumerate(solutions))
    with Progress("near-duplicates", len(solutions), unit="programs") as progress:
        found = find_near_duplicates(rows, Deduplicate(threshold), lambda done: progress.advance(max(done, 0)))
    return [found.get(place) for place in range(len(solutions))]


def _as_row(solution: Solution, place: int) -> Row:
    return solution.described | {
        PLACE: place,
        "language": solution.language,
        "original_id": solution.function,
        "content": solution.content,
        "pass_rate": solution.pass_rate,
    }


def choose(strategy: Strategy, solutions: Sequence[Solution], seed: int, threshold: float) -> Choice:
    """What `strategy` chooses of the solutions in one language; `seed` is for `random`, `threshold` for `dedup`."""
    match strategy:
        case "dedup":
            return choose_distinct(solutions, threshold)
        case "random":
            return choose_random(solutions, seed)
        case "best":
            return choose_best(solutions)
        case "all":
            return choose_all(solutions)

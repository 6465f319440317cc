"""Which solutions go into a training set: the strategies of the MultiPL-T paper (OOPSLA 2024, sections 4.4 and 5)."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from multiplt.comments import strip_comments
from multiplt.dataset.solutions import Solution
from multiplt.errors import Refused
from multiplt.models import derive_seed
from multiplt.plugins import installed
from multiplt.run.progress import Progress
from multiplt.translate.near_duplicates import Distinct

Strategy = Literal["dedup", "random", "all", "best"]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)


@dataclass(frozen=True)
class Dropped:
    """Why a solution is left out, and the solution that is kept in its stead, if it is that."""

    reason: str
    keeper: Solution | None = None


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
        None if solution is keeper else Dropped(reason, keeper)
        for solution, keeper in zip(solutions, keepers, strict=True)
    ]


def choose_distinct(solutions: Sequence[Solution], threshold: float) -> Choice:
    """Solutions that are no near-duplicates: first among those of a function, then among all that are left.

    In both, a solution is compared with those kept before it, in the order of pass rate and then of the input, without
    comments.

    Raises `MultipltError` where a package is missing.
    """
    texts = [_without_comments(solution) for solution in solutions]
    order = sorted(range(len(solutions)), key=lambda index: -solutions[index].pass_rate)
    own: dict[int | str, list[int]] = defaultdict(list)
    for index in order:
        own[solutions[index].function].append(index)
    choice: Choice = [None] * len(solutions)

    def drop_near(indexes: Sequence[int], reason: str, final: bool) -> None:
        distinct = Distinct(threshold)
        kept: list[int] = []
        for index in indexes:
            try:
                keeper = distinct.add(texts[index])
                choice[index] = None if keeper is None else Dropped(reason, solutions[kept[keeper]])
            except Refused as refused:
                choice[index] = Dropped(str(refused))
            if choice[index] is None:
                kept.append(index)
            progress.advance(final or choice[index] is not None)

    with Progress("near-duplicates", len(solutions), unit="programs") as progress:
        for indexes in own.values():
            if len(indexes) > 1:
                drop_near(indexes, "a near-duplicate of another solution of the function", final=False)
        left = [index for index in order if choice[index] is None]
        drop_near(left, "a near-duplicate of a solution of another function", final=True)
    return choice


def _without_comments(solution: Solution) -> str:
    return strip_comments(solution.content, installed().language(solution.language).spec.comments)


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

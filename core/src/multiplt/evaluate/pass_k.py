"""pass@k over results, with a bootstrap interval over problems."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

RESAMPLES = 1000
"""Bootstrap resamples; the 95% interval lies between their 2.5th and 97.5th percentiles."""


@dataclass(frozen=True)
class Estimate:
    """A mean over problems and its 95% interval."""

    mean: float
    lower: float
    upper: float


def pass_at_k(n: int, correct: int, k: int) -> float:
    """The unbiased estimate of pass@k from `n` completions, `correct` of them right.

    1 - C(n-c, k) / C(n, k), as a product (Chen et al., "Evaluating Large Language Models Trained on Code",
    2021, section 2.1).

    >>> round(pass_at_k(10, 3, 1), 3), pass_at_k(5, 3, 3)
    (0.3, 1.0)
    """
    if k > n:
        raise ValueError(f"pass@{k} needs at least {k} completions, there are {n}")
    if n - correct < k:
        return 1.0
    missed = 1.0
    for i in range(n - correct + 1, n + 1):
        missed *= 1 - k / i
    return 1 - missed


def estimate(rates: Sequence[float], seed: int = 0) -> Estimate:
    """The mean of per-problem rates, and its bootstrap interval over problems."""
    generator = random.Random(seed)
    count = len(rates)
    means = sorted(sum(generator.choices(rates, k=count)) / count for _ in range(RESAMPLES))
    return Estimate(sum(rates) / count, means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES)])

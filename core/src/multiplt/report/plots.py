"""Plots, for which matplotlib is loaded only when one is asked for."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path

from multiplt.errors import UsageError
from multiplt.evaluate.pass_k import Estimate
from multiplt.rows import replacing

SUFFIXES = (".pdf", ".png", ".svg")


def check_plot(path: Path) -> None:
    """Raise `UsageError`, before any work, where no plot can be drawn to `path`."""
    if path.suffix not in SUFFIXES:
        raise UsageError(f"the name {path} says no form for a plot; end it in {', '.join(SUFFIXES)}")
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError("plots need the package matplotlib; pip install multiplt[plots]")


def plot_scores(scores: Mapping[str, Estimate], path: Path) -> None:
    """Draw the pass@1 of runs, in percent and in their order, with their intervals; the first as a line to compare."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.5 + 0.9 * len(scores), 3.2), layout="constrained")
    axes = figure.subplots()
    means = [100 * score.mean for score in scores.values()]
    below = [100 * (score.mean - score.lower) for score in scores.values()]
    above = [100 * (score.upper - score.mean) for score in scores.values()]
    axes.axhline(means[0], color="0.7", linewidth=1)
    axes.errorbar(range(len(means)), means, yerr=[below, above], fmt="o", capsize=4, color="C0")
    axes.set_xticks(range(len(means)), [*scores], rotation=30, ha="right")
    axes.set_xlim(-0.5, len(means) - 0.5)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("pass@1 in %, 95% interval")
    with replacing(path) as file:
        figure.savefig(file, format=path.suffix[1:])

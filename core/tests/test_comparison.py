"""Comparing runs: paired differences, the permutation test, choosing an epoch; and the tables of them."""

from __future__ import annotations

import csv
import io
from itertools import product
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from multiplt.errors import MultipltError, UsageError
from multiplt.evaluate.comparison import compare, permutation_p_value, restricted, select, shared
from multiplt.evaluate.results import Counts, rates
from multiplt.report.plots import check_plot
from multiplt.report.tables import FORMATS, comma_separated, latex, markdown

EIGHTHS = st.integers(-8, 8).map(lambda n: n / 8)
CORRECT = st.lists(st.integers(0, 20), min_size=1, max_size=30)


def counts(correct: list[int], n: int = 20) -> Counts:
    return {f"f{number:02d}": (n, count) for number, count in enumerate(correct)}


@settings(max_examples=50)
@given(CORRECT, st.data())
def test_a_paired_difference(before: list[int], data: st.DataObject) -> None:
    after = data.draw(st.lists(st.integers(0, 20), min_size=len(before), max_size=len(before)))
    found, reverse = compare(counts(before), counts(after)), compare(counts(after), counts(before))
    assert found.difference.mean == pytest.approx(sum(after) / 20 / len(after) - sum(before) / 20 / len(before))
    assert found.difference.mean == pytest.approx(found.score.mean - found.base.mean)
    assert found.difference.lower - 1e-9 <= found.difference.mean <= found.difference.upper + 1e-9
    assert len(found.gains) == sum(b > a for a, b in zip(before, after, strict=True))
    assert found.losses == {name: -gain for name, gain in reverse.gains.items()}
    assert [round(gain, 9) for gain in found.gains.values()] == sorted(
        (round(g, 9) for g in found.gains.values()), reverse=True
    )
    assert found.p_value == pytest.approx(reverse.p_value, abs=0.05)


@given(st.lists(EIGHTHS, max_size=9))
def test_few_differences_are_tested_exactly(differences: list[float]) -> None:
    signs = [*product((1, -1), repeat=len(differences))]
    extreme = [s for s in signs if abs(sum(map(float.__mul__, map(float, s), differences))) >= abs(sum(differences))]
    assert permutation_p_value(differences) == pytest.approx(len(extreme) / len(signs))


def test_many_differences_are_tested_by_random_flips() -> None:
    assert permutation_p_value([0.5] * 30) == pytest.approx(1e-4, rel=0.01), "no flip of 10,000 is as extreme"
    assert permutation_p_value([0.5, -0.5] * 15) == 1.0
    one_sided = [1.0] * 20 + [-1.0] * 10  # a binomial: P(X <= 10 or X >= 20) of 30 fair coins
    assert permutation_p_value(one_sided) == pytest.approx(0.0987, abs=0.012)
    assert permutation_p_value(one_sided) == permutation_p_value(one_sided), "seeded"


def test_runs_are_compared_on_the_problems_that_all_have() -> None:
    runs = shared([{"f": (2, 1), "g": (2, 2), "h": (2, 0)}, {"h": (4, 1), "f": (4, 4)}])
    assert [*map(list, runs)] == [["f", "h"], ["f", "h"]]
    assert rates(runs[1], 1) == {"f": 1.0, "h": 0.25}
    with pytest.raises(MultipltError, match="no problem in common"):
        shared([{"f": (1, 1)}, {"g": (1, 1)}])


@given(st.lists(st.lists(st.integers(0, 20), min_size=8, max_size=8), min_size=1, max_size=4), st.integers(0, 99))
def test_the_best_epoch_is_chosen_on_one_part_and_judged_on_the_other(correct: list[list[int]], seed: int) -> None:
    runs = [*map(counts, correct)]
    chosen = select(runs, 0.25, seed)
    assert sorted([*chosen.validation, *chosen.rest]) == sorted(runs[0])
    assert len(chosen.validation) == 2
    assert chosen == select(runs, 0.25, seed)
    scores = [sum(rates(restricted(run, chosen.validation), 1).values()) for run in runs]
    assert chosen.best == scores.index(max(scores))


def test_the_seed_decides_the_part() -> None:
    runs = [counts([1] * 40)]
    assert len({tuple(select(runs, 0.25, seed).validation) for seed in range(10)}) > 5
    with pytest.raises(MultipltError, match="1% of 40 problems is nothing to choose by"):
        select(runs, 0.01, 0)


# ---- tables

CELLS = st.lists(st.lists(st.text(st.characters(codec="utf-8")), min_size=3, max_size=3), max_size=4)


@given(CELLS)
def test_csv_is_read_back(rows: list[list[str]]) -> None:
    assume(not any("\r" in cell for row in rows for cell in row))
    assert [*csv.reader(io.StringIO(comma_separated(["a", "b", "c"], rows)))] == [["a", "b", "c"], *rows]


@given(st.lists(st.text("ab_|&%$#{}~^\\ ", min_size=1), min_size=2, max_size=2))
def test_cells_do_not_end_early(row: list[str]) -> None:
    *_, line = markdown(["a", "b"], [row]).splitlines()
    assert line.replace(r"\|", "").count("|") == 3
    *_, line, _, _ = latex(["a", "b"], [row]).splitlines()
    assert line.removesuffix(r" \\").replace(r"\&", "").count("&") == 1
    assert line.replace(r"\%", "").count("%") == 0
    assert set(FORMATS) == {"markdown", "latex", "csv"}


def test_a_plot_needs_a_form() -> None:
    with pytest.raises(UsageError, match=r"says no form for a plot; end it in \.pdf, \.png, \.svg"):
        check_plot(Path("plot.gif"))

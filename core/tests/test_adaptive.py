"""Adaptive sampling: which problems get the next completions, and when it ends."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multiplt.translate.adaptive import Rule, Tally, odds_of_new

solutions = st.lists(st.lists(st.none() | st.integers(0, 3), min_size=20, max_size=20), min_size=1, max_size=12)
rules = st.builds(Rule, st.integers(1, 20), st.integers(1, 4), st.sampled_from([0.0, 0.01, 0.2]), st.integers(0, 300))


def play(rule: Rule, problems: list[list[int | None]]) -> tuple[list[Tally], list[list[int]]]:
    tallies, rounds = [Tally() for _ in problems], []
    seen: list[dict[int, int]] = [{} for _ in problems]
    while any(wanted := rule.next_round(tallies)):
        rounds.append(wanted)
        for problem, tally, groups, more in zip(problems, tallies, seen, wanted, strict=True):
            for solution in problem[tally.asked : tally.asked + more]:
                tally.add(None if solution is None else groups.setdefault(solution, len(groups)))
    return tallies, rounds


@given(rules, solutions)
def test_it_ends_within_every_limit(rule: Rule, problems: list[list[int | None]]) -> None:
    tallies, rounds = play(rule, problems)
    assert sum(tally.asked for tally in tallies) <= rule.budget
    assert all(tally.asked <= rule.most for tally in tallies)
    at_once = max(1, rule.most // 10)
    assert all(0 <= more <= at_once for wanted in rounds for more in wanted)
    assert all(len(tally.groups) < rule.enough + at_once for tally in tallies)


@given(rules, solutions)
def test_the_same_completions_lead_to_the_same_rounds(rule: Rule, problems: list[list[int | None]]) -> None:
    assert play(rule, problems)[1] == play(rule, problems)[1]


@given(solutions)
def test_without_a_limit_that_bites_every_problem_gets_all(problems: list[list[int | None]]) -> None:
    tallies, _ = play(Rule(most=20, enough=20, least=0.0, budget=20 * len(problems)), problems)
    assert [tally.asked for tally in tallies] == [20] * len(problems)


def test_odds_fall_with_every_completion_that_brings_nothing_new() -> None:
    others = [Tally(10, [1] * 8), Tally(10), Tally(10, [5, 4])]
    failing = [odds_of_new([*others, Tally(asked)])[-1] for asked in range(0, 50, 5)]
    repeating = [odds_of_new([*others, Tally(right, [right])])[-1] for right in range(1, 50, 5)]
    for falling in (failing, repeating):
        assert falling == sorted(falling, reverse=True)
        assert falling[0] > 3 * falling[-1]


def test_a_problem_that_keeps_bringing_new_ones_comes_first() -> None:
    tallies = [Tally(10), Tally(10, [10]), Tally(10, [1] * 10)]
    odds = odds_of_new(tallies)
    assert odds[2] > 0.5 > max(odds[:2])
    assert Rule(most=20, enough=20, least=0.0, budget=100).next_round(tallies)[2] == 2


def test_where_one_problem_has_most_of_the_odds_it_alone_is_asked_about() -> None:
    tallies = [*(Tally(10) for _ in range(9)), Tally(10, [1] * 10)]
    assert Rule(most=20, enough=20, least=0.0, budget=200).next_round(tallies) == [0] * 9 + [2]


@pytest.mark.parametrize("share", [0.4, 0.6])
def test_with_as_many_completions_it_finds_more_than_a_fixed_number_of_each(share: float) -> None:
    """Where most problems are solved never or always, as a model's in a language that it knows little of."""
    chance = random.Random(0)
    rates = [chance.betavariate(0.1, 0.3) for _ in range(100)]
    problems = [[n if chance.random() < rate else None for n in range(50)] for rate in rates]
    tallies, _ = play(Rule(most=50, enough=50, least=0.0, budget=round(share * 50 * 100)), problems)
    fixed = sum(solution is not None for problem in problems for solution in problem[: round(share * 50)])
    assert sum(len(tally.groups) for tally in tallies) > 1.4 * fixed

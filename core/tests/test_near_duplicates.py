"""Programs are kept that are too near to no earlier one: the same ones as by comparing each pair with rouge_score."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from multiplt.translate.near_duplicates import UNINDEXED, Distinct

SCORER = RougeScorer(["rougeLsum"], use_stemmer=True)


def theirs(target: str, prediction: str) -> float:
    score: float = SCORER.score(target, prediction)["rougeLsum"].fmeasure
    return score


def keepers(programs: Sequence[str], threshold: float) -> list[int | None]:
    """For each program the place, among the kept ones, of the first that it is too near to: by comparing pairs."""
    kept: list[str] = []
    found = []
    for program in programs:
        near = (place for place, other in enumerate(kept) if theirs(other, program) > threshold)
        found.append(next(near, None))
        if found[-1] is None:
            kept.append(program)
    return found


def test_what_is_too_near_is_not_kept() -> None:
    distinct = Distinct()
    assert distinct.add("a b c d e") is None
    assert distinct.add("f g h i j") is None
    assert [distinct.add("f g h i"), distinct.add("f g h i"), distinct.add("e d c a b")] == [1, 1, None]
    assert len(distinct) == 3
    assert distinct.add("a b c x y") is None  # 0.6, and no more
    assert distinct.add("") is None
    assert distinct.add("") is None  # without tokens nothing is near


lines = st.lists(st.sampled_from(list("abcdefg")), max_size=6).map(" ".join)


@settings(max_examples=60)
@given(st.lists(st.lists(lines, max_size=4).map("\n".join), max_size=12), st.sampled_from([0.0, 0.4, 0.6, 0.9, 1.0]))
def test_any_group(programs: list[str], threshold: float) -> None:
    distinct = Distinct(threshold)
    assert [distinct.add(program) for program in programs] == keepers(programs, threshold)


def test_an_index_finds_what_is_found_without_one() -> None:
    chance = random.Random(2)
    words = [f"word{number}" for number in range(80)]
    programs = ["\n".join(" ".join(chance.sample(words, 6)) for _ in range(chance.randint(1, 3))) for _ in range(2500)]
    distinct, parts = Distinct(0.45), [Distinct(0.45)]
    for program in programs:
        near = [(number, part.find(part.vocabulary.encode(program))) for number, part in enumerate(parts)]
        first = next((UNINDEXED * number + found.keeper for number, found in near if found), None)
        assert distinct.add(program) == first
        if first is None:
            parts += [Distinct(0.45)] if len(parts[-1]) == UNINDEXED else []
            parts[-1].add(program)
    assert 3 * UNINDEXED < len(distinct) < 2000


def test_compiled_code_needs_no_folder_to_be_kept_in() -> None:
    """Where neither the package's folder nor a cache folder can be written, functions are compiled all the same."""
    program = (
        "from numba.core import caching\ncaching.CacheImpl._locator_classes = []\n"
        "from multiplt.translate.compiled import fmeasure\nprint(fmeasure(1, 2, 2))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "0.5\n"

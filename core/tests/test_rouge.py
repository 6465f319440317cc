"""ROUGE-Lsum is rouge_score's with stemming, to the last bit."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from multiplt.errors import Refused
from multiplt.translate.rouge import LONGEST_LINE, Vocabulary, rouge_lsum

SCORER = RougeScorer(["rougeLsum"], use_stemmer=True)


def theirs(target: str, prediction: str) -> float:
    score: float = SCORER.score(target, prediction)["rougeLsum"].fmeasure
    return score


few = st.sampled_from(["a", "b", "c", "d", "x1", "adding", "added", "adds", "return", "returns", "if"])
lines = st.lists(few, max_size=12).map(" ".join)
code = st.lists(lines | st.text("ab (),\t", max_size=30), max_size=8).map("\n".join)
wide = st.lists(few, min_size=60, max_size=200).map(" ".join)
words = st.text("aeiouylnstdg", min_size=4, max_size=12)


@settings(max_examples=200)
@given(code, code)
@example("", "a")
@example("\n\n", "a\n")
@example("a a a\nb", "a\na\nb b")  # a token counts no more often than it is there
@example("a b", "b a")  # of two longest subsequences one is taken, and which one shows in the union with a third line
@example("a b\nb a", "b a\na b c")
def test_small_programs(target: str, prediction: str) -> None:
    assert rouge_lsum(target, prediction) == theirs(target, prediction)


@settings(max_examples=25)
@given(st.lists(wide, min_size=1, max_size=3).map("\n".join), st.lists(wide | lines, max_size=3).map("\n".join))
def test_lines_of_more_tokens_than_a_word_has_bits(target: str, prediction: str) -> None:
    assert rouge_lsum(target, prediction) == theirs(target, prediction)


@settings(max_examples=50)
@given(st.lists(words, min_size=1, max_size=30))
@example(["skies", "dying", "innings", "sses", "ssss", "yyyy", "ings"])
def test_words_are_stemmed_alike(drawn: list[str]) -> None:
    vocabulary = Vocabulary()
    stem = SCORER._tokenizer.tokenize
    ours = [vocabulary.encode(word).tolist() for word in drawn]
    for one, other in product(range(len(drawn)), repeat=2):
        assert (ours[one] == ours[other]) == (stem(drawn[one]) == stem(drawn[other]))


@settings(max_examples=50)
@given(st.text(), st.text())
@example("\u212a = \u0130", "K = i")  # the Kelvin sign and a capital I with a dot
@example("a\r\nb\x0cc\u2028d", "a b\nc d")  # lines end where rouge_score says
@example("\ud800 a.b", ".\n.")
def test_any_text(target: str, prediction: str) -> None:
    assert rouge_lsum(target, prediction) == theirs(target, prediction)
    assert rouge_lsum(f"{target} x", f"y {prediction} x") == theirs(f"{target} x", f"y {prediction} x")


def test_a_line_that_is_too_long_is_refused() -> None:
    longest = "a " * LONGEST_LINE
    assert rouge_lsum(longest, f"b\n{longest}") == 2 * LONGEST_LINE / (2 * LONGEST_LINE + 1)
    with pytest.raises(Refused, match="20,001 tokens"):
        rouge_lsum("a", f"b\n{longest} a")

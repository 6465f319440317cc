"""Compiled: how many tokens two programs have in common, as ROUGE-Lsum counts them.

A program is an array of token numbers with 0 between its lines. Needs numba; `multiplt.translate.rouge` imports this
module when it is first used.

The longest common subsequence of two lines is found in bit-parallel form (Crochemore, Iliopoulos, Pinzon and Reid: A
fast and practical bit-vector algorithm for the longest common subsequence problem, 2001): bit j of row i is 0 where
the table of lengths grows from column j to j + 1. Of several longest subsequences rouge_score's way back through the
table finds one, which decides the union over lines; so the rows are kept, and the same way is walked on them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., Any])
Tokens = NDArray[np.int32]
Words = NDArray[np.uint64]

NEWLINE = 0
WORD = 64


def compiled(function: F) -> F:
    """`function` as machine code, kept for the next process where a cache folder can be written."""
    try:
        return cast(F, numba.njit(cache=True)(function))
    except RuntimeError:  # numba finds no folder for its cache
        return cast(F, numba.njit(function))


@compiled
def fmeasure(hits: int, target: int, prediction: int) -> float:
    """The F-measure of `hits` common tokens of two programs of so many tokens, in rouge_score's order of operations."""
    if hits == 0:
        return 0.0
    precision, recall = hits / prediction, hits / target
    return 2 * precision * recall / (precision + recall)


@compiled
def count_hits(target: Tokens, prediction: Tokens, counts: NDArray[np.int32], numbers: NDArray[np.int32]) -> int:
    """The common tokens: for each line of `target` the union of its subsequences with all lines of `prediction`.

    No token counts more often than it is in `prediction`. `counts` says by token how often that is, and is left as it
    was; `numbers` is zero for every token before and after.
    """
    taken = np.zeros(len(target), np.bool_)
    _take_equal_lines(target, prediction, taken)
    longest = _longest_line(prediction)
    masks = np.zeros((longest + 1, longest // WORD + 1), np.uint64)
    places = np.empty(_longest_line(target), np.int64)
    rows = np.empty((len(places) + 1, masks.shape[1]), np.uint64)
    begin = 0
    while begin < len(prediction):
        end = line_end(prediction, begin)
        line = prediction[begin:end]
        begin = end + 1
        _number_tokens(line, numbers, masks)
        first = 0
        while first < len(target):
            last = line_end(target, first)
            common = _find_common(target, first, last, numbers, taken, places)
            if common:
                _take_subsequence(target, places[:common], line, numbers, masks, rows, taken)
            first = last + 1
        _clear(line, numbers, masks)
    return _clip(target, taken, counts)


@compiled
def line_end(program: Tokens, start: int) -> int:
    """Where the line that begins at `start` ends."""
    while start < len(program) and program[start] != NEWLINE:
        start += 1
    return start


@compiled
def _longest_line(program: Tokens) -> int:
    longest = length = 0
    for token in program:
        length = 0 if token == NEWLINE else length + 1
        longest = max(longest, length)
    return longest


@compiled
def _take_equal_lines(target: Tokens, prediction: Tokens, taken: NDArray[np.bool_]) -> None:
    """Take the lines of the target that the prediction has, too: each is its own subsequence."""
    first = 0
    while first < len(target):
        last = line_end(target, first)
        begin = 0
        while begin < len(prediction):
            end = line_end(prediction, begin)
            if end - begin == last - first and np.array_equal(target[first:last], prediction[begin:end]):
                taken[first:last] = True
                break
            begin = end + 1
        first = last + 1


@compiled
def _number_tokens(line: Tokens, numbers: NDArray[np.int32], masks: Words) -> None:
    """Number the tokens of a line from 1, and set by number a bit for each place where the token is."""
    distinct = 0
    for place, token in enumerate(line):
        if numbers[token] == 0:
            distinct += 1
            numbers[token] = distinct
        masks[numbers[token], place // WORD] |= np.uint64(1) << np.uint64(place % WORD)


@compiled
def _clear(line: Tokens, numbers: NDArray[np.int32], masks: Words) -> None:
    for token in line:
        masks[numbers[token], : len(line) // WORD + 1] = 0
        numbers[token] = 0


@compiled
def _find_common(
    target: Tokens,
    first: int,
    last: int,
    numbers: NDArray[np.int32],
    taken: NDArray[np.bool_],
    places: NDArray[np.int64],
) -> int:
    """Find the places in a line of the target of tokens that have numbers; how many, or 0 where all are taken.

    Other tokens change no row, and the way back passes them by.
    """
    common = fresh = 0
    for place in range(first, last):
        if numbers[target[place]] != 0:
            places[common] = place
            common += 1
            fresh += not taken[place]
    return common if fresh else 0


@compiled
def _take_subsequence(
    target: Tokens,
    places: NDArray[np.int64],
    line: Tokens,
    numbers: NDArray[np.int32],
    masks: Words,
    rows: Words,
    taken: NDArray[np.bool_],
) -> None:
    """Take the tokens of the target, of those at `places` in one line, that are in its subsequence with `line`."""
    words = len(line) // WORD + 1
    for word in range(words):
        rows[0, word] = ~np.uint64(0)
    for i in range(len(places)):
        _add_row(rows, i, masks, numbers[target[places[i]]], words)
    i, j = len(places), len(line)
    while i > 0 and j > 0:
        if target[places[i - 1]] == line[j - 1]:
            taken[places[i - 1]] = True
            i, j = i - 1, j - 1
        elif _length(rows, i, j - 1) > _length(rows, i - 1, j):
            j -= 1
        else:
            i -= 1


@compiled
def _add_row(rows: Words, i: int, masks: Words, number: int, words: int) -> None:
    """Row i + 1, for a token that is at the places in its mask: (row + (row & mask)) | (row & ~mask)."""
    carry = np.uint64(0)
    for word in range(words):
        row, mask = rows[i, word], masks[number, word]
        both = row & mask
        partial = row + both
        total = partial + carry
        carry = np.uint64((partial < both) | (total < carry))
        rows[i + 1, word] = total | (row & ~mask)


@compiled
def _length(rows: Words, i: int, columns: int) -> np.int64:
    """The length of the subsequence in the first `columns` columns of row `i`: the zeros there."""
    length = np.int64(0)
    for word in range(columns // WORD):
        length += _ones(~rows[i, word])
    low = (np.uint64(1) << np.uint64(columns % WORD)) - np.uint64(1)
    return length + _ones(~rows[i, columns // WORD] & low)


@compiled
def _ones(word: np.uint64) -> np.int64:
    """The bits of a word that are 1, added up in fields that grow."""
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@compiled
def _clip(target: Tokens, taken: NDArray[np.bool_], counts: NDArray[np.int32]) -> int:
    """How many tokens are taken, each no more often than `counts` says, which is left as it was."""
    hits = 0
    for place in range(len(target)):
        if taken[place]:
            taken[place] = counts[target[place]] > 0
            counts[target[place]] -= taken[place]
            hits += taken[place]
    for place in range(len(target)):
        counts[target[place]] += taken[place]
    return hits

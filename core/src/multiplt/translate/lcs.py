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
def count_tokens(program: Tokens) -> int:
    """The tokens of a program, the ends of lines left out."""
    count = 0
    for token in program:
        count += token != NEWLINE
    return count


@compiled
def line_end(program: Tokens, start: int) -> int:
    """Where the line that begins at `start` ends."""
    while start < len(program) and program[start] != NEWLINE:
        start += 1
    return start


@compiled
def count_hits(target: Tokens, prediction: Tokens, counts: NDArray[np.int32], numbers: NDArray[np.int32]) -> int:
    """The common tokens: for each line of `target` the union of its subsequences with all lines of `prediction`.

    No token counts more often than it is in `prediction`. `counts` says by token how often that is, and is left as it
    was; `numbers` is zero for every token before and after.
    """
    taken = np.zeros(len(target), np.bool_)
    begin = 0
    while begin < len(prediction):
        end = line_end(prediction, begin)
        line = prediction[begin:end]
        begin = end + 1
        masks = _number_tokens(line, numbers)
        first = 0
        while first < len(target):
            last = line_end(target, first)
            _take_subsequence(target[first:last], line, numbers, masks, taken[first:last])
            first = last + 1
        for token in line:
            numbers[token] = 0
    hits = 0
    for place, token in enumerate(target):
        if taken[place] and counts[token] > 0:
            counts[token] -= 1
            hits += 1
        else:
            taken[place] = False
    for place, token in enumerate(target):
        counts[token] += taken[place]
    return hits


@compiled
def _number_tokens(line: Tokens, numbers: NDArray[np.int32]) -> Words:
    """Number the tokens of a line from 1; by number, a bit for each place where the token is."""
    masks = np.zeros((len(line) + 1, (len(line) + WORD - 1) // WORD), np.uint64)
    distinct = 0
    for place, token in enumerate(line):
        if numbers[token] == 0:
            distinct += 1
            numbers[token] = distinct
        masks[numbers[token], place // WORD] |= np.uint64(1) << np.uint64(place % WORD)
    return masks


@compiled
def _take_subsequence(
    target: Tokens, line: Tokens, numbers: NDArray[np.int32], masks: Words, taken: NDArray[np.bool_]
) -> None:
    """Mark the tokens of a line of the target that are in its subsequence with `line`.

    Tokens that `line` lacks are left out: they change no row, and the way back passes them by.
    """
    common = 0
    for token in target:
        common += numbers[token] != 0
    if common == 0:
        return
    places = np.empty(common, np.int64)
    rows = np.empty((common + 1, masks.shape[1]), np.uint64)
    rows[0] = ~np.uint64(0)
    i = 0
    for place, token in enumerate(target):
        if numbers[token] != 0:
            places[i] = place
            _next_row(rows[i], masks[numbers[token]], rows[i + 1])
            i += 1
    j = len(line)
    while i > 0 and j > 0:
        if target[places[i - 1]] == line[j - 1]:
            taken[places[i - 1]] = True
            i, j = i - 1, j - 1
        elif _length(rows[i], j - 1) > _length(rows[i - 1], j):
            j -= 1
        else:
            i -= 1


@compiled
def _next_row(row: Words, mask: Words, target: Words) -> None:
    """The row after `row`, for a token that is at the places in `mask`: (row + (row & mask)) | (row & ~mask)."""
    carry = np.uint64(0)
    for word in range(len(row)):
        both = row[word] & mask[word]
        partial = row[word] + both
        total = partial + carry
        carry = np.uint64((partial < both) | (total < carry))
        target[word] = total | (row[word] & ~mask[word])


@compiled
def _length(row: Words, columns: int) -> np.int64:
    """The length of the subsequence in the first `columns` columns: the zeros there."""
    length = np.int64(0)
    for word in range(columns // WORD):
        length += _ones(~row[word])
    if columns % WORD:
        low = (np.uint64(1) << np.uint64(columns % WORD)) - np.uint64(1)
        length += _ones(~row[columns // WORD] & low)
    return length


@compiled
def _ones(word: np.uint64) -> np.int64:
    """The bits of a word that are 1, added up in fields that grow."""
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))

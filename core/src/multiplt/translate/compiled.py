"""Compiled: ROUGE-Lsum of two programs, and which of many programs a new one is too near to.

A program is an array of token numbers with 0 between its lines. Needs numba: whoever imports this does so where it is
needed. All compiled functions are in one file, since numba keeps machine code by the file that a function is in, and
not by those of the functions that it calls.

The longest common subsequence of two lines is found in bit-parallel form (Crochemore, Iliopoulos, Pinzon and Reid: A
fast and practical bit-vector algorithm for the longest common subsequence problem, 2001): bit j of row i is 0 where
the table of lengths grows from column j to j + 1. Of several longest subsequences rouge_score's way back through the
table finds one, which decides the union over lines; so the rows are kept, and the same way is walked on them.

Two programs have no more tokens in common than their bags of tokens share, which bounds their score. The bag of a new
program is compared with those of all kept programs in an index at once, token by token; with those that are not yet
in the index, one by one. Few pairs are left to be scored.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., Any])
Tokens = NDArray[np.int32]
Words = NDArray[np.uint64]
Lines = NDArray[np.int64]

NEWLINE = 0
WORD = 64

ROUNDING = 1e-9
"""How far a bound must be below the threshold for a pair to be left out: more than floats err."""


class Kept(NamedTuple):
    """So many `programs`, one after the other in `tokens`: where each ends, and how many tokens it has."""

    tokens: Tokens
    ends: NDArray[np.int64]
    sizes: NDArray[np.int32]
    programs: int


class Index(NamedTuple):
    """The `covered` first of the kept programs by token: those in which it is, and how many times.

    Those of a token lie in `programs[starts[token]:starts[token + 1]]`, in order.
    """

    starts: NDArray[np.int64]
    programs: NDArray[np.int32]
    times: NDArray[np.int32]
    covered: int


class Bags(NamedTuple):
    """The bags of the kept programs that are not in the index: distinct tokens, how many times, where each bag ends."""

    tokens: Tokens
    times: NDArray[np.int32]
    ends: NDArray[np.int64]


class Room(NamedTuple):
    """Arrays that are zero between calls: two by token, one by program of the index."""

    counts: NDArray[np.int32]
    numbers: NDArray[np.int32]
    overlaps: NDArray[np.int32]


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
    lines = _lines(prediction)
    open_lines = _take_equal_lines(target, _lines(target), prediction, lines, taken)
    longest = _longest(lines)
    masks = np.zeros((longest + 1, longest // WORD + 1), np.uint64)
    places = np.empty(_longest(open_lines), np.int64)
    rows = np.empty((len(places) + 1, masks.shape[1]), np.uint64)
    for number in range(len(lines) if len(open_lines) else 0):
        line = prediction[lines[number, 0] : lines[number, 1]]
        _number_tokens(line, numbers, masks)
        for other in range(len(open_lines)):
            common = _find_common(target, open_lines[other, 0], open_lines[other, 1], numbers, taken, places)
            if common:
                _take_subsequence(target, places[:common], line, numbers, masks, rows, taken)
        _clear(line, numbers, masks)
    return _clip(target, taken, counts)


@compiled
def _lines(program: Tokens) -> Lines:
    """Where each line begins and ends that is not empty."""
    lines = np.empty((len(program) // 2 + 1, 2), np.int64)
    count = first = 0
    for place in range(len(program) + 1):
        if place == len(program) or program[place] == NEWLINE:
            if first < place:
                lines[count, 0], lines[count, 1] = first, place
                count += 1
            first = place + 1
    return lines[:count]


@compiled
def _longest(lines: Lines) -> int:
    longest = 0
    for number in range(len(lines)):
        longest = max(longest, lines[number, 1] - lines[number, 0])
    return longest


@compiled
def _take_equal_lines(
    target: Tokens, target_lines: Lines, prediction: Tokens, lines: Lines, taken: NDArray[np.bool_]
) -> Lines:
    """Take the lines of the target that the prediction has, too, each being its own subsequence; the other lines."""
    others = np.empty_like(target_lines)
    count = 0
    for number in range(len(target_lines)):
        first, last = target_lines[number]
        for other in range(len(lines)):
            if _equal(target[first:last], prediction[lines[other, 0] : lines[other, 1]]):
                taken[first:last] = True
                break
        else:
            others[count] = target_lines[number]
            count += 1
    return others[:count]


@compiled
def _equal(line: Tokens, other: Tokens) -> bool:
    same = len(line) == len(other)
    place = 0
    while same and place < len(line):
        same = line[place] == other[place]
        place += 1
    return same


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


@compiled
def make_bag(program: Tokens, tokens: Tokens, times: NDArray[np.int32], room: Room) -> int:
    """Write the distinct tokens of a program and how many times each is there; how many those are."""
    distinct = 0
    for token in program:
        if token != NEWLINE:
            if room.numbers[token] == 0:
                tokens[distinct] = token
                times[distinct] = 0
                distinct += 1
                room.numbers[token] = distinct
            times[room.numbers[token] - 1] += 1
    for token in program:
        room.numbers[token] = 0
    return distinct


@compiled
def first_near(
    program: Tokens, threshold: float, kept: Kept, index: Index, bags: Bags, room: Room
) -> tuple[int, float]:
    """The first kept program whose score with `program` is above `threshold`, and the score; or -1 and 0."""
    tokens, times = np.empty(len(program), np.int32), np.empty(len(program), np.int32)
    distinct = make_bag(program, tokens, times, room)
    tokens, times = tokens[:distinct], times[:distinct]
    size = times.sum()
    for place in range(distinct):
        room.counts[tokens[place]] = times[place]
    _add_overlaps(tokens, times, index, room.overlaps)
    found, score = -1, 0.0
    for number in range(kept.programs):
        enough = (threshold - ROUNDING) * (size + kept.sizes[number])
        if 2 * min(size, kept.sizes[number]) <= enough:
            continue
        if number < index.covered:
            overlap = room.overlaps[number]
        else:
            overlap = _overlap(bags, number - index.covered, room.counts)
        if 2 * overlap <= enough:
            continue
        start = kept.ends[number - 1] if number else 0
        hits = count_hits(kept.tokens[start : kept.ends[number]], program, room.counts, room.numbers)
        score = fmeasure(hits, kept.sizes[number], size)
        if score > threshold:
            found = number
            break
    room.overlaps[:] = 0
    for token in tokens:
        room.counts[token] = 0
    return found, score


@compiled
def _add_overlaps(tokens: Tokens, times: NDArray[np.int32], index: Index, overlaps: NDArray[np.int32]) -> None:
    """Add up, by program of the index, how many tokens its bag shares with this one."""
    for place, token in enumerate(tokens):
        if token + 1 < len(index.starts):
            most = times[place]
            for entry in range(index.starts[token], index.starts[token + 1]):
                overlaps[index.programs[entry]] += min(most, index.times[entry])


@compiled
def _overlap(bags: Bags, number: int, counts: NDArray[np.int32]) -> int:
    """How many tokens a bag shares with the one in `counts`."""
    overlap = 0
    for entry in range(bags.ends[number - 1] if number else 0, bags.ends[number]):
        overlap += min(counts[bags.tokens[entry]], bags.times[entry])
    return overlap


@compiled
def extend_index(index: Index, bags: Bags, programs: int, tokens: int) -> Index:
    """The index with so many further programs, those of the bags, for so many `tokens`."""
    starts = np.zeros(tokens + 1, np.int64)
    known = len(index.starts) - 1
    for token in range(known):
        starts[token + 1] = index.starts[token + 1] - index.starts[token]
    for token in bags.tokens[: bags.ends[programs - 1]]:
        starts[token + 1] += 1
    starts = np.cumsum(starts)
    ends = starts[:-1].copy()
    numbers, times = np.empty(starts[-1], np.int32), np.empty(starts[-1], np.int32)
    for token in range(known):
        first, last = index.starts[token], index.starts[token + 1]
        numbers[starts[token] : starts[token] + last - first] = index.programs[first:last]
        times[starts[token] : starts[token] + last - first] = index.times[first:last]
        ends[token] += last - first
    entry = 0
    for number in range(programs):
        while entry < bags.ends[number]:
            token = bags.tokens[entry]
            numbers[ends[token]] = index.covered + number
            times[ends[token]] = bags.times[entry]
            ends[token] += 1
            entry += 1
    return Index(starts, numbers, times, index.covered + programs)

"""Compiled: which of the kept programs a new one is too near to, without comparing it with most of them.

Two programs have no more tokens in common than their bags of tokens share, which bounds their score. The bag of the new
program is compared with those of all kept programs in an index at once, token by token; with those that are not yet
in the index, one by one. Needs numba, as `multiplt.translate.lcs`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from multiplt.translate.lcs import NEWLINE, Tokens, compiled, count_hits, fmeasure

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

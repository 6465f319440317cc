"""Compiled: which of the kept programs a new one is too near to, without comparing it with most of them.

Two programs have no more tokens in common than their bags of tokens share, which bounds their score. For all kept
programs that an index covers the bags are compared at once, token by token; for the few after it, one by one.
Needs numba, as `multiplt.translate.lcs`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from multiplt.translate.lcs import NEWLINE, Tokens, compiled, count_hits, fmeasure

ROUNDING = 1e-9
"""What a bound is more than the threshold by, at least, for a pair to be left out: more than floats err."""


class Index(NamedTuple):
    """The kept programs that a token is in: `programs[starts[token]:starts[token + 1]]`, `times` each."""

    starts: NDArray[np.int64]
    programs: NDArray[np.int32]
    times: NDArray[np.int32]
    covered: int


class Kept(NamedTuple):
    """So many `programs`, one after the other in `tokens`: where each ends, and how many tokens it has."""

    tokens: Tokens
    ends: NDArray[np.int64]
    sizes: NDArray[np.int32]
    programs: int


class Room(NamedTuple):
    """Arrays that are zero between calls: three by token, one by program."""

    counts: NDArray[np.int32]
    rest: NDArray[np.int32]
    numbers: NDArray[np.int32]
    overlaps: NDArray[np.int32]


@compiled
def first_near(program: Tokens, threshold: float, kept: Kept, index: Index, room: Room) -> tuple[int, float]:
    """The first kept program whose score with `program` is above `threshold`, and the score; or -1 and 0."""
    size = 0
    for token in program:
        if token != NEWLINE:
            size += 1
            room.counts[token] += 1
            room.rest[token] += 1
    _add_overlaps(program, index, room)
    found, score = -1, 0.0
    for number in range(kept.programs):
        most = min(size, kept.sizes[number])
        enough = (threshold - ROUNDING) * (size + kept.sizes[number])
        if found < 0 and 2 * most > enough:
            start = kept.ends[number - 1] if number else 0
            other = kept.tokens[start : kept.ends[number]]
            overlap = room.overlaps[number] if number < index.covered else _overlap(other, room)
            if 2 * overlap > enough:
                hits = count_hits(other, program, room.counts, room.numbers)
                score = fmeasure(hits, kept.sizes[number], size)
                if score > threshold:
                    found = number
        if number < index.covered:
            room.overlaps[number] = 0
    for token in program:
        room.counts[token] = room.rest[token] = 0
    return (found, score) if found >= 0 else (-1, 0.0)


@compiled
def _add_overlaps(program: Tokens, index: Index, room: Room) -> None:
    """Add up, by program that the index covers, how many tokens its bag shares with that of `program`."""
    for token in program:
        if token == NEWLINE or room.rest[token] == 0 or token + 1 >= len(index.starts):
            continue
        count = room.rest[token]
        room.rest[token] = 0
        for place in range(index.starts[token], index.starts[token + 1]):
            room.overlaps[index.programs[place]] += min(count, index.times[place])
    for token in program:
        room.rest[token] = room.counts[token]


@compiled
def _overlap(other: Tokens, room: Room) -> int:
    """How many tokens the bag of `other` shares with that in `room.rest`."""
    overlap = 0
    for token in other:
        if room.rest[token] > 0:
            room.rest[token] -= 1
            overlap += 1
    for token in other:
        room.rest[token] = room.counts[token]
    return overlap


@compiled
def build_index(kept: Kept, room: Room) -> Index:
    """An index of the kept programs."""
    starts = np.zeros(len(room.rest) + 1, np.int64)
    start = 0
    for number in range(kept.programs):
        for token in kept.tokens[start : kept.ends[number]]:
            if token != NEWLINE and room.rest[token] != number + 1:
                room.rest[token] = number + 1
                starts[token + 1] += 1
        start = kept.ends[number]
    starts = np.cumsum(starts)
    room.rest[:] = 0
    programs = np.empty(starts[-1], np.int32)
    times = np.zeros(starts[-1], np.int32)
    ends = starts[:-1].copy()
    start = 0
    for number in range(kept.programs):
        for token in kept.tokens[start : kept.ends[number]]:
            if token != NEWLINE:
                if room.rest[token] != number + 1:
                    room.rest[token] = number + 1
                    programs[ends[token]] = number
                    ends[token] += 1
                times[ends[token] - 1] += 1
        start = kept.ends[number]
    room.rest[:] = 0
    return Index(starts, programs, times, kept.programs)

"""What is kept of each of many functions, to tell which are copies of each other.

In memory that is 112 bytes: 24 for a short id, 8 for where its n-grams end in a file, 8 for all of its tokens, 64 for
16 bands of hashes, and 8 for what becomes of it.
"""

from __future__ import annotations

import hashlib
import tempfile
import zlib
from array import array
from collections.abc import Iterator, Sequence
from functools import reduce
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Grams = NDArray[np.uint64]
"""Hashes of the n-grams of a function, sorted, each once."""

Links = NDArray[np.int32]
"""For each function the number of another, or NONE."""

NONE = -1

N = 5
BANDS, ROWS = 16, 8
"""128 hashes: of pairs at a similarity of 0.85 99.4% become candidates, at 0.9 all but one in ten thousand."""

COMPARED = 50
"""Members of a bucket that another is compared with at most."""

_random = np.random.default_rng(0)
FACTORS = _random.integers(1, 1 << 63, (BANDS * ROWS, 1), dtype=np.uint64) | np.uint64(1)
TERMS = _random.integers(1, 1 << 63, (BANDS * ROWS, 1), dtype=np.uint64)
"""One row for each hash function; they are the same in every process."""


class Signatures:
    """Functions, numbered in the order in which they are added."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._ends = array("Q", [0])
        self._ids = bytearray()
        self._id_ends = array("Q", [0])
        self._tokens = array("Q")
        self._bands = [array("I") for _ in range(BANDS)]

    def __enter__(self) -> Signatures:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, id: str, tokens: Sequence[str]) -> None:
        """Add a function by its tokens."""
        grams = ngrams(tokens)
        self._file.write(grams.tobytes())
        self._ends.append(self._ends[-1] + len(grams))
        self._ids += id.encode(errors="surrogatepass")
        self._id_ends.append(len(self._ids))
        text = "\0".join(tokens).encode(errors="surrogatepass")
        self._tokens.append(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()))
        for band, value in zip(self._bands, _bands(grams), strict=True):
            band.append(value)

    def id(self, number: int) -> str:
        """The id of a function."""
        return self._ids[self._id_ends[number] : self._id_ends[number + 1]].decode(errors="surrogatepass")

    def copies(self, threshold: float) -> Iterator[tuple[int, int, bool]]:
        """Each function that is a copy, the earlier one that is kept instead, and if both have the same tokens.

        Others are copies where the Jaccard similarity of their n-grams is `threshold` or more. To be called once.
        """
        self._file.flush()
        grams = np.memmap(self._file, dtype=np.uint64, mode="c") if self._ends[-1] else np.zeros(0, dtype=np.uint64)
        same = _links(np.frombuffer(self._tokens, dtype=np.uint64))
        buckets = [_links(np.frombuffer(self._bands.pop(), dtype=np.uint32)) for _ in range(BANDS)]
        keeper = np.full(len(same), NONE, dtype=np.int32)

        def of(number: int) -> Grams:
            return np.asarray(grams[self._ends[number] : self._ends[number + 1]])

        for number in map(int, np.flatnonzero(reduce(np.maximum, buckets) != NONE)):
            first = int(same[number])
            if first != NONE and np.array_equal(of(first), of(number)):
                keeper[number] = kept = first if keeper[first] == NONE else int(keeper[first])
                yield number, kept, self._tokens[kept] == self._tokens[number]
                continue
            candidates = {earlier for bucket in buckets for earlier in _kept(bucket, keeper, number)}
            for earlier in sorted(candidates):
                if similarity(of(earlier), of(number)) >= threshold:
                    keeper[number] = earlier
                    yield number, earlier, False
                    break


def ngrams(tokens: Sequence[str]) -> Grams:
    """The n-grams of some tokens; those at the end are filled up, so that there are some of a few tokens too."""
    hashes = [zlib.crc32(token.encode(errors="surrogatepass")) for token in tokens]
    padded = np.array([*hashes, *[0] * (N - 1)], dtype=np.uint64)
    grams = np.zeros(len(hashes), dtype=np.uint64)
    for place in range(N):
        grams = grams * np.uint64(0x9E3779B97F4A7C15) + padded[place : place + len(hashes)]  # wraps around
    return np.unique(grams)


def similarity(left: Grams, right: Grams) -> float:
    """Jaccard similarity of two sets that are not both empty."""
    shared = len(np.intersect1d(left, right, assume_unique=True))
    return shared / (len(left) + len(right) - shared)


def _bands(grams: Grams) -> list[int]:
    """MinHash: for each band 32 bits, the same for two functions where all hashes of the band agree."""
    if not len(grams):
        return [0] * BANDS
    mixed = grams ^ (grams >> np.uint64(29))
    minima = (FACTORS * mixed + TERMS).min(axis=1).reshape(BANDS, ROWS)
    bands: list[int] = ((minima * FACTORS[:ROWS, 0]).sum(axis=1, dtype=np.uint64) >> np.uint64(32)).tolist()
    return bands


def _links(values: NDArray[Any]) -> Links:
    """For each place the last one before it that has the same value."""
    order = np.argsort(values, kind="stable")
    equal = values[order[1:]] == values[order[:-1]]
    links = np.full(len(values), NONE, dtype=np.int32)
    links[order[1:][equal]] = order[:-1][equal]
    return links


def _kept(bucket: Links, keeper: Links, number: int) -> Iterator[int]:
    """The earlier functions of a bucket that are kept, the last first; those between are cut out of its links."""
    for _ in range(COMPARED):
        earlier = int(bucket[number])
        while earlier != NONE and keeper[earlier] != NONE:
            earlier = int(bucket[earlier])
        bucket[number] = earlier
        if earlier == NONE:
            return
        yield earlier
        number = earlier

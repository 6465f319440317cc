"""Stage `duplicates`: of functions that are copies of each other, or nearly, the first is kept.

Near-duplicates are found as in The Stack (https://arxiv.org/abs/2211.15533): sets of 5-grams of tokens, compared by
Jaccard similarity from 0.85 on, with candidates from MinHash and banding (Leskovec, Rajaraman, Ullman: Mining of
Massive Datasets, chapter 3). Memory was measured at 1,360 bytes for each of 100,000
functions; the n-grams, some 400 bytes each, lie in a file.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, BinaryIO

from multiplt.errors import Refused
from multiplt.rows import Row, set_aside
from multiplt.run.engine import StageContext, StageResult
from multiplt.run.shards import read_shards
from multiplt.source.decontamination import CODE_TOKEN
from multiplt.source.definition import ParsedFunction
from multiplt.source.extract import parsing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Grams = NDArray[np.uint64]

N = 5
THRESHOLD = 0.85
BANDS, ROWS = 16, 8
"""128 hashes: of pairs at the threshold 99.4% become candidates, at 0.9 all but one in ten thousand."""

COMPARED = 50
"""Members of a bucket that another is compared with at most."""

EXACT, NEAR = "it is a copy of another function", "it is nearly a copy of another function"


@dataclass(frozen=True)
class Deduplicate:
    """Functions → those that are no copy of an earlier one, in the whole of the input."""

    threshold: float = THRESHOLD
    name: str = "duplicates"
    whole: bool = True

    def settings(self) -> Mapping[str, Any]:
        """What decides the rows."""
        return {"threshold": self.threshold}

    def __call__(self, rows: list[Row], context: StageContext) -> StageResult:
        """Each row, kept or set aside; `detail` is the id of the one that is kept instead."""
        keepers = context.resource("keepers", lambda: find_copies(read_shards(context.source), self.threshold))
        kept: list[Row] = []
        rejected: list[Row] = []
        for row in rows:
            if keeper := keepers.get(row["id"]):
                reason = EXACT if keeper.is_exact else NEAR
                rejected.append(set_aside(row | {"detail": keeper.id}, self.name, reason))
            else:
                kept.append(row)
            context.advance()
        return StageResult(kept, rejected)


@dataclass(frozen=True)
class Keeper:
    """The function that is kept instead of another."""

    id: str
    is_exact: bool


def find_copies(rows: Iterable[Row], threshold: float = THRESHOLD) -> dict[str, Keeper]:
    """For each function that is a copy of an earlier one that is kept, by id, which that is.

    A copy has the same code, docstring and comments aside; nearly a copy shares `threshold` of the n-grams of both.
    """
    import numpy as np

    keepers: dict[str, Keeper] = {}
    with tempfile.TemporaryFile() as file, parsing():
        ids, ends, bands = _read(rows, file, keepers)
        if not ids:
            return keepers
        file.flush()
        grams = np.memmap(file, dtype=np.uint64, mode="c") if ends[-1] else np.zeros(0, dtype=np.uint64)

        def of(number: int) -> Grams:
            return np.asarray(grams[ends[number - 1] if number else 0 : ends[number]])

        dropped: dict[int, int] = {}
        for number, others in sorted(_candidates(np.array(bands)).items()):
            for other in sorted(others):
                if other not in dropped and _similarity(of(number), of(other)) >= threshold:
                    dropped[number] = other
                    break
    return keepers | {ids[number]: Keeper(ids[other], False) for number, other in dropped.items()}


def _read(
    rows: Iterable[Row], file: BinaryIO, keepers: dict[str, Keeper]
) -> tuple[list[str], list[int], list[Grams]]:
    """Write the n-grams of each function to `file`; ids, where they end in it, and bands. Exact copies are left out."""
    ids: list[str] = []
    ends: list[int] = []
    bands: list[Grams] = []
    first: dict[bytes, str] = {}
    end = 0
    for row in rows:
        grams = _ngrams(row)
        if (id := first.setdefault(grams.tobytes(), row["id"])) != row["id"]:
            keepers[row["id"]] = Keeper(id, True)
            continue
        end += len(grams)
        file.write(grams.tobytes())
        ids.append(row["id"])
        ends.append(end)
        bands.append(_bands(grams))
    return ids, ends, bands


def _ngrams(row: Row) -> Grams:
    """The hashes of the 5-grams of tokens of a function's code, sorted, each once."""
    import numpy as np

    tokens = [zlib.crc32(token.encode(errors="replace")) for token in _tokens(row)]
    padded = np.array([*tokens, *[0] * (N - 1)], dtype=np.uint64)
    count = len(tokens)
    hashes = np.zeros(count, dtype=np.uint64)
    for place in range(N):
        hashes = hashes * np.uint64(0x9E3779B97F4A7C15) + padded[place : place + count]  # wraps around, as it should
    return np.unique(hashes)


def _tokens(row: Row) -> Iterator[str]:
    try:
        function = ParsedFunction.of(row)
        code = function.source.replace(function.docstring_source, "", 1)
    except Refused:
        code = str(row.get("content"))
    return (match[0] for match in CODE_TOKEN.finditer(code) if match[0][0] != "#")


def _bands(grams: Grams) -> Grams:
    """MinHash: for each band one number, the same for two functions where all hashes of the band agree."""
    import numpy as np

    if not len(grams):
        return np.zeros(BANDS, dtype=np.uint64)
    factors, terms = _hash_functions()
    mixed = grams ^ (grams >> np.uint64(29))
    minima = (factors * mixed + terms).min(axis=1).reshape(BANDS, ROWS)
    bands: Grams = (minima * factors[:ROWS, 0]).sum(axis=1, dtype=np.uint64)
    return bands


@cache
def _hash_functions() -> tuple[Grams, Grams]:
    """Odd factors and terms, one row for each hash."""
    import numpy as np

    factors, terms = np.random.default_rng(0).integers(1, 1 << 63, (2, BANDS * ROWS, 1), dtype=np.uint64)
    return factors | np.uint64(1), terms


def _candidates(bands: Grams) -> dict[int, set[int]]:
    """For each function the earlier ones that share a band with it."""
    import numpy as np

    candidates: dict[int, set[int]] = {}
    for band in bands.T:
        order = np.argsort(band, kind="stable")
        starts = np.flatnonzero(np.diff(band[order], prepend=band[order[:1]] - np.uint64(1)))
        for bucket in np.split(order, starts[1:]):
            members = bucket.tolist()
            for place in range(1, len(members)):
                candidates.setdefault(members[place], set()).update(members[: min(place, COMPARED)])
    return candidates


def _similarity(left: Grams, right: Grams) -> float:
    """Jaccard similarity of two sets."""
    import numpy as np

    shared = len(np.intersect1d(left, right, assume_unique=True))
    return shared / (len(left) + len(right) - shared)

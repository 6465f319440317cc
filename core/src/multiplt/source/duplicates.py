"""Stage `duplicates`: of functions that are copies of each other, or nearly, the first is kept.

Near-duplicates are found as in The Stack (https://arxiv.org/abs/2211.15533): sets of 5-grams of tokens, compared by
Jaccard similarity from 0.85 on, with candidates from MinHash and banding (Leskovec, Rajaraman, Ullman: Mining of
Massive Datasets, chapter 3). What is kept of a function is in `multiplt.source.signatures`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from multiplt.errors import Refused
from multiplt.rows import Row, set_aside
from multiplt.run.engine import StageContext, StageResult
from multiplt.run.shards import read_shards
from multiplt.source.decontamination import CODE_TOKEN
from multiplt.source.definition import ParsedFunction
from multiplt.source.extract import parsing

THRESHOLD = 0.85
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
            if keeper := keepers.get(str(row["id"])):
                reason = EXACT if keeper.is_exact else NEAR
                rejected.append(set_aside(row | {"detail": keeper.id}, self.name, reason))
            else:
                kept.append(row)
            context.advance()
        return StageResult(kept, rejected)


@dataclass(frozen=True, slots=True)
class Keeper:
    """The function that is kept instead of another."""

    id: str
    is_exact: bool


def find_copies(rows: Iterable[Row], threshold: float = THRESHOLD) -> dict[str, Keeper]:
    """For each function that is a copy of an earlier one that is kept, by id, which that is.

    A copy has the same tokens, comments, docstring and layout aside; nearly a copy shares `threshold` of the n-grams
    of both.
    """
    from multiplt.source.signatures import Signatures

    with Signatures() as signatures, parsing():
        for row in rows:
            signatures.add(str(row["id"]), list(tokens(row)))
        return {
            signatures.id(number): Keeper(signatures.id(keeper), is_exact)
            for number, keeper, is_exact in signatures.copies(threshold)
        }


def tokens(row: Row) -> Iterator[str]:
    """The tokens of a function's code, without its docstring and comments."""
    try:
        function = ParsedFunction.of(row)
        code = function.source.replace(function.docstring_source, "", 1)
    except Refused:
        code = str(row.get("content"))
    return (match[0] for match in CODE_TOKEN.finditer(code) if match[0][0] != "#")

"""Texts become tokens: each ends with the token that ends a text, unless it is too long.

The trainer gets token ids, not texts, so what is trained on is what is counted and checked here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from multiplt.rows import Rejected, Row
from multiplt.train.recipe import DataSection

BATCH = 1000


@dataclass
class Encoded:
    """Token ids by text or piece of one, and what was counted.

    `dataset` is a `datasets.Dataset` with `input_ids` and `labels`, the same.
    """

    dataset: Any
    texts: int = 0
    tokens: int = 0
    truncated: int = 0
    longest: int = 0
    largest_id: int = 0

    @property
    def truncated_share(self) -> float:
        """Of the texts, how many were cut."""
        return self.truncated / self.texts if self.texts else 0.0


def encode(
    rows: Iterable[Row], data: DataSection, tokenizer: Any, rejected: Rejected, advance: Callable[[int], None]
) -> Encoded:
    """The texts of `rows` as at most `data.context_length` ids each; a row that has no text is set aside.

    `advance` is told how many more texts are done.
    """
    import pyarrow as pa  # type: ignore[import-untyped]
    from datasets import Dataset
    from datasets.table import InMemoryTable

    encoded = Encoded(None)
    texts = _texts(rows, data.field, rejected)
    ids_type = pa.list_(pa.int32())
    batches = [pa.array([], ids_type)]
    while batch := list(islice(texts, BATCH)):
        pieces = (_fit(ids, tokenizer.eos_token_id, data, encoded) for ids in _ids(batch, tokenizer))
        batches.append(pa.array(list(chain.from_iterable(pieces)), ids_type))
        advance(len(batch))
    ids = pa.chunked_array(batches)
    encoded.dataset = Dataset(InMemoryTable(pa.table({"input_ids": ids, "labels": ids})))
    return encoded


def _texts(rows: Iterable[Row], column: str, rejected: Rejected) -> Iterator[str]:
    for row in rows:
        text = row.get(column)
        if isinstance(text, str) and text.strip():
            yield text
            continue
        rejected.add(row, "train", f"its field {column} is {'empty' if column in row else 'missing'}")


def _ids(texts: list[str], tokenizer: Any) -> list[list[int]]:
    # A text longer than the context is told here, by share, not by the tokenizer's own warning.
    ids: list[list[int]] = tokenizer(texts, return_attention_mask=False, verbose=False)["input_ids"]
    return ids


def _fit(ids: list[int], eos: int, data: DataSection, encoded: Encoded) -> list[list[int]]:
    """The ids with the token that ends a text, cut to the context or into pieces of it."""
    if ids[-1] != eos:  # some tokenizers add it themselves
        ids = [*ids, eos]
    context = data.context_length
    encoded.longest = max(encoded.longest, len(ids))
    encoded.largest_id = max(encoded.largest_id, *ids)
    pieces = [ids[start : start + context] for start in range(0, len(ids), context)]
    if data.long_texts == "cut":
        encoded.truncated += len(pieces) > 1
        pieces = pieces[:1]
    encoded.texts += len(pieces)
    encoded.tokens += sum(map(len, pieces))
    return pieces

"""Mixtures for ablations: so many items or tokens of one set, with a share of another
(MultiPL-T, OOPSLA 2024, figures 3 and 8)."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from multiplt.dataset.tokens import Count
from multiplt.errors import MultipltError
from multiplt.models import derive_seed
from multiplt.rows import Row, read_rows
from multiplt.rows.jsonl import is_unicode


@dataclass(frozen=True)
class Item:
    """A text, the id that its row has, and how many tokens it is."""

    content: str
    id: str | None
    tokens: int


@dataclass(frozen=True)
class Budget:
    """How much is taken: so many items, or as many items as make no more than so many tokens."""

    unit: Literal["items", "tokens"]
    amount: int

    def size(self, item: Item) -> int:
        """How much of it an item uses."""
        return 1 if self.unit == "items" else item.tokens


@dataclass(frozen=True)
class Taken:
    """What was taken of a source."""

    kind: str
    source: str
    items: int
    tokens: int


def tokens_of(source: str, count: Count) -> int:
    """How many tokens the texts of a set are together."""
    return sum(count(content) for content, _ in _texts(source))


def mix(
    dataset: str, stack: str | None, share: float, budget: Budget, seed: int, count: Count
) -> tuple[list[Row], list[Taken]]:
    """Rows of `dataset`, with `share` of the budget in rows of `stack`, in random order; and what was taken of each.

    A row has `content`, `source` ("dataset" or "stack") and `source_id`, its id there as text.

    Raises `MultipltError` where one of the two holds less than its part.
    """
    of_stack = round(budget.amount * share) if stack else 0
    parts = [("dataset", dataset, budget.amount - of_stack), *([("stack", stack, of_stack)] if stack else [])]
    rows: list[Row] = []
    account = []
    for kind, source, amount in parts:
        items = draw(source, Budget(budget.unit, amount), derive_seed(seed, kind), count)
        rows += [{"content": item.content, "source": kind, "source_id": item.id} for item in items]
        account.append(Taken(kind, source, len(items), sum(item.tokens for item in items)))
    random.Random(derive_seed(seed, "order")).shuffle(rows)
    return rows, account


def draw(source: str, budget: Budget, seed: int, count: Count) -> list[Item]:
    """Items of a source in random order, up to the first with which they would be more than the budget.

    A larger budget draws the same and more. In memory is what is drawn, not the source.

    Raises `MultipltError` where the source holds less than the budget.
    """
    chance = random.Random(seed)
    drawn: list[tuple[float, int, Item]] = []  # a heap, the last in the order of draws on top
    held = 0
    for number, (content, id) in enumerate(_texts(source)):
        place = -chance.random()
        if held >= budget.amount and (not drawn or place < drawn[0][0]):
            continue
        item = Item(content, id, count(content))
        heapq.heappush(drawn, (place, -number, item))
        held += budget.size(item)
        while drawn and held - budget.size(drawn[0][2]) >= budget.amount:
            held -= budget.size(heapq.heappop(drawn)[2])
    if held < budget.amount:
        raise MultipltError(
            f"{source} holds {held:,} {budget.unit} and {budget.amount:,} are to be taken of it; ask for less"
        )
    items = [item for *_, item in sorted(drawn, key=lambda entry: entry[:2], reverse=True)]
    return items[:-1] if held > budget.amount else items


def _texts(source: str) -> Iterator[tuple[str, str | None]]:
    """The texts of a source that are not blank and are Unicode, each with its id."""
    found = False
    for row in read_rows(source):
        content, id = row.get("content"), row.get("id")
        if isinstance(content, str) and content.strip() and is_unicode(content):
            found = True
            yield content, None if id is None else str(id)
    if not found:
        raise MultipltError(f"{source} has no row with text in the column content; give a dataset that has")

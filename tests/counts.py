"""How much a test does: everything with MULTIPLT_TEST_FULL, else a part that shows the same."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

FULL = bool(os.environ.get("MULTIPLT_TEST_FULL"))


def part(items: Sequence[T], size: int) -> Sequence[T]:
    """All items, or `size` of them spread evenly."""
    return items if FULL or len(items) <= size else [items[i * len(items) // size] for i in range(size)]

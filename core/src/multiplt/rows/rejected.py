"""Rows that are set aside, with their reason, next to the output that they are missing from."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from multiplt.rows.atomic import replacing
from multiplt.rows.jsonl import Row, to_json

NAMES = ("name", "id")


def set_aside(row: Row, stage: str, reason: str) -> Row:
    """`row` as it stands in a rejected file: what it is called, the stage, the reason, then its fields.

    >>> set_aside({"prompt": "…", "name": "f"}, "prompts", "no tests")
    {'name': 'f', 'stage': 'prompts', 'reason': 'no tests', 'prompt': '…'}
    """
    named = {name: row[name] for name in NAMES if name in row}
    reported = named | {"stage": stage, "reason": reason}
    return reported | {name: value for name, value in row.items() if name not in reported}


class Rejected:
    """The rejected file of an output, written as rows come and kept when the block ends well.

    `OUT.jsonl` has `OUT.rejected.jsonl` beside it, a folder `rejected.jsonl` in it; standard output
    has none, its rejected rows are counted only. Without a rejected row there is no file.

    >>> with Rejected("-") as rejected:
    ...     rejected.add({"name": "f"}, "prompts", "no tests")
    >>> rejected.count, rejected.summary()
    (1, '1 row set aside: 1 for no tests')
    """

    def __init__(self, out: str | Path) -> None:
        self.path = None if str(out) == "-" else _beside(Path(out))
        self.reasons: Counter[str] = Counter()
        self._stack = ExitStack()
        self._file: BinaryIO | None = None

    @property
    def count(self) -> int:
        """How many rows were set aside."""
        return self.reasons.total()

    def add(self, row: Row, stage: str, reason: str) -> None:
        """Set `row` aside: `stage` gave it up for `reason`."""
        self.reasons[reason] += 1
        if self.path is None:
            return
        if self._file is None:
            self._file = self._stack.enter_context(replacing(self.path))
        self._file.write(to_json(set_aside(row, stage, reason)).encode() + b"\n")

    def summary(self, most: int = 3) -> str:
        """One line for the end of a command; empty where nothing was set aside."""
        if not self.count:
            return ""
        listed = "; ".join(f"{count:,} for {reason}" for reason, count in self.reasons.most_common(most))
        rest = "; …" if len(self.reasons) > most else ""
        where = f", see {self.path}" if self.path else ""
        return f"{self.count:,} row{'s' if self.count > 1 else ''} set aside: {listed}{rest}{where}"

    def __enter__(self) -> Rejected:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)
        if kind is None and self.path and not self.count:
            self.path.unlink(missing_ok=True)  # of an earlier run


def _beside(out: Path) -> Path:
    if out.is_dir():
        return out / "rejected.jsonl"
    return out.with_name(out.name.removesuffix(".gz").rsplit(".", 1)[0] + ".rejected.jsonl")

"""How far long work is, on standard error: done, rate, yield, time left."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TextColumn
from rich.progress import Progress as Bars
from rich.text import Text

LINE_EVERY_S = 10.0


class Reports(Protocol):
    """Who is told how far work is."""

    def advance(self, amount: int, /) -> None:
        """See `Progress`."""

    def count(self, **amounts: int) -> None:
        """See `Progress`."""

    def keep(self, kept: int, of: int) -> None:
        """See `Progress`."""


@dataclass
class Tally:
    """What was reported, for another to be told at once."""

    done: int = 0
    kept: int = 0
    judged: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def advance(self, amount: int = 1) -> None:
        """See `Progress`."""
        self.done += amount

    def count(self, **amounts: int) -> None:
        """See `Progress`."""
        self.counts.update(amounts)

    def keep(self, kept: int, of: int) -> None:
        """See `Progress`."""
        self.kept += kept
        self.judged += of

    def tell(self, other: Reports) -> None:
        """Report all of it."""
        other.advance(self.done)
        other.count(**self.counts)
        other.keep(self.kept, self.judged)


class Progress:
    """The progress of one piece of work: a bar on a terminal, else a line every ten seconds and at the end.

    `total` is how much there is, if known, and `found` how much of it was done before; both and
    `advance` count `unit`. Several threads may report.

    >>> with Progress("execute", total=2, unit="programs") as progress:
    ...     progress.advance()
    """

    def __init__(self, name: str, total: int | None = None, *, found: int = 0, unit: str = "rows") -> None:
        self.name, self.total, self.found, self.unit = name, total, found, unit
        self.done = found
        self._kept = self._judged = 0
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._started = self._shown = time.monotonic()
        self._bars: Bars | None = None

    def advance(self, amount: int = 1) -> None:
        """Count `amount` more as done."""
        with self._lock:
            self.done += amount
        self._show()

    def count(self, **amounts: int) -> None:
        """Count more of something else than `unit`, such as `completions=1`."""
        with self._lock:
            self._counts.update(amounts)
        self._show()

    def keep(self, kept: int, of: int) -> None:
        """Count `kept` of `of` towards the yield."""
        with self._lock:
            self._kept += kept
            self._judged += of

    def _show(self) -> None:
        if self._bars is not None:
            self._bars.update(self._bars.task_ids[0], completed=self.done)
        elif time.monotonic() - self._shown >= LINE_EVERY_S:
            self._print_line()

    def describe(self) -> str:
        """What the user reads.

        >>> Progress("execute", total=1000, found=400).describe()
        '400 of 1,000 rows (400 done before)'
        """
        total = f" of {self.total:,}" if self.total is not None else ""
        parts = [f"{self.done:,}{total} {self.unit}" + (f" ({self.found:,} done before)" if self.found else "")]
        elapsed = time.monotonic() - self._started
        rate = (self.done - self.found) / max(elapsed, 1e-9)
        if self.done > self.found:
            parts.append(_per_second(rate))
        for name, amount in self._counts.items():
            parts.append(f"{amount:,} {name} ({_per_second(amount / max(elapsed, 1e-9))})")
        if self._judged:
            parts.append(f"yield {self._kept / self._judged:.0%}")
        if self.total is not None and self.total > self.done > self.found:
            parts.append(f"{_clock((self.total - self.done) / rate)} left")
        elif elapsed >= 1:
            parts.append(f"in {_clock(elapsed)}")
        return ", ".join(parts)

    def _print_line(self) -> None:
        self._shown = time.monotonic()
        print(f"{self.name}: {self.describe()}", file=sys.stderr, flush=True)

    def __enter__(self) -> Progress:
        self._started = self._shown = time.monotonic()
        if sys.stderr.isatty():
            columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), _Description(self))
            self._bars = Bars(*columns, console=Console(stderr=True))
            self._bars.add_task(self.name, total=self.total, completed=self.found)
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()
        else:
            self._print_line()


class _Description(ProgressColumn):
    """The words beside the bar, up to date at each refresh."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress

    def render(self, task: Task) -> Text:
        return Text(self._progress.describe())


def _per_second(rate: float) -> str:
    return f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.2g}/s"


def _clock(seconds: float) -> str:
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"

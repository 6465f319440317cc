"""What a command writes: its file or stream of rows, and what became of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from multiplt.cli.options import WIDE
from multiplt.report.funnel import funnel
from multiplt.rows import Rejected
from multiplt.rows.atomic import remove_leftovers
from multiplt.rows.writing import is_stream, output_writer
from multiplt.run.lock import exclusive_file
from multiplt.run.shards import StageSummary


def show_funnel(summaries: Sequence[StageSummary]) -> None:
    """Print what became of the rows of some stages, on standard error."""
    Console(stderr=True, width=None if sys.stderr.isatty() else WIDE).print(funnel(summaries))


@contextmanager
def rows_output(out: str) -> Iterator[Rejected]:
    """The rejected file of the output `out`; a file is held against other runs, and what a killed one left removed.

    Raises `UsageError` where the name says no form, and `MultipltError` where another run writes there.
    """
    output_writer(out)
    if is_stream(out):
        with Rejected("-") as rejected:
            yield rejected
        return
    path = Path(out)
    with exclusive_file(path), Rejected(path) as rejected:
        for written in (path, rejected.path or path):
            remove_leftovers(written.parent, written.name)
        yield rejected

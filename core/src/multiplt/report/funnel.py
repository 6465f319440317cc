"""The funnel of a chain of stages: how many rows came in, how many are left, and why the others are not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from multiplt.run import StageSummary

MOST_REASONS = 25


def funnel(summaries: Sequence[StageSummary]) -> Table:
    """A table of stages: rows in, rows made of them, rows set aside by reason (the most frequent first), rows kept."""
    table = Table("stage", "rows", "share", "", box=None)
    for column in table.columns[1:3]:
        column.justify = "right"
    for summary in summaries:
        made = summary.rows_in + summary.expanded
        table.add_row(summary.stage, f"{summary.rows_in:,}", "", "came in")
        if summary.expanded:
            table.add_row("", f"{made:,}", "", "were made of them")
        for reason, count in _listed(summary):
            table.add_row("", f"{count:,}", _share(count, made), f"[dim]set aside:[/dim] {reason}")
        table.add_row("", f"{summary.rows_kept:,}", _share(summary.rows_kept, made), "[bold]kept[/bold]")
    return table


def _listed(summary: StageSummary) -> list[tuple[str, int]]:
    listed = summary.reasons.most_common(MOST_REASONS)
    rest = summary.reasons.total() - sum(count for _, count in listed)
    return [*listed, ("for other reasons", rest)] if rest else listed


def _share(count: int, of: int) -> str:
    return f"{count / of:.1%}" if of else ""


def funnel_rows(summaries: Sequence[StageSummary]) -> list[dict[str, Any]]:
    """The same for programs: a dictionary for each stage."""
    fields = ("stage", "rows_in", "expanded", "rows_kept", "rows_rejected")
    return [
        {name: getattr(summary, name) for name in fields} | {"reasons": dict(summary.reasons.most_common())}
        for summary in summaries
    ]

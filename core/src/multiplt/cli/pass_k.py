"""`multiplt pass-k`: the CSV that MultiPL-E's script prints, with a 95% interval."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from multiplt.cli.options import example
from multiplt.errors import MultipltError
from multiplt.evaluate.pass_k import estimate, pass_at_k
from multiplt.problems import Status
from multiplt.rows import Row, read_rows
from multiplt.rows.multipl_e import read_results_folder

COLUMNS = ("Dataset", "Pass@k", "Estimate", "NumProblems", "MinCompletions", "MaxCompletions", "Lower95", "Upper95")
USUAL = (1, 10, 100)
NAMED = 5
"""Problems that an error names."""


@click.command("pass-k", epilog=example("multiplt pass-k results/ -k 1 -k 10"))
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("-k", "ks", multiple=True, type=click.IntRange(min=1),
              help="May be given several times; by default those of 1, 10, 100 that there is enough for.")  # fmt: skip
def pass_k(paths: tuple[Path, ...], ks: tuple[int, ...]) -> None:
    """Estimate pass@k from results: folders of MultiPL-E results files, or files of rows with results."""
    counts = [_counts(path) for path in paths]
    for path, problems in zip(paths, counts, strict=True):
        _refuse_short(path, problems, max(ks, default=1))
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    for path, problems in zip(paths, counts, strict=True):
        completions = [n for n, _ in problems.values()]
        for k in ks or [k for k in USUAL if k <= min(completions)]:
            rates = [pass_at_k(n, correct, k) for n, correct in problems.values()]
            mean = estimate(rates)
            interval = (f"{mean.lower:.4f}", f"{mean.upper:.4f}")
            dataset = path.resolve().name
            writer.writerow((dataset, k, mean.mean, len(rates), min(completions), max(completions), *interval))


def _counts(path: Path) -> dict[str, tuple[int, int]]:
    """Completions and right ones of each problem."""
    counts: dict[str, tuple[int, int]] = {}
    for row in _rows(path):
        results = row.get("results")
        if not isinstance(results, list) or not all(result is None or "status" in result for result in results):
            raise MultipltError(f"{path} holds a row without results; make them with multiplt execute")
        name = f"{row.get('name')} ({row.get('language')})"
        if name in counts:
            raise MultipltError(f"{path} holds {name} twice; give each run its own folder")
        statuses = [result and result["status"] for result in results]
        counts[name] = (len(statuses), statuses.count(str(Status.OK)))
    return counts


def _rows(path: Path) -> Iterator[Row]:
    return (row for _, row in read_results_folder(path)) if path.is_dir() else read_rows(path)


def _refuse_short(path: Path, problems: dict[str, tuple[int, int]], k: int) -> None:
    short: Sequence[str] = [f"{name} has {n}" for name, (n, _) in problems.items() if n < k]
    if short:
        more = f" and {len(short) - NAMED} more" if len(short) > NAMED else ""
        named = ", ".join(short[:NAMED])
        raise MultipltError(f"pass@{k} needs {k} completions of each problem; in {path} {named}{more}")

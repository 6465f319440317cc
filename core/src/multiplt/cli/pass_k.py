"""`multiplt pass-k`: the CSV that MultiPL-E's script prints, with a 95% interval."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import click

from multiplt.cli.options import example
from multiplt.evaluate.results import read_results, refuse_short, score, usual_ks

COLUMNS = ("Dataset", "Pass@k", "Estimate", "NumProblems", "MinCompletions", "MaxCompletions", "Lower95", "Upper95")


@click.command("pass-k", epilog=example("multiplt pass-k results/ -k 1 -k 10"))
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("-k", "ks", multiple=True, type=click.IntRange(min=1),
              help="May be given several times; by default those of 1, 10, 100 that there is enough for.")  # fmt: skip
def pass_k(paths: tuple[Path, ...], ks: tuple[int, ...]) -> None:
    """Estimate pass@k from results: folders of MultiPL-E results files, or files of rows with results."""
    counts = [read_results(path).counts for path in paths]
    for path, problems in zip(paths, counts, strict=True):
        refuse_short(path, problems, max(ks, default=1))
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    for path, problems in zip(paths, counts, strict=True):
        completions = [n for n, _ in problems.values()]
        for k in ks or usual_ks(problems):
            mean = score(problems, k)
            interval = (f"{mean.lower:.4f}", f"{mean.upper:.4f}")
            described = (path.resolve().name, k, mean.mean, len(problems), min(completions), max(completions))
            writer.writerow((*described, *interval))

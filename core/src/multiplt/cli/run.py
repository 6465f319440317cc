"""`multiplt run`: the pipeline in a TOML file."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from multiplt.cli.compare import compare_command
from multiplt.cli.options import WIDE, as_json, example
from multiplt.cli.outputs import show_funnel
from multiplt.evaluate.comparison import compare, shared
from multiplt.evaluate.results import read_results
from multiplt.mirror.mirroring import mirrored
from multiplt.problems import Status
from multiplt.rows.parquet import read_parquet
from multiplt.run.closing import Scores, check_closing, close_run
from multiplt.run.config import Config, load_config
from multiplt.run.pipeline import LanguageSummary, run_pipeline

MOST_REASONS = 3
"""Reasons that are listed for rows set aside."""

SAMPLE_ROWS = 3
"""Rows of the dataset that are shown at the end."""

LEAST_PROBLEMS = 4
"""Problems of which some can choose an epoch and the others judge it."""


@click.command(epilog=example("multiplt run examples/quickstart/config.toml --set sampling.n=5"))
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--set", "overrides", multiple=True, metavar="SECTION.KEY=VALUE", help="Change a setting of the file.")
@as_json
def run(config: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Run the pipeline that CONFIG describes; what an earlier run finished is not done again."""
    run_and_report(load_config(config, overrides), as_json)


def run_and_report(config: Config, as_json: bool = False) -> None:
    """Run a pipeline, print its table, the datasets' paths and some of their rows, then close it and print scores."""
    check_closing(config)
    with mirrored(config.run, _tell):
        _run(config, as_json)


def _run(config: Config, as_json: bool) -> None:
    summaries = []
    for summary in run_pipeline(config, show_funnel):
        summaries.append(summary)
        if summary.resumed:
            click.echo(f"{summary.language}: everything was done before, nothing was run again", err=True)
        elif found := sum(stage.shards_found for stage in summary.stages):
            click.echo(f"{summary.language}: went on after {found} finished shards of an earlier run", err=True)
    if as_json:
        compared = {scores.language: _compared(scores) for scores in close_run(config, summaries, _tell)}
        described = [_as_dict(summary) | compared.get(summary.language, {}) for summary in summaries]
        click.echo(json.dumps(described, indent=2))
        return
    for summary in summaries:
        _show_rejected(summary)
    Console(width=None if sys.stdout.isatty() else WIDE).print(_table(summaries))
    for summary in summaries:
        _show_dataset(summary)
    for scores in close_run(config, summaries, _tell):
        _show_scores(scores)


def _tell(line: str) -> None:
    click.echo(line, err=True)


def _show_scores(scores: Scores) -> None:
    """The table of `multiplt compare`, in which the best of several epochs is chosen on a part of the problems."""
    click.echo(f"\n{scores.language}: scores in {scores.base.parent}\n")
    selecting = len(scores.tuned) > 1 and len(read_results(scores.base).counts) >= LEAST_PROBLEMS
    paths = (scores.base, *scores.tuned)
    click.get_current_context().invoke(compare_command, paths=paths, selecting=selecting)


def _compared(scores: Scores) -> dict[str, object]:
    base, *tuned = shared([read_results(path).counts for path in (scores.base, *scores.tuned)])
    runs = zip(scores.tuned, tuned, strict=True)
    return {"scores": [{"run": path.name, **asdict(compare(base, counts))} for path, counts in runs]}


def _show_rejected(summary: LanguageSummary) -> None:
    """Rows that were set aside before they came to a verdict."""
    for stage in summary.stages[:-1]:
        if stage.rows_rejected:
            folder = "functions" if stage.stage == "import" else f"{stage.stage}/{summary.language}"
            where = summary.dataset.parents[1] / folder
            reasons = "; ".join(f"{count:,} for {reason}" for reason, count in stage.reasons.most_common(MOST_REASONS))
            rest = "; …" if len(stage.reasons) > MOST_REASONS else ""
            rows = "row" if stage.rows_rejected == 1 else "rows"
            counted = f"{stage.rows_rejected:,} {rows} set aside in {stage.stage}: {reasons}{rest}"
            click.echo(f"{summary.language}: {counted}, see {where}/*.rejected.jsonl", err=True)


def _table(summaries: list[LanguageSummary]) -> Table:
    statuses = [str(status) for status in Status]
    seen = {status for summary in summaries for status in summary.verdicts}
    columns = [status for status in [*statuses, "no verdict"] if status in seen]
    table = Table("language", "functions", "problems", "completions", *columns, "validated", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for summary in summaries:
        counts = [summary.functions, summary.problems, summary.completions]
        counts += [summary.verdicts[status] for status in columns]
        table.add_row(summary.language, *map(str, counts), str(summary.validated))
    return table


def _show_dataset(summary: LanguageSummary) -> None:
    click.echo(f"\n{summary.language}: {summary.validated} validated translations in {summary.dataset}")
    for row in islice(read_parquet(summary.dataset), SAMPLE_ROWS):
        click.echo(f"\n--- {row['name']}, pass rate {row['pass_rate']:.2f}\n{row['content'].rstrip()}")


def _as_dict(summary: LanguageSummary) -> dict[str, object]:
    return {
        "language": summary.language,
        "functions": summary.functions,
        "problems": summary.problems,
        "completions": summary.completions,
        "verdicts": dict(summary.verdicts),
        "validated": summary.validated,
        "dataset": str(summary.dataset),
        "resumed": summary.resumed,
    }

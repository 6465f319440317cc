"""`multiplt dataset`: the training set, from validated translations to the Hub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import click

from multiplt.cli.options import as_json, example
from multiplt.cli.outputs import show_funnel
from multiplt.dataset.build import build as build_dataset
from multiplt.dataset.strategies import STRATEGIES, Strategy
from multiplt.report.funnel import funnel_rows

folder = click.argument("folder", type=click.Path(path_type=Path))
seeded = click.option("--seed", type=int, default=0, show_default=True, help="Of what is drawn at random.")


@click.group()
def dataset() -> None:
    """Build, describe, publish and mix training sets."""


@dataset.command(epilog=example("multiplt dataset build runs/racket runs/lua -o training-set"))
@click.argument("translations", nargs=-1, required=True, metavar="TRANSLATIONS...")
@click.option("-o", "--output", "out", required=True, type=click.Path(path_type=Path), help="The folder to write.")
@click.option("--strategy", type=click.Choice(STRATEGIES), default="dedup", show_default=True,
              help="Which translations of a function: all, one at random, the one of the best pass rate, or those "
              "that are no near-duplicates of each other.")
@click.option("--threshold", type=click.FloatRange(min=0, max=1), default=0.6, show_default=True,
              help="ROUGE-Lsum above which two programs are near-duplicates.")
@seeded
@as_json
def build(translations: tuple[str, ...], out: Path, as_json: bool, **settings: Any) -> None:
    """Make a training set of validated TRANSLATIONS, one split per language.

    TRANSLATIONS are folders that multiplt translate or multiplt run wrote, or files of their rows. The result is
    a folder that datasets.load_dataset reads; rejected.jsonl in it says what was left out, why, and for which
    other translation. The same call gives the same files.
    """
    strategy = cast(Strategy, settings["strategy"])
    summaries = build_dataset(translations, out, strategy, settings["seed"], settings["threshold"])
    show_funnel(summaries)
    languages = len(summaries) - 1
    kept = sum(summary.rows_kept for summary in summaries[1:])
    click.echo(f"{kept:,} rows in {languages} language{'s' if languages > 1 else ''} written to {out}", err=True)
    if as_json:
        click.echo(json.dumps(funnel_rows(summaries), indent=2))  # fmt: skip

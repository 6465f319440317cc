"""`multiplt dataset`: the training set, from validated translations to the Hub."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from multiplt.cli.options import WIDE, as_json, example, output
from multiplt.cli.outputs import rows_output, show_funnel
from multiplt.dataset.build import build as build_dataset
from multiplt.dataset.card import write_card
from multiplt.dataset.folder import CARD
from multiplt.dataset.mix import Budget, Taken, tokens_of
from multiplt.dataset.mix import mix as mix_sets
from multiplt.dataset.push import check_name, files_to_send
from multiplt.dataset.push import push as push_dataset
from multiplt.dataset.strategies import STRATEGIES
from multiplt.dataset.tokens import Count, token_counter
from multiplt.errors import UsageError
from multiplt.plugins import installed
from multiplt.report.funnel import funnel_rows
from multiplt.rows import write_rows
from multiplt.settings import Strategy
from multiplt.translate.near_duplicates import THRESHOLD

HALF = 0.5

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
              "that are no near-duplicates.")
@click.option("-l", "--lang", "lang", help="The language of rows that do not say theirs, as published ones.")
@click.option("--threshold", type=click.FloatRange(min=0, max=1), default=THRESHOLD, show_default=True,
              help="ROUGE-Lsum above which two programs are near-duplicates.")
@seeded
@as_json
def build(
    translations: tuple[str, ...], out: Path, strategy: Strategy, lang: str | None, threshold: float, seed: int,
    as_json: bool,
) -> None:
    """Make a training set of validated TRANSLATIONS, one split per language.

    TRANSLATIONS are folders that multiplt translate or multiplt run wrote, or files of their rows. OUT is
    a folder that datasets.load_dataset reads; rejected.jsonl in it says what was left out, why, and for which
    other translation. The same call gives the same files.
    """
    language = installed().language(lang).spec.name if lang else None
    summaries = build_dataset(translations, out, strategy, seed, threshold, language)
    show_funnel(summaries)
    kept, languages = sum(summary.rows_kept for summary in summaries[1:]), len(summaries) - 1
    click.echo(f"{kept:,} rows in {languages} language{'s' if languages > 1 else ''} written to {out}", err=True)
    if as_json:
        click.echo(json.dumps(funnel_rows(summaries), indent=2))  # fmt: skip


@dataset.command(epilog=example("multiplt dataset card training-set --run runs/racket"))
@folder
@click.option("--run", "runs", multiple=True, type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="The folder of a run that the translations are from; may be given several times.")
@click.option("--model", help="The model that translated; by default as the folder of the run says.")
@click.option("--name", help="The title; by default the name of the folder.")
def card(folder: Path, runs: tuple[Path, ...], model: str | None, name: str | None) -> None:
    """Describe the training set in FOLDER in a README.md, as the Hub shows it.

    It has counts, the funnel, yields and settings of the runs, the licences of the sources, and limits; what is not
    known, it says.
    """
    click.echo(write_card(folder, runs, name or folder.resolve().name, model))  # fmt: skip


@dataset.command(epilog=example("multiplt dataset push training-set OWNER/NAME --private --dry-run"))
@folder
@click.argument("name")
@click.option("--private", is_flag=True, help="Make the dataset private where it is new.")
@click.option("--dry-run", is_flag=True, help="List what would be sent, and send nothing.")
def push(folder: Path, name: str, private: bool, dry_run: bool) -> None:
    """Send the training set in FOLDER to the dataset NAME (OWNER/NAME) on the Hugging Face Hub.

    It goes in one commit, which replaces the data that is there. The token is that of hf auth login, or HF_TOKEN.
    """
    check_name(name)
    files = files_to_send(folder)
    if CARD not in files:
        click.echo(f"{folder} has no card; multiplt dataset card {folder} writes one", err=True)
    if dry_run:
        for path, size in files.items():
            click.echo(f"{size:>14,}  {path}")
        click.echo(f"{sum(files.values()):>14,}  bytes in {len(files)} files would be sent to {name}")
    else:
        click.echo(push_dataset(folder, name, private=private))


@dataset.command(epilog=example("multiplt dataset mix nuprl/MultiPL-T:LANG --items 25000 -o 25k.parquet"))
@click.argument("source", metavar="DATASET")
@output
@click.option("--items", type=click.IntRange(min=1), help="How many items to take in all.")
@click.option("--tokens", type=click.IntRange(min=1), help="How many tokens to take at most.")
@click.option("--tokens-of", "like", metavar="OTHER", help="Take as many tokens as this set has.")
@click.option("--stack", metavar="ROWS", help="Natural code to mix in, such as The Stack's of the language.")
@click.option("--share", type=click.FloatRange(0, 1, min_open=True, max_open=True),
              help="The part of the mixture that is from --stack, in items or tokens; by default a half.")
@click.option("--tokenizer", help="A tokenizer.json, a folder with one, or a name on the Hub; by default tokens are "
              "what whitespace separates.")
@seeded
@as_json
def mix(
    source: str, out: str, items: int | None, tokens: int | None, like: str | None, stack: str | None,
    share: float | None, tokenizer: str | None, seed: int, as_json: bool,
) -> None:
    """Draw a set of a given size from DATASET, with a share of natural code if asked for, for ablations.

    DATASET, OTHER and ROWS are rows with text in the column content: JSONL, Parquet, a training set's split
    (FOLDER:LANGUAGE), or on the Hub. The size is in items or in tokens. What was taken is printed; the same call
    takes the same.
    """
    if as_json and out == "-":
        raise UsageError("--json and -o - both write to standard output; give the rows a file with -o")
    if share is not None and stack is None:
        raise UsageError("--share is of natural code; name that with --stack")
    count = token_counter(tokenizer)
    budget = _budget(items, tokens, like, count)
    with rows_output(out) as rejected:
        rows, taken = mix_sets(source, stack, HALF if share is None else share, budget, seed, count)
        write_rows(rows, out, rejected)
    _show(taken)
    if as_json:
        click.echo(json.dumps([asdict(part) for part in taken], indent=2))  # fmt: skip


def _budget(items: int | None, tokens: int | None, like: str | None, count: Count) -> Budget:
    if sum(size is not None for size in (items, tokens, like)) != 1:
        raise UsageError("a mixture has one size; give one of --items, --tokens and --tokens-of")
    if items is not None:
        return Budget("items", items)
    return Budget("tokens", tokens if tokens is not None else tokens_of(str(like), count))


def _show(taken: list[Taken]) -> None:
    table = Table("from", "", "items", "tokens", box=None)
    for column in table.columns[2:]:
        column.justify = "right"
    for part in taken:
        table.add_row(part.kind, escape(part.source), f"{part.items:,}", f"{part.tokens:,}")
    Console(stderr=True, width=None if sys.stderr.isatty() else WIDE).print(table)

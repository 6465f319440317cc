"""`multiplt dedup`: of translations that are nearly the same, one is kept."""

from __future__ import annotations

import json
from itertools import chain

import click

from multiplt.cli.options import as_json, example, output
from multiplt.cli.outputs import show_funnel
from multiplt.errors import UsageError
from multiplt.plugins import installed
from multiplt.report.funnel import funnel_rows
from multiplt.rows import read_rows
from multiplt.run.chain import run_chain
from multiplt.run.shards import Import
from multiplt.translate.deduplication import PLACE, Deduplicate
from multiplt.translate.near_duplicates import THRESHOLD
from multiplt.translate.rouge import import_compiled


@click.command(epilog=example("multiplt dedup out/dataset -o distinct.parquet"))
@click.argument("translations")
@output
@click.option("-l", "--lang", "lang", help="The language of rows that do not say theirs.")
@click.option(
    "--threshold",
    type=click.FloatRange(min=0, max=1),
    default=THRESHOLD,
    show_default=True,
    help="The score above which two programs are too near to each other.",
)
@click.option("--within-problems-only", is_flag=True, help="Do not compare translations of different problems.")
@as_json
def dedup(
    translations: str, out: str, lang: str | None, threshold: float, within_problems_only: bool, as_json: bool
) -> None:
    """Drop TRANSLATIONS that are nearly the same as one that is kept.

    TRANSLATIONS are the rows that `translate` or `run` made, or of a published training set: content, language,
    pass_rate, original_id or name. Programs are compared without comments, by ROUGE-Lsum; those with a higher pass
    rate are kept first, then those that come first. What is dropped is in OUT.rejected.jsonl with what it is near to.
    """
    if as_json and out == "-":
        raise UsageError("--json and -o - both write to standard output; give the rows a file with -o")
    import_compiled()
    language = installed().language(lang).spec.name if lang else None
    rows = read_rows(translations)
    first = next(rows)
    if language is None and not first.get("language"):
        raise UsageError(f"the rows of {translations} do not say their language; name it with --lang")
    numbered = (row | {PLACE: place} for place, row in enumerate(chain((first,), rows)))
    stage = Deduplicate(threshold, not within_problems_only, language)
    summaries = run_chain([Import(), stage], numbered, out, shard_size=1000)
    show_funnel(summaries[1:])
    click.echo(f"{summaries[-1].rows_kept:,} of {summaries[-1].rows_in:,} programs written to {out}", err=True)
    if as_json:
        click.echo(json.dumps(funnel_rows(summaries), indent=2))  # fmt: skip

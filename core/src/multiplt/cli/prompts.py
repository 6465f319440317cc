"""`multiplt prompts`: tested functions become MultiPL-E problems."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import islice

import click

from multiplt.cli.options import example, language, output
from multiplt.cli.outputs import rows_output
from multiplt.execute.sandboxes import DEFAULT
from multiplt.plugins import BoundLanguage, installed
from multiplt.rows import Rejected, Row, read_rows, write_rows
from multiplt.run.progress import Progress
from multiplt.run.resources import LazyExecutor
from multiplt.settings import ExecuteSettings, PromptSettings
from multiplt.translate.prompting import build_rows, refuse_benchmark

BATCH = 200
"""Functions that are read at once."""


@click.command(epilog=example("multiplt prompts functions.jsonl -l LANG -o problems.jsonl"))
@click.argument("functions")
@language
@output
@click.option("--canonical/--no-canonical", default=None,
              help="Put the Python solution into the prompt, as a comment; by default, except for a benchmark.")
@click.option("--style", type=click.Choice(["completion", "chat"]), default="completion", show_default=True,
              help="Add a prompt for chat models.")  # fmt: skip
@click.option("--sandbox", default=DEFAULT, show_default=True, help="Where tests are evaluated that need it.")
def prompts(functions: str, lang: str, out: str, canonical: bool | None, style: str, sandbox: str) -> None:
    """Turn tested FUNCTIONS into problems of a language, in MultiPL-E's form.

    FUNCTIONS is JSONL, Parquet or a Hub dataset with the columns entrypoint, content and tests; or a
    benchmark: humaneval, mbpp (sanitized), mbpp:full, or humaneval:FILE and mbpp:FILE. A function or
    test that the language cannot express goes to the rejected file with its reason.
    """
    if canonical:
        refuse_benchmark(functions)
    target = installed().language(lang)
    settings = PromptSettings(canonical=canonical is not False, style="chat" if style == "chat" else "completion")
    executor = LazyExecutor(ExecuteSettings(sandbox=sandbox))
    with closing(executor), rows_output(out) as rejected, Progress("prompts") as progress:
        rows = _problems(read_rows(functions), target, settings, executor, rejected, progress)
        written = write_rows(rows, out, rejected)
    click.echo(f"{written} problems written to {out}", err=True)
    if rejected.count:
        click.echo(rejected.summary(), err=True)


def _problems(
    rows: Iterator[Row],
    target: BoundLanguage,
    settings: PromptSettings,
    executor: LazyExecutor,
    rejected: Rejected,
    progress: Progress,
) -> Iterator[Row]:
    for batch in iter(lambda: list(islice(rows, BATCH)), []):
        for row in build_rows(batch, target, settings, executor):
            progress.advance()
            if "reason" in row:
                rejected.add(row, row["stage"], row["reason"])
            else:
                yield row

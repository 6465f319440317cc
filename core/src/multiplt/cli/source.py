"""The commands of step 1, from Python source to tested, typed functions: one for each group of stages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any

import click
from rich.console import Console

from multiplt.cli.options import WIDE, as_json, example, output
from multiplt.errors import UsageError
from multiplt.report.funnel import funnel, funnel_rows
from multiplt.rows import Row, read_rows
from multiplt.run.chain import run_chain
from multiplt.run.engine import Stage
from multiplt.settings import ExecuteSettings
from multiplt.source.brief import Brief
from multiplt.source.infer_types import InferTypes

Work = tuple[Sequence[Stage], Iterable[Row]]
"""The stages of a command, and the rows that they start from."""


def stages(command: Callable[..., Work]) -> Callable[..., None]:
    """Turn a function that says which stages work on which rows into a command that runs them."""

    @output
    @click.option("--shard-size", type=click.IntRange(min=1), default=500, show_default=True,
                  help="Rows that are worked on at once; a killed command starts again at the next shard.")
    @click.option("--workers", type=click.IntRange(min=1), help="Processes; by default one a core.")
    @click.option("--keep-rejected", is_flag=True, help="Keep all fields of the rows that are set aside.")
    @as_json
    @wraps(command)
    def run(
        out: str, shard_size: int, workers: int | None, keep_rejected: bool, as_json: bool, **arguments: Any
    ) -> None:
        if as_json and out == "-":
            raise UsageError("--json and -o - both write to standard output; give the rows a file with -o")
        stages, rows = command(**arguments, workers=workers)
        chain = stages if keep_rejected else [Brief(stage) for stage in stages]
        summaries = run_chain(chain, rows, out, shard_size=shard_size, workers=workers)
        console = Console(stderr=True)
        console.print(funnel(summaries), width=None if console.is_terminal else WIDE)
        click.echo(f"{summaries[-1].rows_kept:,} functions written to {out}", err=True)
        if as_json:
            click.echo(json.dumps(funnel_rows(summaries), indent=2))

    return run  # fmt: skip


@click.command(epilog=example("multiplt infer-types tested.parquet -o typed.parquet"))
@click.argument("functions")
@click.option("--sandbox", default="bubblewrap", show_default=True, help="Where tests are run.")
@stages
def infer_types(functions: str, sandbox: str, workers: int | None) -> Work:
    """Annotate tested FUNCTIONS with the types that their tests show.

    Each row gets `content_with_types`: the source with the author's annotations where they cross languages,
    and else with the join of the types over all tests; or None, and `types_reason`.
    """
    return [InferTypes(ExecuteSettings(sandbox=sandbox, workers=workers))], read_rows(functions)

"""The commands of step 1, from Python source to tested, typed functions: one for each group of stages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from itertools import chain
from typing import Any, get_args

import click

from multiplt.cli.options import as_json, example, sampled
from multiplt.cli.outputs import show_funnel
from multiplt.errors import UsageError
from multiplt.models import ModelOptions
from multiplt.report.funnel import funnel_rows
from multiplt.rows import Row, read_rows
from multiplt.run.chain import run_chain
from multiplt.run.engine import Stage
from multiplt.run.sampling import checked_model
from multiplt.settings import ExecuteSettings, FilterName, FilterSettings, TestgenSettings
from multiplt.source.brief import Brief
from multiplt.source.decontamination import Benchmarks
from multiplt.source.extract import Extract
from multiplt.source.files import read_files
from multiplt.source.filter import benchmark_names, explain
from multiplt.source.infer_types import InferTypes
from multiplt.source.stages import filter_stages, testgen_stages
from multiplt.source.typecheck import check, with_imports_of

Work = tuple[Sequence[Stage], Iterable[Row]]
"""The stages of a command, and the rows that they start from."""


def stages(command: Callable[..., Work | None]) -> Callable[..., None]:
    """Turn a function that says which stages work on which rows into a command that runs them, if there are any."""

    @click.option("-o", "--output", "out", help="Where to write: a file, a folder of shards, or '-'.")
    @click.option("--shard-size", type=click.IntRange(min=1), default=500, show_default=True,
                  help="Rows that are worked on at once; a killed command starts again at the next shard.")
    @click.option("--workers", type=click.IntRange(min=1), help="Processes; by default one a core.")
    @click.option("--keep-rejected", is_flag=True, help="Keep all fields of the rows that are set aside.")
    @as_json
    @wraps(command)
    def run(
        out: str | None, shard_size: int, workers: int | None, keep_rejected: bool, as_json: bool, **arguments: Any
    ) -> None:
        work = command(**arguments, workers=workers)
        if work is None:
            return
        if out is None:
            raise UsageError("there is no output; say with -o where to write")
        if as_json and out == "-":
            raise UsageError("--json and -o - both write to standard output; give the rows a file with -o")
        stages, rows = work
        told = stages if keep_rejected else [Brief(stage) for stage in stages]
        summaries = run_chain(told, rows, out, shard_size=shard_size, workers=workers)
        show_funnel(summaries)
        click.echo(f"{summaries[-1].rows_kept:,} functions written to {out}", err=True)
        if as_json:
            click.echo(json.dumps(funnel_rows(summaries), indent=2))

    return run  # fmt: skip


@click.command(epilog=example("multiplt extract stdlib requests src/ -o functions.parquet"))
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@stages
def extract(inputs: tuple[str, ...], workers: int | None) -> Work:
    """Take the top-level functions with docstrings out of Python files.

    INPUT is a folder, a .py file, an installed package by name, `stdlib`, or a dataset in The Stack's form
    (JSONL, Parquet or on the Hub, with the column content).
    """
    return [Extract()], read_files(inputs)


@click.command("filter", epilog=example("multiplt filter functions.parquet -o filtered.parquet --skip todo"))
@click.argument("functions")
@click.option("--skip", multiple=True, type=click.Choice(get_args(FilterName)), help="A filter to leave out.")
@click.option("--benchmark", "benchmarks", multiple=True, default=("humaneval", "mbpp"), show_default=True,
              help="A benchmark that no function may be taken from: humaneval, mbpp, or either with :FILE.")
@click.option("--explain", "explained", metavar="ID", help="Say what each filter says of one function, and do no more.")
@stages
def filter_functions(
    functions: str, skip: tuple[FilterName, ...], benchmarks: tuple[str, ...], explained: str | None, **_: Any
) -> Work | None:
    """Keep the FUNCTIONS that are worth testing.

    They have a docstring in triple quotes, return a value, take parameters, are finished and not trivial,
    type-check on their own, and are no copies: not of a benchmark's problem, and not of each other.
    """
    settings = FilterSettings(skip=skip, benchmarks=benchmarks)
    rows = _functions(functions)
    if explained is not None:
        _explain(explained, rows, settings)
        return None
    return filter_stages(settings), rows  # fmt: skip


def _functions(source: str) -> Iterable[Row]:
    """The rows of `source`. Raises `UsageError` where they are no functions in the form of extract."""
    rows = iter(read_rows(source))
    first = next(rows)
    if missing := [field for field in ("id", "content", "entrypoint") if field not in first]:
        raise UsageError(
            f"{source} has no column {missing[0]}, only {', '.join(first)}; a function needs id, content and "
            "entrypoint, as extract writes them"
        )
    return chain((first,), rows)


def _explain(id: str, rows: Iterable[Row], settings: FilterSettings) -> None:
    row = next((row for row in rows if str(row.get("id")) == id), None)
    if row is None:
        raise UsageError(f"there is no function with the id {id}; ids are in the column id of what extract wrote")
    answers: list[tuple[str, Any]] = [*explain(row, settings, Benchmarks(benchmark_names(settings)))]
    if settings.uses("types"):
        answers.append(("types", check([with_imports_of(row)["content"]])[0]))
    for name, reason in answers:
        said = "keeps it" if reason is None else ": ".join(filter(None, reason))
        click.echo(f"{name:18} {said}")


@click.command(epilog=example("multiplt testgen filtered.parquet --model vllm:MODEL -o tested.parquet"))
@click.argument("functions")
@sampled(5)
@click.option("--min-coverage", type=click.FloatRange(min=0, max=100), default=90.0, show_default=True,
              help="Percent of its lines that a function's tests must run.")
@click.option("--min-tests", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--sandbox", default="bubblewrap", show_default=True, help="Where tests are run.")
@stages
def testgen(
    functions: str, model: str, model_options: dict[str, Any], seed: int, concurrency: int | None, sandbox: str,
    workers: int | None, **settings: Any,
) -> Work:
    """Have a model write tests for FUNCTIONS, and keep those that execution confirms.

    A test is kept when its call gives the value that it says, in two runs with different hash seeds. Functions
    that change their arguments, or use files, the network, the clock or random numbers, are set aside, as are
    those whose tests are too few or cover too little.
    """
    rows = _functions(functions)
    checked = checked_model(model, ModelOptions(concurrency=concurrency, extra=model_options))
    execute = ExecuteSettings(sandbox=sandbox, workers=workers)
    return testgen_stages(TestgenSettings(**settings), checked, execute, seed), rows  # fmt: skip


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

"""`multiplt execute`: completions get their verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import click

from multiplt.cli.options import example, execution, output
from multiplt.errors import MultipltError
from multiplt.execute.executor import Executor
from multiplt.execute.rows import execute_rows
from multiplt.execute.verdicts import Judge
from multiplt.plugins import installed
from multiplt.rows import (
    Rejected,
    Row,
    read_completions_folder,
    read_rows,
    results_path,
    write_results_file,
    write_rows,
)
from multiplt.rows.journal import Journal
from multiplt.rows.multipl_e import read_json_file
from multiplt.run.lock import exclusive, exclusive_file
from multiplt.run.progress import Progress
from multiplt.settings import ExecuteSettings
from multiplt.translate.resources import open_executor, open_judge

Execute = Callable[[Iterator[Row]], Iterator[Row]]


@click.command(epilog=example("multiplt execute completions/ -o results/ --timeout 15"))
@click.argument("completions")
@output
@click.option("--problems", type=click.Path(exists=True), help="Problems whose field 'multiplt' is restored by name.")
@click.option("--extract", is_flag=True, help="Completions are a model's answers: take the code out of them first.")
@execution
def execute(
    completions: str,
    out: str,
    problems: str | None,
    extract: bool,
    timeout: float,
    workers: int | None,
    memory: int,
    sandbox: str,
) -> None:
    """Run COMPLETIONS against their tests.

    COMPLETIONS is a folder of MultiPL-E completions files, and OUT becomes a folder of results files; or
    it is JSONL or Parquet of the same rows, and OUT the rows with their results. What OUT already holds
    is not run again. Rows with the field 'multiplt' are judged strictly, others by MultiPL-E's rule.
    """
    settings = ExecuteSettings(timeout=timeout, workers=workers, sandbox=sandbox, memory=memory)
    strict = _strict_fields(problems)
    summary: Counter[str] = Counter()
    with _executor(settings) as (executor, judge_of):
        def run(rows: Iterator[Row]) -> Iterator[Row]:
            for row in execute_rows(rows, judge_of, strict, extract=extract):
                summary.update(result["verdict"]["status"] for result in row.get("results", ()))
                yield row

        (_execute_folder if Path(completions).is_dir() else _execute_file)(completions, out, run)
        counters = executor.counters
    counted = ", ".join(f"{count} {status}" for status, count in summary.most_common())
    click.echo(f"{sum(summary.values())} verdicts: {counted or 'nothing was left to do'}", err=True)
    if counters.retried:
        click.echo(f"{counters.retried} timeouts were tried again, the machine being overloaded", err=True)


def _strict_fields(problems: str | None) -> dict[str, Any]:
    rows = read_rows(problems) if problems else iter(())
    return {row["name"]: row["multiplt"] for row in rows if row.get("name") and row.get("multiplt")}


@contextmanager
def _executor(settings: ExecuteSettings) -> Iterator[tuple[Executor, Callable[[str], Judge]]]:
    with open_executor(settings) as executor:
        yield executor, cache(lambda name: open_judge(installed().language(name).spec.name, executor, settings))


def _execute_folder(completions: str, out: str, run: Execute) -> None:
    folder = Path(out)
    paths: list[Path] = []

    def to_do() -> Iterator[Row]:
        for path, row in read_completions_folder(Path(completions)):
            if "completions" in row and not _done(results_path(folder, path), row):
                paths.append(path)
                yield row
            else:
                progress.advance()

    with exclusive(folder), Rejected(folder) as rejected, Progress("execute", unit="files") as progress:
        for row in run(to_do()):
            path = paths.pop(0)
            if "reason" in row:
                rejected.add(row, row["stage"], f"{path.name}: {row['reason']}")
            else:
                write_results_file(results_path(folder, path), row, row["results"])
            progress.advance()
        _report(rejected)


def _done(path: Path, row: Row) -> bool:
    try:
        return path.exists() and len(read_json_file(path)["results"]) == len(row["completions"])
    except (MultipltError, KeyError, TypeError):
        return False


def _execute_file(completions: str, out: str, run: Execute) -> None:
    rows = read_rows(completions)
    with Rejected(out) as rejected, Progress("execute") as progress:

        def work(rows: Iterator[Row]) -> Iterator[Row]:
            for row in run(rows):
                progress.advance()
                yield row

        if out == "-":
            write_rows(_kept(work(rows), rejected), out)
        else:
            with exclusive_file(Path(out)):
                Journal(Path(out)).complete(rows, work, _same, rejected)
        _report(rejected)


def _kept(rows: Iterator[Row], rejected: Rejected) -> Iterator[Row]:
    for row in rows:
        if "reason" in row:
            rejected.add(row, row["stage"], row["reason"])
        else:
            yield row


def _same(row: Row, result: Row) -> bool:
    """Whether `result` is what became of `row`."""
    fields = ("name", "language", "prompt", "tests")
    if "reason" in result or [row.get(field) for field in fields] != [result.get(field) for field in fields]:
        return False
    return len(row.get("completions") or ()) == len(result["results"])


def _report(rejected: Rejected) -> None:
    if rejected.count:
        click.echo(rejected.summary(), err=True)



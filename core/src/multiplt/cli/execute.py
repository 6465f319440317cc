"""`multiplt execute`: completions get their verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import starmap
from operator import contains
from pathlib import Path
from typing import Any

import click

from multiplt.cli.options import example, execution, output
from multiplt.cli.outputs import rows_output
from multiplt.errors import MultipltError, UsageError
from multiplt.execute.rows import execute_rows
from multiplt.execute.verdicts import Judge
from multiplt.plugins import installed
from multiplt.rows import Rejected, Row, read_rows, results_path, write_results_file, write_rows
from multiplt.rows.atomic import remove_leftovers
from multiplt.rows.journal import Journal
from multiplt.rows.jsonl import to_json
from multiplt.rows.multipl_e import completions_files, read_json_file
from multiplt.rows.writing import is_stream
from multiplt.run.lock import exclusive
from multiplt.run.progress import Progress
from multiplt.run.resources import open_executor, open_judge
from multiplt.settings import ExecuteSettings

Execute = Callable[[Iterator[Row]], Iterator[Row]]
Same = Callable[[Row, Row], bool]


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
    warm: bool,
    sandbox: str,
) -> None:
    """Run COMPLETIONS against their tests.

    COMPLETIONS is a folder of MultiPL-E completions files, and OUT becomes a folder of results files; or
    it is JSONL or Parquet of the same rows, and OUT the rows with their results. What OUT already holds
    is not run again. Rows with the field 'multiplt' are judged strictly, others by MultiPL-E's rule.
    """
    settings = ExecuteSettings(timeout=timeout, workers=workers, sandbox=sandbox, memory=memory, warm=warm)
    files = _completions_files(completions, out)
    strict = _strict_fields(problems)
    summary: Counter[str] = Counter()
    with open_executor(settings) as executor:
        judge_of = cache(lambda name: open_judge(installed().language(name).spec.name, executor, settings))
        _check_first(completions, files, judge_of)

        def run(rows: Iterator[Row]) -> Iterator[Row]:
            for row in execute_rows(rows, judge_of, strict, extract=extract):
                summary.update(result["verdict"]["status"] for result in row.get("results", ()))
                yield row

        same = partial(_same, extract=extract)
        rejected = _execute_folder(files, Path(out), run, same) if files else _execute_file(completions, out, run, same)
        counters, drift = executor.counters, executor.drift
    counted = ", ".join(f"{count} {status}" for status, count in summary.most_common())
    click.echo(f"{sum(summary.values())} verdicts: {counted or 'nothing was left to do'}", err=True)
    if drift.sampled:
        click.echo(
            f"{counters.warm} of {counters.run} programs ran in warm servers; of {drift.sampled} that ran again "
            f"by themselves {drift.drifted} came out differently", err=True,
        )  # fmt: skip
    if counters.retried:
        click.echo(f"{counters.retried} timeouts were tried again, the machine being overloaded", err=True)
    if rejected.count:
        click.echo(rejected.summary(), err=True)


def _completions_files(completions: str, out: str) -> list[Path]:
    """The files of a folder as MultiPL-E has it; none where COMPLETIONS is something else."""
    files = completions_files(Path(completions)) if Path(completions).is_dir() else []
    if files and (out == "-" or Path(out).is_file()):
        raise UsageError(f"{completions} is a folder of files, and so are their results; -o {out} is no folder")
    return files


def _strict_fields(problems: str | None) -> dict[str, Any]:
    rows = read_rows(problems) if problems else iter(())
    return {str(row["name"]): row["multiplt"] for row in rows if row.get("name") and row.get("multiplt")}


def _check_first(completions: str, files: list[Path], judge_of: Callable[[str], Judge]) -> None:
    """See, before any work, that everything can be read and every language works; what is not here is read once."""
    if not files and not Path(completions).exists():
        return
    rows = (row for _, row in _readable(files)) if files else read_rows(completions)
    for language in {row["language"] for row in rows if isinstance(row.get("language"), str)}:
        judge_of(language)


def _readable(files: list[Path], rejected: Rejected | None = None) -> Iterator[tuple[Path, Row]]:
    """Each file and its row; a file that is damaged is one row that is set aside."""
    for path in files:
        try:
            yield path, read_json_file(path)
        except MultipltError as reason:
            if rejected:
                rejected.add({"name": path.name}, "execute", str(reason))


def _execute_folder(files: list[Path], folder: Path, run: Execute, same: Same) -> Rejected:
    paths: list[Path] = []

    def to_do() -> Iterator[Row]:
        for path, row in _readable(files, rejected):
            if _done(results_path(folder, path), row, same):
                progress.advance()
            else:
                paths.append(path)
                yield row

    with exclusive(folder), Rejected(folder) as rejected, Progress("execute", unit="files") as progress:
        remove_leftovers(folder)
        for row in run(to_do()):
            path = paths.pop(0)
            if "reason" in row:
                rejected.add(row, row["stage"], f"{path.name}: {row['reason']}")
            else:
                write_results_file(results_path(folder, path), row, row["results"])
            progress.advance()
    return rejected


def _done(path: Path, row: Row, same: Same) -> bool:
    try:
        return path.exists() and same(row, read_json_file(path))
    except MultipltError:
        return False


def _execute_file(completions: str, out: str, run: Execute, same: Same) -> Rejected:
    rows = read_rows(completions)
    with rows_output(out) as rejected, Progress("execute") as progress:

        def work(rows: Iterator[Row]) -> Iterator[Row]:
            for row in run(rows):
                progress.advance()
                yield row

        if is_stream(out):
            write_rows(_kept(work(rows), rejected), out)
        else:
            journal = Journal(Path(out), _identity, same, is_result=lambda row: isinstance(row.get("results"), list))
            journal.complete(rows, work, rejected)
    return rejected


def _kept(rows: Iterator[Row], rejected: Rejected) -> Iterator[Row]:
    for row in rows:
        if "reason" in row:
            rejected.add(row, row["stage"], row["reason"])
        else:
            yield row


def _identity(row: Row) -> str:
    return to_json([row.get(field) for field in ("name", "language", "prompt", "tests")])


def _same(row: Row, result: Row, *, extract: bool) -> bool:
    """Whether `result` is what became of `row`: the same problem, and for each completion the result of its program."""
    completions, results = row.get("completions"), result.get("results")
    if not isinstance(completions, list) or not isinstance(results, list) or len(completions) != len(results):
        return False
    if _identity(row) != _identity(result):
        return False
    candidates = [f"{row.get('prompt')}{completion}" for completion in completions]
    programs = [str(result.get("program")) if isinstance(result, dict) else "" for result in results]
    return extract or all(starmap(contains, zip(programs, candidates, strict=True)))

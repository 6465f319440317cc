"""Functions a second and core, and memory, of the stages from Python files to tested, typed functions.

The files are those of the standard library, or of the inputs that are named. A rate counts the functions that a
stage looked at (for extract: all that are in the files) by CPU time, that of child processes too; memory is the
most that the process had by the end of the stage, in MiB, files included.

Tests are not asked of a model here: they are those of the quickstart's functions, over and over. Their validation
(two runs under different hash seeds, one of them traced) is compared, in tests a second of wall time with one
worker, with the same in a process and sandbox of its own for each test, and with `python3 -c` for each test: once,
without sandbox, tracing or a second run.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

import click
from rich.console import Console
from rich.table import Table

from multiplt.asserts import Pending
from multiplt.execute.bubblewrap import Bubblewrap
from multiplt.execute.executor import Executor
from multiplt.functions import read_definition
from multiplt.rows import Row, read_rows
from multiplt.run import StageContext, StageResult, import_rows
from multiplt.run.engine import Stage
from multiplt.settings import ExecuteSettings, FilterSettings, TestgenSettings
from multiplt.source.duplicates import Deduplicate
from multiplt.source.evaluation import Evaluation, observe
from multiplt.source.extract import Extract
from multiplt.source.files import read_files
from multiplt.source.filter import Filter
from multiplt.source.infer_types import InferTypes
from multiplt.source.typecheck import TypeCheck
from multiplt.source.validation import KeepTests

QUICKSTART = Path(__file__).parents[1] / "examples" / "quickstart" / "functions.jsonl"
SHARD = 500
PYTHON = shutil.which("python3", path=os.defpath) or sys.executable
"""The interpreter that the sandbox has, too."""


class Cost(NamedTuple):
    """Of one stage: functions looked at, CPU seconds, MiB."""

    functions: int
    cpu_s: float
    memory: float


def cpu_s() -> float:
    """CPU seconds of this process and of those that have ended under it."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def run(stage: Stage, rows: list[Row], folder: Path) -> tuple[list[Row], Cost]:
    """Run a stage over rows, shard by shard; what it kept and what that cost."""
    import_rows(rows, folder / stage.name, shard_size=SHARD)
    context = StageContext(folder)
    context.source = folder / stage.name
    before, kept, looked_at = cpu_s(), [], 0
    for start in range(0, len(rows), SHARD):
        result: StageResult = stage(rows[start : start + SHARD], context)
        kept += result.kept
        looked_at += len(result.kept) + len(result.rejected)
    context.close()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return kept, Cost(looked_at, cpu_s() - before, memory)


def tested(count: int) -> list[Row]:
    """`count` functions with their tests, no two the same."""
    rows = islice(cycle(list(read_rows(QUICKSTART))), count)
    return [row | {"id": str(n), "content": f"{row['content']}\n# {n}\n"} for n, row in enumerate(rows)]


def answered(rows: Iterable[Row]) -> list[Row]:
    """The functions as if a model had answered with their tests."""
    return [row | {"samples": [{"text": "\n".join(row["tests"])}]} for row in rows]


def validate(rows: list[Row], folder: Path) -> None:
    """The stage that keeps tests."""
    context = StageContext(folder)
    KeepTests(TestgenSettings(style="chat"), ExecuteSettings(workers=1))(answered(rows), context)
    context.close()


def validate_one_by_one(rows: list[Row], folder: Path) -> None:
    """The same runs of each test, each in a process and a sandbox of its own."""

    def evaluations() -> Iterator[Evaluation]:
        for row in rows:
            definition = read_definition(row["content"], row["entrypoint"])
            for test in row["tests"]:
                yield Evaluation(definition, (Pending(test),), 1.0, definition.lines)

    with Executor(Bubblewrap(), workers=1, warm=False) as executor:
        for _ in observe(evaluations(), executor):
            pass


def run_plainly(rows: list[Row], folder: Path) -> None:
    """Each test once, by the bare interpreter."""
    for row in rows:
        for test in row["tests"]:
            subprocess.run([PYTHON, "-c", f"{row['content']}\n{test}\n"], check=True, capture_output=True)


def tests_per_s(way: Callable[[list[Row], Path], None], rows: list[Row], folder: Path) -> float:
    """Tests a second of wall time."""
    started = time.perf_counter()
    way(rows, folder)
    return sum(len(row["tests"]) for row in rows) / (time.perf_counter() - started)


@click.command(help=(__doc__ or "").replace("\n\n", "\n\n\b\n"))
@click.argument("inputs", nargs=-1)
@click.option("--functions", default=200, show_default=True, help="Tested functions that are validated.")
def main(inputs: tuple[str, ...], functions: int) -> None:
    """Print both tables."""
    console = Console(width=120)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = list(read_files(inputs or ["stdlib"]))
        costs: dict[str, Cost] = {}
        rows, costs["extract"] = run(Extract(), files, folder)
        rows, costs["filter"] = run(Filter(FilterSettings(benchmarks=("humaneval",))), rows, folder)
        together = costs["extract"].cpu_s + costs["filter"].cpu_s
        costs["extract + filter"] = Cost(costs["extract"].functions, together, costs["filter"].memory)
        rows, costs["types"] = run(TypeCheck(), rows, folder)
        _, costs["duplicates"] = run(Deduplicate(), rows, folder)
        few = tested(functions)
        settings = ExecuteSettings(workers=1)
        _, costs["testgen"] = run(KeepTests(TestgenSettings(style="chat"), settings), answered(few), folder)
        _, costs["infer-types"] = run(InferTypes(settings), few, folder)
        table = Table("stage", "functions", "functions / s and core", "MiB", box=None)
        for stage, cost in costs.items():
            table.add_row(stage, f"{cost.functions:,}", f"{cost.functions / cost.cpu_s:,.0f}", f"{cost.memory:,.0f}")
        console.print(table)
        rates = {
            "warm, a process a function": tests_per_s(validate, few, folder),
            "one-shot, a process and sandbox a test": tests_per_s(validate_one_by_one, few[: functions // 10], folder),
            "python3 -c a test, once": tests_per_s(run_plainly, few[: functions // 10], folder),
        }
        table = Table("validation", "tests / s", "warm is faster by", box=None)
        warm = max(rates.values())
        for way, rate in rates.items():
            table.add_row(way, f"{rate:,.0f}", f"{warm / rate:.1f}")
        console.print(table)


if __name__ == "__main__":
    main()

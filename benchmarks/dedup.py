"""Near-duplicates by multiplt and by rouge_score, on the same programs; then by multiplt among many.

Programs are the Python functions of the standard library, without comments, and, where there is a folder of MultiPL-E
completions files (`--completions`), the programs in it. Of each group those are kept whose ROUGE-Lsum with all kept
before is at most 0.6; rouge_score scores pair by pair until one is above. Times are CPU seconds of one process,
reading into tokens included; functions were compiled and words seen before, and multiplt's are the mean of ten runs.

Among many, what rouge_score would take is its time for a pair, as measured, times the pairs that it would score.
"""

from __future__ import annotations

import ast
import gzip
import json
import random
import resource
import sysconfig
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console
from rich.table import Table
from rouge_score.rouge_scorer import RougeScorer

from multiplt.translate.near_duplicates import THRESHOLD, Distinct

T = TypeVar("T")

GROUPS = (50, 100, 200)
RUNS = 10


def standard_library() -> Iterator[str]:
    """Its functions of 100 to 3,000 characters."""
    folder = Path(sysconfig.get_path("stdlib"))
    for path in sorted(folder.rglob("*.py")):
        if "site-packages" in path.parts:
            continue
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):  # its tests have files that are wrong on purpose
            continue
        texts = (ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
        yield from (text for text in texts if 100 <= len(text) <= 3000)


def completed(folder: Path) -> Iterator[str]:
    """The programs of MultiPL-E completions files."""
    for path in sorted(folder.glob("*.json.gz")):
        row = json.loads(gzip.decompress(path.read_bytes()))
        yield from (row["prompt"] + completion for completion in row.get("completions", ()))


def by_multiplt(programs: Sequence[str]) -> list[int | None]:
    """For each program its keeper, or None where it is kept."""
    distinct = Distinct()
    return [distinct.add(program) for program in programs]


def by_rouge_score(programs: Sequence[str]) -> tuple[list[int | None], int]:
    """The same, and how many pairs were scored."""
    scorer = RougeScorer(["rougeLsum"], use_stemmer=True)
    kept: list[str] = []
    keepers: list[int | None] = []
    pairs = 0
    for program in programs:
        keeper = None
        for place, other in enumerate(kept):
            pairs += 1
            if scorer.score(other, program)["rougeLsum"].fmeasure > THRESHOLD:
                keeper = place
                break
        if keeper is None:
            kept.append(program)
        keepers.append(keeper)
    return keepers, pairs


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What `work` returns, and its CPU seconds."""
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


def compare(name: str, programs: Sequence[str], table: Table) -> float:
    """Add a row for each group; rouge_score's seconds for a pair."""
    per_pair = 0.0
    for size in GROUPS:
        group = programs[:size]
        (expected, pairs), theirs = timed(lambda group=group: by_rouge_score(group))  # type: ignore[misc]
        by_multiplt(group)
        found, ours = timed(lambda group=group: [by_multiplt(group) for _ in range(RUNS)][-1])  # type: ignore[misc]
        ours /= RUNS
        per_pair = theirs / pairs
        table.add_row(
            name, f"{size}", f"{found.count(None)}", f"{pairs:,}", f"{theirs:.2f} s", f"{ours * 1000:.2f} ms",
            f"×{theirs / ours:,.0f}", "the same" if found == expected else "NOT THE SAME",
        )  # fmt: skip
    return per_pair


def scale(programs: Sequence[str], largest: int, per_pair: float, table: Table) -> None:
    """Add a row for each size, up to all programs."""
    before = None
    for size in (largest // 8, largest // 4, largest // 2, largest):
        found, seconds = timed(lambda size=size: by_multiplt(programs[:size]))  # type: ignore[misc]
        kept, pairs = 0, 0
        for keeper in found:
            pairs += kept if keeper is None else keeper + 1
            kept += keeper is None
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        growth = f"×{seconds / before:.1f}" if before else ""
        days = pairs * per_pair / 86400
        table.add_row(f"{size:,}", f"{kept:,}", f"{pairs:,}", f"{seconds:.1f} s", growth, f"{memory:,.0f} MiB",
                      f"{days:,.1f} days")  # fmt: skip
        before = seconds


@click.command()
@click.option("--completions", type=click.Path(exists=True, path_type=Path), help="A folder of completions files.")
@click.option("--largest", default=20_000, show_default=True, help="How many programs are compared with each other.")
def main(completions: Path | None, largest: int) -> None:
    """Compare multiplt with rouge_score, and show how multiplt's time grows."""
    functions = list(standard_library())
    random.Random(0).shuffle(functions)
    by_multiplt(functions[:1000])  # compiles everything
    groups = Table("programs", "group", "kept", "pairs", "rouge_score", "multiplt", "ratio", "keepers", box=None)
    if completions:
        programs = list(completed(completions))
        random.Random(0).shuffle(programs)
        compare("completions", programs, groups)
    per_pair = compare("Python functions", functions, groups)
    many = Table("Python functions", "kept", "pairs", "multiplt", "growth", "memory", "rouge_score", box=None)
    scale(functions, min(largest, len(functions)), per_pair, many)
    console = Console()
    console.print(groups)
    console.print()
    console.print(many)


if __name__ == "__main__":
    main()

"""Results, read as what pass@k is made of: for each problem its completions and how many of them are right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from multiplt.errors import MultipltError
from multiplt.evaluate.pass_k import Estimate, estimate, pass_at_k
from multiplt.problems import Status
from multiplt.rows import Row, read_rows
from multiplt.rows.multipl_e import read_results_folder

USUAL = (1, 10, 100)
NAMED = 5
"""Problems that an error names."""

Counts = Mapping[str, tuple[int, int]]
"""Completions and right ones of each problem, by its name and language."""


@dataclass(frozen=True)
class Results:
    """The counts of a run, and how its completions were judged: `strict`, `compat` or both."""

    counts: Counts
    modes: frozenset[str]


def read_results(path: Path) -> Results:
    """The results in a folder of MultiPL-E results files, or a file of rows with results.

    Raises `MultipltError` where there are none, or a problem stands there twice.
    """
    counts: dict[str, tuple[int, int]] = {}
    modes: set[str] = set()
    for row in _rows(path):
        results = row.get("results")
        if not isinstance(results, list) or not all(result is None or "status" in result for result in results):
            raise MultipltError(f"{path} holds a row without results; make them with multiplt execute")
        name = f"{row.get('name')} ({row.get('language')})"
        if name in counts:
            raise MultipltError(f"{path} holds {name} twice; give each run its own folder")
        statuses = [result and result["status"] for result in results]
        counts[name] = (len(statuses), statuses.count(str(Status.OK)))
        modes.update(_mode(result) for result in results if result)
    return Results(counts, frozenset(modes))


def _mode(result: Row) -> str:
    """How a completion was judged; MultiPL-E, whose results have no verdict, has one way."""
    return str((result.get("verdict") or result).get("mode", "compat"))


def _rows(path: Path) -> Iterator[Row]:
    return (row for _, row in read_results_folder(path)) if path.is_dir() else read_rows(path)


def rates(counts: Counts, k: int) -> dict[str, float]:
    """The estimate of pass@k of each problem."""
    return {name: pass_at_k(n, correct, k) for name, (n, correct) in counts.items()}


def usual_ks(counts: Counts) -> list[int]:
    """Those of 1, 10 and 100 that every problem has enough completions for."""
    return [k for k in USUAL if k <= min((n for n, _ in counts.values()), default=0)]


def score(counts: Counts, k: int) -> Estimate:
    """pass@k with its interval over problems."""
    return estimate([*rates(counts, k).values()])


def refuse_short(path: Path, counts: Counts, k: int) -> None:
    """Raise `MultipltError` where a problem in `path` has fewer than `k` completions."""
    short = [f"{name} has {n}" for name, (n, _) in counts.items() if n < k]
    if short:
        more = f" and {len(short) - NAMED} more" if len(short) > NAMED else ""
        named = ", ".join(short[:NAMED])
        raise MultipltError(f"pass@{k} needs {k} completions of each problem; in {path} {named}{more}")

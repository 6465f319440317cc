"""Validated translations become a training set: a folder with one split per language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from multiplt.dataset.folder import About, Split, data_path, new_folder, write_about
from multiplt.dataset.solutions import Solution, read_solutions, read_translations
from multiplt.dataset.strategies import Choice, choose
from multiplt.errors import MultipltError
from multiplt.plugins import installed
from multiplt.report.funnel import funnel_rows
from multiplt.rows import Rejected, Row, replacing
from multiplt.run import StageSummary, code_versions
from multiplt.settings import Strategy

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]


def build(
    sources: Sequence[str], out: Path, strategy: Strategy, seed: int, threshold: float, language: str | None = None
) -> list[StageSummary]:
    """Write the training set that `strategy` makes of the translations in `sources` to the folder `out`.

    `out` holds a Parquet file for each language, with the published fields; `id` counts its rows. What is left
    out is in `rejected.jsonl`, each row with its reason and, in `detail`, the solution that was kept in its stead.
    `threshold` is that of the near-duplicates, `language` that of rows that do not say theirs. Returns what became
    of the rows: those read, then those of each language.

    Raises `MultipltError` where a source is missing or holds no translation, or `out` is not to be replaced.
    """
    rows = read_translations(sources)
    with new_folder(out) as folder, Rejected(folder) as rejected:
        read, solutions = _read(rows, language, rejected)
        summaries, chosen = [read], {}
        for language, found in sorted(solutions.items()):
            choice = choose(strategy, found, seed, threshold)
            summaries.append(_account(f"{strategy} {language}", found, choice, rejected))
            if kept := [item for item, dropped in zip(found, choice, strict=True) if dropped is None]:
                chosen[language] = kept
        if not chosen:
            raise MultipltError(f"no translation is left ({', '.join(summaries[-1].reasons)}); give others")
        write_splits(folder, chosen)
        splits = {language: _split(kept) for language, kept in chosen.items()}
        versions = code_versions(*(installed().language(language).distribution for language in chosen))
        write_about(folder, About(strategy, seed, threshold, versions, splits, funnel_rows(summaries)))
    return summaries


def _read(
    rows: Iterable[Row], language: str | None, rejected: Rejected
) -> tuple[StageSummary, dict[str, list[Solution]]]:
    summary = StageSummary("read")

    def refuse(row: Row, reason: str) -> None:
        summary.reasons[reason] += 1
        rejected.add(row, "read", reason)

    solutions = read_solutions(rows, refuse, language)
    summary.rows_kept = sum(map(len, solutions.values()))
    summary.rows_rejected = summary.reasons.total()
    summary.rows_in = summary.rows_kept + summary.rows_rejected
    return summary, solutions


def _account(stage: str, solutions: Sequence[Solution], choice: Choice, rejected: Rejected) -> StageSummary:
    """Count what is left out, and write down why."""
    summary = StageSummary(stage, rows_in=len(solutions))
    for solution, dropped in zip(solutions, choice, strict=True):
        if dropped is None:
            summary.rows_kept += 1
            continue
        summary.rows_rejected += 1
        summary.reasons[dropped.reason] += 1
        rejected.add(solution.described | {"detail": dropped.detail}, stage, dropped.reason)
    return summary


def _split(kept: Sequence[Solution]) -> Split:
    functions = len({solution.function for solution in kept})
    return Split(len(kept), functions, fmean(solution.pass_rate for solution in kept))


def write_splits(folder: Path, chosen: dict[str, list[Solution]]) -> None:
    """Write a file for each language. All have one schema, as the splits of a dataset must."""
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    schema = _schema(chosen)
    for language, solutions in chosen.items():
        with replacing(folder / data_path(language)) as file:
            pq.write_table(_table(solutions, schema), file, compression="zstd")


def _schema(chosen: dict[str, list[Solution]]) -> pa.Schema:
    """The published fields; `original_id` is an integer, as published, where all are."""
    import pyarrow as pa

    ids = (solution.original_id for solutions in chosen.values() for solution in solutions)
    original_id = pa.string() if any(isinstance(id, str) for id in ids) else pa.int64()
    return pa.schema([
        ("content", pa.string()),
        ("pass_rate", pa.float64()),
        ("id", pa.int64()),
        ("original_id", original_id),
        ("tests", pa.string()),
        ("edu_score", pa.float64()),
    ])  # fmt: skip


def _table(solutions: Sequence[Solution], schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    as_text = schema.field("original_id").type == pa.string()
    ids = [solution.original_id for solution in solutions]
    columns = {
        "content": [solution.content for solution in solutions],
        "pass_rate": [solution.pass_rate for solution in solutions],
        "id": list(range(len(solutions))),
        "original_id": [str(id) if as_text and id is not None else id for id in ids],
        "tests": [solution.tests for solution in solutions],
        "edu_score": [solution.edu_score for solution in solutions],
    }
    return pa.table(columns, schema)

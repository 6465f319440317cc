"""A chain of stages over one input, for a command that has an output of its own."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from multiplt.rows import Rejected, Row, write_rows
from multiplt.rows.writing import SUFFIXES, is_stream
from multiplt.run.engine import Stage
from multiplt.run.engines import Engines, local_engines
from multiplt.run.lock import exclusive, exclusive_file
from multiplt.run.shards import StageSummary, read_shards, run_first_stage, run_stage

STAGES = "stages"


def run_chain(
    stages: Sequence[Stage], rows: Iterable[Row], out: str, *, shard_size: int = 100, workers: int | None = None
) -> list[StageSummary]:
    """Run `stages`, one after the other, over `rows`, and write what is left to `out`; what each stage did.

    A file is written at the end, from shards in the folder `OUT.work`, which a killed run leaves and the
    next goes on from. A folder keeps its shards: those of the last stage as `OUT/shard-00000.parquet`, …,
    those before in `OUT/stages`. Rows that were set aside are in `OUT.rejected.jsonl`, or beside the
    shards. Stages with a true attribute `parallel` work in `workers` processes (default: one a core).

    Raises `MultipltError` where something cannot be written or another run writes there.
    """
    engines = local_engines(workers)
    if not is_file(out):
        with exclusive(Path(out)):
            return run_stages(stages, rows, Path(out), Path(out) / STAGES, shard_size, engines)
    with _work_folder(out) as work:
        summaries = run_stages(stages, rows, work / "last", work, shard_size, engines)
        with Rejected("-" if is_stream(out) else out) as rejected:
            folders = [*(work / stage.name for stage in stages[:-1]), work / "last"]
            for row in _rejected_rows(folders):
                rejected.add(row, row["stage"], row["reason"])
            write_rows(read_shards(work / "last"), out, rejected)
    return summaries


def is_file(out: str) -> bool:
    """Whether `out` is one file or a stream, and not a folder of shards."""
    return is_stream(out) or (out.endswith(SUFFIXES) and not Path(out).is_dir())


@contextmanager
def _work_folder(out: str) -> Iterator[Path]:
    """Where the shards of a file are made; it is removed when the block ends well."""
    if is_stream(out):
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)
        return
    path = Path(out)
    work = path.with_name(path.name + ".work")
    with exclusive_file(path):
        yield work
        shutil.rmtree(work, ignore_errors=True)


def run_stages(
    stages: Sequence[Stage], rows: Iterable[Row], last: Path, others: Path, shard_size: int, engines: Engines
) -> list[StageSummary]:
    """Run `stages` over `rows`: the last one's shards come into `last`, the others' into folders in `others`.

    `shard_size` is in rows of the input. The caller holds the lock.
    """
    summaries = []
    source = None
    for stage in stages:
        folder = last if stage is stages[-1] else others / stage.name
        engine = engines(stage)
        if source is None:
            summary = run_first_stage(stage, rows, folder, shard_size=shard_size, engine=engine)
        else:
            summary = run_stage(stage, source, folder, engine=engine)
        summaries.append(summary)
        source = folder
    return summaries


def _rejected_rows(folders: Iterable[Path]) -> Iterator[Row]:
    for folder in folders:
        for path in sorted(folder.glob("shard-*.rejected.jsonl")):
            with path.open(encoding="utf-8") as lines:
                yield from map(json.loads, lines)

"""A stage's folder of shards: what is done is kept, what a change touches is done again.

A folder holds `shard-00000.parquet`, …, each made from the shard of the same number of the stage
before, with `shard-00000.rejected.jsonl` beside it where rows were set aside.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from multiplt.errors import MultipltError
from multiplt.rows.atomic import cannot_write, remove_leftovers
from multiplt.rows.jsonl import Row, to_json
from multiplt.rows.parquet import read_parquet, unrepresentable
from multiplt.rows.rejected import set_aside
from multiplt.run.engine import Engine, LocalEngine, ShardTask, Stage, StageContext, StageResult
from multiplt.run.manifest import (
    ShardManifest,
    code_versions,
    fingerprint,
    read_manifest,
    rejected_path,
)
from multiplt.run.progress import Progress
from multiplt.run.shared import Resources

SHARD = re.compile(r"shard-(\d{5,})\.(parquet|rejected\.jsonl)")


@dataclass
class StageSummary:
    """What a stage did: shards made and shards found done, and rows of both together."""

    stage: str
    shards_made: int = 0
    shards_found: int = 0
    rows_in: int = 0
    rows_kept: int = 0
    rows_rejected: int = 0
    expanded: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, manifest: ShardManifest, *, made: bool) -> None:
        """Count a shard."""
        self.shards_made += made
        self.shards_found += not made
        self.rows_in += manifest.rows_in
        self.rows_kept += manifest.rows_kept
        self.rows_rejected += manifest.rows_rejected
        self.expanded += manifest.expanded
        self.reasons.update(manifest.reasons)


def shard_paths(folder: Path) -> list[Path]:
    """The shards in `folder`, in order."""
    found = [(SHARD.fullmatch(path.name), path) for path in folder.glob("shard-*.parquet")]
    return [path for _, path in sorted((int(match[1]), path) for match, path in found if match)]


def read_shards(folder: Path) -> Iterator[Row]:
    """The rows that a stage kept, in order."""
    return chain.from_iterable(map(read_parquet, shard_paths(folder)))


@dataclass(frozen=True)
class Import:
    """Rows as they are; those with text that is no Unicode are set aside, so that later stages need not look for it."""

    name: str = "import"

    def settings(self) -> Mapping[str, Any]:
        """Nothing decides its rows but the rows."""
        return {}

    def __call__(self, rows: list[Row], context: StageContext) -> StageResult:
        """Each row, kept or set aside."""
        reasons = [(row, unrepresentable(row)) for row in rows]
        kept = [row for row, reason in reasons if reason is None]
        return StageResult(kept, [set_aside(row, self.name, reason) for row, reason in reasons if reason is not None])


def import_rows(rows: Iterable[Row], folder: Path, *, shard_size: int) -> StageSummary:
    """The first stage over `rows` as they are; see `run_first_stage`."""
    return run_first_stage(Import(), rows, folder, shard_size=shard_size)


def run_first_stage(
    stage: Stage,
    rows: Iterable[Row],
    folder: Path,
    *,
    shard_size: int,
    engine: Engine | None = None,
    versions: Mapping[str, str] | None = None,
    shared: Resources | None = None,
) -> StageSummary:
    """Make in `folder` the shards of `stage` from `rows`, in order, `shard_size` rows for each; `rows` are not kept.

    Otherwise as `run_stage`, and a shard that is there already is kept. Raises what reading `rows` raises.
    """
    _prepare(folder)
    summary = StageSummary(stage.name)
    waiting = iter(rows)
    decides = [stage.name, stage.settings(), code_versions() if versions is None else versions]
    count = 0

    def tasks() -> Iterator[ShardTask]:
        nonlocal count
        for batch in iter(lambda: list(islice(waiting, shard_size)), []):
            target = folder / f"shard-{count:05d}.parquet"
            count += 1
            task = ShardTask(stage, batch, target, fingerprint([to_json(row) for row in batch], *decides))
            if not _is_made(task, summary):
                yield task

    _make(stage, tasks(), engine or LocalEngine.of(stage), folder, summary, shared)
    _remove_surplus(folder, count)
    return summary


def run_stage(
    stage: Stage,
    source: Path,
    folder: Path,
    *,
    engine: Engine | None = None,
    versions: Mapping[str, str] | None = None,
    shared: Resources | None = None,
) -> StageSummary:
    """Make in `folder` the shards of `stage` from those in `source`, the folder of the stage before.

    A shard is kept when nothing that decides its rows has changed: the shard it is made from (all of them
    where the stage looks at the `whole` input), the stage's settings, `versions` of the code (default:
    multiplt's). Shards of an input that was longer before are removed. The caller holds the lock on the
    run (`exclusive`). `engine` is by default what suits the stage in this process; what the stage leaves open
    for others is in `shared`.

    Raises `MultipltError` where a shard of `source` is damaged or one of `folder` cannot be written.
    """
    _prepare(folder)
    summary = StageSummary(stage.name)
    sources = shard_paths(source)
    made_from = [*map(_manifest, sources)]
    versions = code_versions() if versions is None else versions
    decides = [stage.name, stage.settings(), versions]
    if getattr(stage, "whole", False):
        decides.append([manifest.fingerprint for manifest in made_from])
    tasks = []
    rows_to_do = 0
    for number, (path, source_manifest) in enumerate(zip(sources, made_from, strict=True)):
        target = folder / f"shard-{number:05d}.parquet"
        task = ShardTask(stage, path, target, fingerprint(source_manifest.fingerprint, *decides))
        if not _is_made(task, summary):
            tasks.append(task)
            rows_to_do += source_manifest.rows_kept
    _remove_surplus(folder, len(sources))
    if tasks:
        _make(stage, tasks, engine or LocalEngine.of(stage), folder, summary, shared, rows_to_do)
    return summary


def _is_made(task: ShardTask, summary: StageSummary) -> bool:
    """Whether the shard is there, as the task would make it; then it is counted."""
    manifest = read_manifest(task.target)
    if manifest is None or manifest.fingerprint != task.fingerprint:
        return False
    summary.add(manifest, made=False)
    return True


def _manifest(shard: Path) -> ShardManifest:
    manifest = read_manifest(shard)
    if manifest is None:
        raise MultipltError(f"{shard} is damaged or no shard of multiplt; remove it and start again")
    return manifest


def _make(
    stage: Stage, tasks: Iterable[ShardTask], engine: Engine, folder: Path, summary: StageSummary,
    shared: Resources | None, rows_to_do: int | None = None,
) -> None:  # fmt: skip
    found = summary.rows_in
    total = None if rows_to_do is None else found + rows_to_do
    with Progress(summary.stage, total=total, found=found) as progress:
        context = StageContext(folder, progress, shared)
        try:
            for manifest in engine.run(tasks, context):
                summary.add(manifest, made=True)
                if getattr(stage, "threads", 1) == 1:  # others tell their yield as they go
                    progress.keep(manifest.rows_kept, of=manifest.rows_in + manifest.expanded)
        finally:
            context.close()


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(folder)
    except OSError as error:
        raise cannot_write(folder, error) from error


def _remove_surplus(folder: Path, count: int) -> None:
    for path in folder.glob("shard-*"):
        match = SHARD.fullmatch(path.name)
        if match and int(match[1]) >= count:
            path.unlink(missing_ok=True)
            rejected_path(path).unlink(missing_ok=True)

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

from multiplt.errors import MultipltError
from multiplt.rows.atomic import cannot_write, remove_leftovers
from multiplt.rows.jsonl import Row, to_json
from multiplt.rows.parquet import read_parquet, unrepresentable
from multiplt.rows.rejected import set_aside
from multiplt.run.engine import Engine, LocalEngine, ShardTask, Stage, StageContext
from multiplt.run.manifest import (
    ShardManifest,
    code_versions,
    count_reasons,
    fingerprint,
    read_manifest,
    rejected_path,
    write_shard,
)
from multiplt.run.progress import Progress

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


def import_rows(rows: Iterable[Row], folder: Path, *, shard_size: int) -> StageSummary:
    """The first stage: cut `rows` into shards of `shard_size`, in order, and keep those that are there already.

    Rows with text that is no Unicode are set aside, so that later stages need not look for it.
    Raises what reading `rows` raises, and `MultipltError` where a shard cannot be written.
    """
    _prepare(folder)
    summary = StageSummary("import")
    waiting = iter(rows)
    for number, batch in enumerate(iter(lambda: list(islice(waiting, shard_size)), [])):
        path = folder / f"shard-{number:05d}.parquet"
        digest = fingerprint("import", [to_json(row) for row in batch])
        manifest = read_manifest(path)
        if made := manifest is None or manifest.fingerprint != digest:
            manifest = _import_shard(batch, path, digest)
        summary.add(manifest, made=made)
    _remove_surplus(folder, summary.shards_made + summary.shards_found)
    return summary


def _import_shard(batch: list[Row], path: Path, digest: str) -> ShardManifest:
    reasons = [(row, unrepresentable(row)) for row in batch]
    kept = [row for row, reason in reasons if reason is None]
    rejected = [set_aside(row, "import", reason) for row, reason in reasons if reason is not None]
    manifest = ShardManifest("import", digest, len(batch), len(kept), len(rejected), reasons=count_reasons(rejected))
    write_shard(path, manifest, kept, rejected)
    return manifest


def run_stage(
    stage: Stage,
    source: Path,
    folder: Path,
    *,
    engine: Engine | None = None,
    versions: Mapping[str, str] | None = None,
) -> StageSummary:
    """Make in `folder` the shards of `stage` from those in `source`, the folder of the stage before.

    A shard is kept when nothing that decides its rows has changed: the shard it is made from (all of them
    where the stage looks at the `whole` input), the stage's settings, `versions` of the code (default:
    multiplt's). Shards of an input that was longer before are removed. The caller holds the lock on the
    run (`exclusive`).

    Raises `MultipltError` where a shard of `source` is damaged or one of `folder` cannot be written.
    """
    _prepare(folder)
    summary = StageSummary(stage.name)
    tasks = []
    rows_to_do = 0
    sources = shard_paths(source)
    made_from = [*map(_manifest, sources)]
    versions = code_versions() if versions is None else versions
    decides = [stage.name, stage.settings(), versions]
    if getattr(stage, "whole", False):
        decides.append([manifest.fingerprint for manifest in made_from])
    for number, (path, source_manifest) in enumerate(zip(sources, made_from, strict=True)):
        digest = fingerprint(source_manifest.fingerprint, *decides)
        target = folder / f"shard-{number:05d}.parquet"
        manifest = read_manifest(target)
        if manifest is not None and manifest.fingerprint == digest:
            summary.add(manifest, made=False)
        else:
            tasks.append(ShardTask(stage, path, target, digest))
            rows_to_do += source_manifest.rows_kept
    _remove_surplus(folder, len(sources))
    if tasks:
        _make(tasks, engine or LocalEngine(), folder, summary, rows_to_do)
    return summary


def _manifest(shard: Path) -> ShardManifest:
    manifest = read_manifest(shard)
    if manifest is None:
        raise MultipltError(f"{shard} is damaged or no shard of multiplt; remove it and start again")
    return manifest


def _make(tasks: list[ShardTask], engine: Engine, folder: Path, summary: StageSummary, rows_to_do: int) -> None:
    found = summary.rows_in
    with Progress(summary.stage, total=found + rows_to_do, found=found) as progress:
        context = StageContext(folder, progress.advance)
        try:
            for manifest in engine.run(tasks, context):
                summary.add(manifest, made=True)
                progress.advance(manifest.rows_in - context.take_advanced())
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

"""What a shard was made from, kept in the shard itself.

The manifest of a shard is JSON in the footer of its Parquet file, so that the rows and the account of
them appear in one rename: no kill can leave the one without the other.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, BinaryIO

from multiplt.rows.atomic import replacing
from multiplt.rows.jsonl import Row, write_lines
from multiplt.rows.parquet import read_metadata, write_parquet

KEY = "multiplt.shard"


@dataclass(frozen=True)
class ShardManifest:
    """The account of one shard.

    `fingerprint` covers everything that decides the rows. `rows_in + expanded = rows_kept +
    rows_rejected`, where `expanded` counts the rows that were made beyond one for each row read.
    `reasons` counts the rejected rows by reason.
    """

    stage: str
    fingerprint: str
    rows_in: int
    rows_kept: int
    rows_rejected: int = 0
    expanded: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)


def fingerprint(*parts: Any) -> str:
    """SHA-256 over `parts`: JSON values, the order of keys aside; anything else by its text.

    >>> fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1}) != fingerprint({"a": 1})
    True
    """
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


@cache
def code_versions(*distributions: str) -> Mapping[str, str]:
    """The installed versions of multiplt and of `distributions` (those of the plugins that a stage uses)."""
    return {name: metadata.version(name) for name in ("multiplt", *distributions)}


def rejected_path(shard: Path) -> Path:
    """The rejected file of a shard.

    >>> rejected_path(Path("shard-00000.parquet")).name
    'shard-00000.rejected.jsonl'
    """
    return shard.with_name(shard.stem + ".rejected.jsonl")


def write_shard(path: Path, manifest: ShardManifest, kept: Iterable[Row], rejected: Iterable[Row]) -> None:
    """Write a shard: first its rejected file, then rows and manifest, each whole or not at all."""
    metadata = {KEY: json.dumps(asdict(manifest))}
    write_rejected = (lambda file: write_lines(rejected, file)) if manifest.rows_rejected else None
    _replace(path, lambda file: write_parquet(kept, file, metadata), write_rejected)


@dataclass(frozen=True)
class ShardFiles:
    """What is in the files of a shard, for it to be written elsewhere."""

    rows: bytes
    rejected: bytes | None

    @classmethod
    def read(cls, path: Path) -> ShardFiles:
        """Those of the shard at `path`."""
        rejected = rejected_path(path)
        return cls(path.read_bytes(), rejected.read_bytes() if rejected.exists() else None)

    def write(self, path: Path) -> None:
        """As `write_shard` does."""
        rejected = self.rejected
        write_rejected = None if rejected is None else lambda file: file.write(rejected)
        _replace(path, lambda file: file.write(self.rows), write_rejected)


Writes = Callable[[BinaryIO], object]


def _replace(path: Path, write_rows: Writes, write_rejected: Writes | None) -> None:
    path.unlink(missing_ok=True)  # or a kill between the two would leave an old shard beside a new rejected file
    if write_rejected:
        with replacing(rejected_path(path)) as file:
            write_rejected(file)
    else:
        rejected_path(path).unlink(missing_ok=True)
    with replacing(path) as file:
        write_rows(file)


def read_manifest(path: Path) -> ShardManifest | None:
    """The manifest of the shard at `path`; None where there is no whole shard of ours."""
    try:
        return ShardManifest(**json.loads(read_metadata(path)[KEY]))
    except (KeyError, TypeError, ValueError):
        return None


def count_reasons(rejected: Iterable[Row]) -> dict[str, int]:
    """How many rejected rows there are for each reason."""
    return dict(Counter(row["reason"] for row in rejected))

"""What a shard was made from, kept in the shard itself.

The manifest of a shard is JSON in the footer of its Parquet file, so that the rows and the account of
them appear in one rename: no kill can leave the one without the other.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

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
    old = read_manifest(path)
    if old is None or old.fingerprint != manifest.fingerprint:  # what another has just made of the same stays
        path.unlink(missing_ok=True)  # or a kill between the two would leave an old shard beside a new rejected file
    if manifest.rows_rejected:
        with replacing(rejected_path(path)) as file:
            write_lines(rejected, file)
    else:
        rejected_path(path).unlink(missing_ok=True)
    with replacing(path) as file:
        write_parquet(kept, file, {KEY: json.dumps(asdict(manifest))})


def read_manifest(path: Path) -> ShardManifest | None:
    """The manifest of the shard at `path`; None where there is no whole shard of ours."""
    try:
        return ShardManifest(**json.loads(read_metadata(path)[KEY]))
    except (KeyError, TypeError, ValueError):
        return None


def count_reasons(rejected: Iterable[Row]) -> dict[str, int]:
    """How many rejected rows there are for each reason."""
    return dict(Counter(row["reason"] for row in rejected))

"""The folder of a training set: what lies in it, and how it is told from any other folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from multiplt.errors import MultipltError
from multiplt.rows.atomic import replacing
from multiplt.rows.folders import replacing_folder
from multiplt.run.lock import exclusive_file

ABOUT, CARD, REJECTED = "multiplt.json", "README.md", "rejected.jsonl"
DATA = "data/{language}-00000-of-00001.parquet"
"""The name in which `datasets` sees a split, with no card to tell it
(https://huggingface.co/docs/datasets/repository_structure)."""

CARD_MARK = "<!-- Written by multiplt dataset card, which writes it again: edits would be lost. -->"


@dataclass(frozen=True)
class Split:
    """One language of a training set: its rows, the functions that they solve, the mean pass rate of the rows."""

    rows: int
    functions: int
    pass_rate: float


@dataclass(frozen=True)
class About:
    """How a training set was made: `stages` is its funnel (`multiplt.report.funnel.funnel_rows`)."""

    strategy: str
    seed: int
    threshold: float
    versions: Mapping[str, str]
    splits: Mapping[str, Split]
    stages: Sequence[Mapping[str, Any]] = field(default_factory=tuple)


def data_path(language: str) -> str:
    """Where the split of a language lies.

    >>> data_path("klingon")
    'data/klingon-00000-of-00001.parquet'
    """
    return DATA.format(language=language)


def write_about(folder: Path, about: About) -> None:
    """Write the account of how the training set was made."""
    with replacing(folder / ABOUT) as file:
        file.write(json.dumps(asdict(about), indent=2).encode() + b"\n")


def read_about(folder: Path) -> About:
    """How the training set in `folder` was made. Raises `MultipltError` where there is none."""
    try:
        said = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        return About(**said | {"splits": {name: Split(**split) for name, split in said["splits"].items()}})
    except (OSError, ValueError, TypeError, KeyError):
        raise MultipltError(f"{folder} is no training set; make one with multiplt dataset build") from None


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to fill that takes the place of `path` when the block ends well.

    Raises `MultipltError` where something is there that no training set of multiplt's is, or another run writes.
    """
    _refuse_foreign(path)
    with exclusive_file(path.absolute()), replacing_folder(path) as folder:
        yield folder


def _refuse_foreign(path: Path) -> None:
    """Raise `MultipltError` where replacing `path` would lose what multiplt did not write."""
    if path.exists() and not path.is_dir():
        raise MultipltError(f"{path} is a file; choose another output")
    if not path.exists() or not any(path.iterdir()):
        return
    try:
        own = {ABOUT, REJECTED, *map(data_path, read_about(path).splits)}
    except MultipltError:
        raise MultipltError(f"{path} is there and no training set of multiplt's; choose another output") from None
    if is_own_card(path):
        own.add(CARD)
    found = (file.relative_to(path).as_posix() for file in path.rglob("*") if not file.is_dir())
    if foreign := sorted(set(found) - own):
        raise MultipltError(
            f"{path} holds {foreign[0]}, which multiplt did not write and would be lost; move it away "
            "or choose another output"
        )


def is_own_card(folder: Path) -> bool:
    """Whether the card in `folder`, if there is one, is multiplt's and may be written again."""
    card = folder / CARD
    return not card.exists() or CARD_MARK in card.read_text(encoding="utf-8", errors="replace")

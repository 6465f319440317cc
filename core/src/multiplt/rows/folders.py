"""Folders that are there whole or not at all: written aside, then renamed."""

from __future__ import annotations

import glob
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from multiplt.rows.atomic import cannot_write, sync_folder

NEW, OLD = "new", "old"


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """An empty folder to fill that takes the place of `path`, a folder or nothing, when the block ends well.

    When it does not, `path` stays as it was. A folder cannot be renamed over another, so the old one steps aside
    for a moment; if a kill falls into it, the next call puts it back first. The caller holds the lock of `path`.

    Raises `MultipltError` where it cannot be written, a full disk included.
    """
    target = path.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _mend(target)
        aside = _beside(target, NEW)
        aside.mkdir()
        try:
            yield aside
            for folder in [aside, *(found for found in aside.rglob("*") if found.is_dir())]:
                sync_folder(folder)
            _exchange(target, aside)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
        sync_folder(target.parent)
    except OSError as error:
        raise cannot_write(path, error) from error
    shutil.rmtree(_old(target), ignore_errors=True)


def _beside(target: Path, kind: str) -> Path:
    return target.with_name(f".{target.name[:80]}.{os.getpid()}-{secrets.token_hex(4)}.{kind}")


def _old(target: Path) -> Path:
    return target.with_name(f".{target.name[:80]}.{OLD}")


def _exchange(target: Path, aside: Path) -> None:
    if target.exists():
        target.rename(_old(target))
    aside.rename(target)


def _mend(target: Path) -> None:
    """Put right what a killed writer left."""
    old = _old(target)
    if old.exists() and not target.exists():
        old.rename(target)
    shutil.rmtree(old, ignore_errors=True)
    for left in target.parent.glob(f".{glob.escape(target.name[:80])}.*.{NEW}"):
        shutil.rmtree(left, ignore_errors=True)

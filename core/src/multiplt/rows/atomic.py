"""Files that are there whole or not at all: written aside in the same folder, synced, renamed."""

from __future__ import annotations

import errno
import glob
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from multiplt.errors import MultipltError

FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A binary file to write that takes the place of `path` when the block ends well.

    When it does not, `path` stays as it was and nothing is left beside it. Missing parent folders are
    made; a symbolic link keeps pointing where it did; a device or pipe is written directly.

    Raises `MultipltError` when the file cannot be written, a full disk included.
    """
    target = path.resolve()
    # The process and a random part: two writers never share a file, and one left by a kill is known by its end.
    aside = target.with_name(f".{target.name[:80]}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        if target.exists() and not target.is_file():
            with target.open("wb") as file:
                yield file
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with aside.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            aside.replace(target)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
        sync_folder(target.parent)
    except OSError as error:
        if error.filename not in (None, str(aside), str(target), str(target.parent)):
            raise
        raise cannot_write(path, error) from error


def cannot_write(path: Path | str, error: OSError) -> MultipltError:
    """The error that a user reads when writing `path` failed with `error`."""
    if error.errno in FULL:
        return MultipltError(f"no space left for {path}; free some and run the command again, it goes on from here")
    return MultipltError(f"cannot write {path} ({error.strerror or error}); mend that or choose another output")


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` last through a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # file systems that sync no folders
            raise
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path, name: str = "") -> None:
    """Remove what writers killed in `folder` left, of all files or of `name`; only while no one else writes them."""
    for path in folder.glob(f".{glob.escape(name[:80])}.*.tmp" if name else ".*.tmp"):
        path.unlink(missing_ok=True)

"""One run at a time on one output."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from multiplt.errors import MultipltError
from multiplt.rows.atomic import cannot_write


def exclusive(folder: Path) -> AbstractContextManager[None]:
    """Hold the lock of an output folder, `FOLDER/.lock`; the folder is made if need be.

    The lock ends with the process, however that ends. Entering raises `MultipltError` when another
    process holds it, or when it cannot be made.
    """
    return _held(folder, folder / ".lock")


def exclusive_file(path: Path) -> AbstractContextManager[None]:
    """Hold the lock of an output file, `.NAME.lock` beside it; otherwise as `exclusive`."""
    return _held(path, path.with_name(f".{path.name}.lock"))


@contextmanager
def _held(output: Path, path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = _take(path)
    except BlockingIOError:
        raise MultipltError(
            f"{output} is being written by another run (process {_holder(path)}); "
            "wait for it, stop it, or choose another output"
        ) from None
    except OSError as error:
        raise cannot_write(output, error) from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _take(path: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(descriptor, path):
                with suppress(OSError):  # a full disk: the number is only for the message
                    os.ftruncate(descriptor, 0)
                    os.write(descriptor, str(os.getpid()).encode())
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # its holder removed it as we opened it: try the new one


def _is_at(descriptor: int, path: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False


def _holder(path: Path) -> str:
    with suppress(OSError):
        return path.read_text() or "unknown"
    return "unknown"

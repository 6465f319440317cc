"""The store of a mirror: objects by name below a URL, in anything that fsspec has a file system for."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from multiplt.errors import MultipltError

BATCH = 4
"""Files that are on their way at once: a store may keep hundreds of megabytes of each in memory."""


class StoreFailed(MultipltError):
    """A store that cannot be used, now or at all; the text says why, and lacks the mend."""


class Store:
    """The objects below `url`, through a connection of its own, for one thread at a time.

    What is written appears whole in object stores, and perhaps bit by bit in others. Everything raises `StoreFailed`
    where the store cannot be used.
    """

    def __init__(self, url: str) -> None:
        """Raises `MultipltError` where there is no such store, or the package for it is not installed."""
        self.url = url
        self._files, self._root = _open(url)

    @property
    def folder(self) -> Path | None:
        """Where the store is on this machine, if it is."""
        return Path(self._root) if "file" in _protocols(self._files) else None

    def names(self) -> dict[str, int]:
        """All objects and their sizes."""
        with self._explained():
            self._files.invalidate_cache()
            found = self._files.find(self._root, detail=True)
        return {path[len(self._root) :].lstrip("/"): about["size"] for path, about in found.items()}

    def read(self, name: str) -> bytes | None:
        """What an object holds; None where there is none."""
        with self._explained():
            try:
                data: bytes = self._files.cat_file(self._path(name))
            except FileNotFoundError:
                return None
        return data

    def write(self, name: str, data: bytes) -> None:
        """Make an object, or write it anew."""
        with self._explained(), tempfile.NamedTemporaryFile() as file:
            file.write(data)  # only copying a file makes the folders that it needs in every store that has such
            file.flush()
            self.put({name: Path(file.name)})

    def put(self, files: Mapping[str, Path]) -> None:
        """Copy files to the objects of those names."""
        with self._explained():
            self._files.put([str(path) for path in files.values()], [self._path(name) for name in files])

    def get(self, files: Mapping[str, Path]) -> None:
        """Copy the objects of those names to files."""
        with self._explained():
            self._files.get([self._path(name) for name in files], [str(path) for path in files.values()])

    def remove(self, name: str) -> None:
        """Remove an object, if it is there."""
        with self._explained():
            try:
                self._files.rm_file(self._path(name))
            except FileNotFoundError:
                return

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except StoreFailed:
            raise
        except Exception as error:  # every store's library raises its own kinds
            raise StoreFailed(f"cannot use the mirror {self.url} ({_said(error)})") from error


def _open(url: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs
    from fsspec.registry import known_implementations

    protocol = url.partition("://")[0] if "://" in url else "file"
    local = {"auto_mkdir": True} if protocol in ("file", "local") else {}
    try:
        files, root = url_to_fs(url, skip_instance_cache=True, **local)
    except ImportError as error:
        package = known_implementations.get(protocol, {}).get("class", "fsspec").partition(".")[0]
        mend = f"; pip install {package}" if package != "fsspec" else ""
        raise MultipltError(f"the mirror {url} needs a package that is not installed ({_said(error)}){mend}") from None
    except ValueError as error:
        raise MultipltError(
            f"run.mirror is {url}, which is no URL of a store ({_said(error)}); write one like s3://BUCKET/FOLDER"
        ) from None
    except Exception as error:
        raise MultipltError(f"cannot use the mirror {url} ({_said(error)}); see that it is there") from error
    return files, root.rstrip("/")


def _protocols(files: Any) -> tuple[str, ...]:
    return (files.protocol,) if isinstance(files.protocol, str) else tuple(files.protocol)


def _said(error: Exception) -> str:
    """The first line of an error, or its kind where it says nothing."""
    return next(iter(str(error).splitlines()), "").rstrip(".") or type(error).__name__

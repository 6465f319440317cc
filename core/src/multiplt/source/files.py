"""Python files from wherever they are: folders, installed packages, datasets in The Stack's form."""

from __future__ import annotations

import io
import os
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from stat import S_ISCHR, S_ISFIFO
from typing import Any

from multiplt.errors import MultipltError
from multiplt.rows import Row, is_benchmark, is_hub_name, read_rows
from multiplt.source.packages import STDLIB, Place, find_package

LARGEST = 1 << 20
"""Bytes of a file that is read; The Stack has none that are larger (https://arxiv.org/abs/2211.15533)."""

TOO_LARGE = f"the file is larger than {LARGEST >> 20} MiB"
HAS_NUL = "the file holds NUL bytes"

UNREADABLE = "the file cannot be read"

NOT_CODE_OF_ITS_OWN = {"site-packages", "dist-packages", "__pycache__", "node_modules"}

FIELDS = {
    "repository": ("repository", "max_stars_repo_name", "repo_name", "repo"),
    "path": ("path", "max_stars_repo_path"),
    "licence": ("licence", "max_stars_repo_licenses", "detected_licenses", "licenses", "license"),
}
"""Names of a field in The Stack v1 and v2, as their cards on the Hub list them; the first that is there counts."""


def read_files(inputs: Sequence[str]) -> Iterator[Row]:
    """The files of all `inputs`, as rows of `content`, `repository`, `path` and `licence`.

    An input is a folder (the `*.py` files below it, but for hidden folders and installed packages in it), a
    `.py` file, a dataset with the column `content` (a benchmark, JSONL, Parquet, a folder of these without Python
    files, or on the Hub), the name of an installed distribution or else package, or `stdlib`, the standard
    library of this Python with its tests. What exists as a path is one. A file that cannot be read has
    `content` None, `reason` and `detail`.

    Raises `MultipltError` at once where an input is nothing of these, or a dataset without that column.
    """
    return chain.from_iterable([_open(name) for name in inputs])


def _open(name: str) -> Iterator[Row]:
    path = Path(name)
    if path.is_dir() and next(_python_files(path), None):
        return _located_rows([(path, path)], path.resolve().name)
    if path.suffix == ".py" and path.exists():
        return iter([_file_row(path, path.name, None, None)])
    if path.exists() or name == "-" or is_benchmark(name) or is_hub_name(name):
        return _dataset_rows(name)
    if package := find_package(name):
        return _located_rows(package.places, package.repository, package.licence)
    raise MultipltError(
        f"there is no folder, file or installed package {name} with Python source; check its name, or pip install it "
        f"first ({STDLIB} is the standard library, OWNER/NAME a dataset on the Hub)"
    )


def _located_rows(places: Iterable[Place], repository: str, licence: str | None = None) -> Iterator[Row]:
    for root, place in places:
        for path in _python_files(place) if place.is_dir() else [place]:
            yield _file_row(path, path.relative_to(root).as_posix(), repository, licence)


def _python_files(folder: Path) -> Iterator[Path]:
    """The Python files below `folder`, sorted, and folders that cannot be read; links to folders are not followed."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        yield folder
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if not entry.name.startswith(".") and entry.name not in NOT_CODE_OF_ITS_OWN:
                yield from _python_files(Path(entry.path))
        elif entry.name.endswith(".py") and not entry.is_dir():
            yield Path(entry.path)


def _file_row(path: Path, shown: str, repository: str | None, licence: str | None) -> Row:
    row = {"content": None, "repository": repository, "path": shown, "licence": licence}
    try:
        status = path.stat()
        if S_ISFIFO(status.st_mode) or S_ISCHR(status.st_mode):  # would be waited for, or have no end
            return row | {"reason": UNREADABLE, "detail": "it is no regular file"}
        if status.st_size > LARGEST:
            return row | {"reason": TOO_LARGE, "detail": f"{status.st_size:,} bytes"}
        return row | _decoded(path.read_bytes())
    except OSError as error:
        return row | {"reason": UNREADABLE, "detail": error.strerror or str(error)}


def _decoded(data: bytes) -> Row:
    """The text of a file, in the encoding that its first lines name (PEP 263), or why there is none."""
    if b"\0" in data:
        return {"reason": HAS_NUL, "detail": ""}
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return {"content": data.decode(encoding)}
    except (SyntaxError, ValueError, LookupError) as error:
        return {"reason": "the file is not text in the encoding that it claims", "detail": str(error)}


def _dataset_rows(name: str) -> Iterator[Row]:
    rows = read_rows(name)
    first = next(rows)
    if "content" not in first:
        raise MultipltError(
            f"{name} has no column content, only {', '.join(first)}; rename the one with the source, or name a folder "
            "of .py files"
        )
    return map(_dataset_row, chain((first,), rows))


def _dataset_row(row: Row) -> Row:
    return {field: _first(row, names) for field, names in FIELDS.items()} | _checked(row.get("content"))


def _checked(content: Any) -> Row:
    if not isinstance(content, str):
        reason = "the row has no text in the column content"
    elif len(content.encode(errors="surrogatepass")) > LARGEST:
        reason = TOO_LARGE
    elif "\0" in content:
        reason = HAS_NUL
    else:
        return {"content": content.removeprefix("\ufeff")}
    return {"content": None, "reason": reason, "detail": ""}


def _first(row: Row, fields: Sequence[str]) -> str | None:
    return _text(next((row[field] for field in fields if row.get(field)), None))


def _text(value: Any) -> str | None:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return None if value is None else str(value)

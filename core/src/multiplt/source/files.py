"""Python files from wherever they are: folders, installed packages, datasets in The Stack's form."""

from __future__ import annotations

import io
import os
import sysconfig
import tokenize
from collections.abc import Iterator, Sequence
from importlib import metadata
from importlib.machinery import PathFinder
from itertools import chain
from pathlib import Path
from typing import Any

from multiplt.errors import MultipltError
from multiplt.rows import Row, is_hub_name, read_rows

LARGEST = 1 << 20
"""Bytes of a file that is read; The Stack has none that are larger (https://arxiv.org/abs/2211.15533)."""

TOO_LARGE = f"the file is larger than {LARGEST >> 20} MiB"
HAS_NUL = "the file holds NUL bytes"

STDLIB = "stdlib"
NOT_CODE_OF_ITS_OWN = {"site-packages", "dist-packages", "__pycache__", "node_modules"}

FIELDS = {
    "repository": ("repository", "max_stars_repo_name", "repo_name", "repo"),
    "path": ("path", "max_stars_repo_path"),
    "licence": ("licence", "max_stars_repo_licenses", "detected_licenses", "licenses", "license"),
}
"""Names of a field in The Stack v1 and v2, as their cards on the Hub list them; the first that is there counts."""


def read_files(inputs: Sequence[str]) -> Iterator[Row]:
    """The files of all `inputs`, as rows of `content`, `repository`, `path` and `licence`.

    An input is a folder (its `*.py` files, but for hidden folders and installed packages in it), a `.py`
    file, a dataset with the column `content` (JSONL, Parquet or on the Hub), the name of an installed
    distribution or package, or `stdlib`, the standard library of this Python. What exists as a path is
    one. A file that cannot be read has `content` None, `reason` and `detail`.

    Raises `MultipltError` at once where an input is nothing of these.
    """
    return chain.from_iterable([_open(name) for name in inputs])


def _open(name: str) -> Iterator[Row]:
    path = Path(name)
    if path.is_dir() and not _is_dataset(path):
        return _folder_rows(path, path.resolve().name)
    if path.suffix == ".py" and path.is_file():
        return iter([_file_row(path, path.name, None, None)])
    if path.exists() or name == "-":
        return _dataset_rows(read_rows(name))
    if name == STDLIB:
        return _folder_rows(Path(sysconfig.get_path("stdlib")), f"python-{sysconfig.get_python_version()}", "PSF-2.0")
    if is_hub_name(name):
        return _dataset_rows(read_rows(name))
    return _package_rows(name)


def _is_dataset(folder: Path) -> bool:
    return any(path.suffix in (".parquet", ".jsonl", ".gz") for path in folder.iterdir())


def _folder_rows(folder: Path, repository: str, licence: str | None = None) -> Iterator[Row]:
    """The files below `folder`, in the order of their paths; links to folders are not followed."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] != "." and name not in NOT_CODE_OF_ITS_OWN)
        for name in sorted(name for name in names if name.endswith(".py")):
            path = Path(parent, name)
            yield _file_row(path, str(path.relative_to(folder)), repository, licence)


def _package_rows(name: str) -> Iterator[Row]:
    """The files of an installed distribution, or of a package by the name that it is imported by."""
    try:
        distribution = metadata.distribution(name)
    except (metadata.PackageNotFoundError, ValueError):
        return _imported_rows(name)
    repository = f"{distribution.metadata['Name']} {distribution.version}"
    described = distribution.metadata.json
    licence = described.get("license_expression") or described.get("license")
    files = sorted(str(file) for file in distribution.files or () if file.suffix == ".py")
    if not files:
        raise MultipltError(f"the distribution {name} lists no Python files; name its folder instead")
    return (_file_row(Path(str(distribution.locate_file(file))), file, repository, _text(licence)) for file in files)


def _imported_rows(name: str) -> Iterator[Row]:
    for distribution in metadata.packages_distributions().get(name, ()):
        return _package_rows(distribution)
    found = PathFinder.find_spec(name) if name.isidentifier() else None  # finds it without running it
    if found and found.submodule_search_locations:
        return _folder_rows(Path(next(iter(found.submodule_search_locations))), name)
    if found and found.origin and found.origin.endswith(".py"):
        return iter([_file_row(Path(found.origin), f"{name}.py", name, None)])
    raise MultipltError(
        f"there is no folder, file or installed package {name}; check its name, or pip install it first "
        f"({STDLIB} is the standard library, OWNER/NAME a dataset on the Hub)"
    )


def _file_row(path: Path, shown: str, repository: str | None, licence: str | None) -> Row:
    row = {"content": None, "repository": repository, "path": shown, "licence": licence}
    try:
        if path.stat().st_size > LARGEST:
            return row | {"reason": TOO_LARGE, "detail": f"{path.stat().st_size:,} bytes"}
        return row | _decoded(path.read_bytes())
    except OSError as error:
        return row | {"reason": "the file cannot be read", "detail": error.strerror or str(error)}


def _decoded(data: bytes) -> Row:
    """The text of a file, in the encoding that its first lines name (PEP 263), or why there is none."""
    if b"\0" in data:
        return {"reason": HAS_NUL, "detail": ""}
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return {"content": data.decode(encoding)}
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        return {"reason": "the file is not text in the encoding that it claims", "detail": str(error)}


def _dataset_rows(rows: Iterator[Row]) -> Iterator[Row]:
    for row in rows:
        kept: Row = {name: _first(row, fields) for name, fields in FIELDS.items()}
        yield kept | _checked(row.get("content"))


def _checked(content: Any) -> Row:
    if not isinstance(content, str):
        reason = "the row has no text in the column content"
    elif len(content) > LARGEST:
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

"""Folders of MultiPL-E files: a problem with its completions, or with their results, in each.

The forms are those of https://github.com/nuprl/MultiPL-E: `NAME.json[.gz]` holds a problem and its
`completions`, `NAME.results.json[.gz]` the same without them and with `results`.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from multiplt.errors import MultipltError
from multiplt.rows.atomic import replacing
from multiplt.rows.jsonl import Row, read_object, to_json, unzipped

RESULTS = (".results.json", ".results.json.gz")
COMPLETIONS = (".json", ".json.gz")


def completions_files(folder: Path) -> list[Path]:
    """The completions files (or problem files) directly in `folder`, by name."""
    return [path for path in _visible(folder, COMPLETIONS) if not path.name.endswith(RESULTS)]


def read_completions_folder(folder: Path) -> Iterator[tuple[Path, Row]]:
    """Each completions file of `folder` and its row, in the order of their names.

    Raises `MultipltError` where there is none, or where one is no JSON object.
    """
    yield from _read_all(folder, completions_files(_existing(folder)), "NAME.json.gz")


def read_results_folder(folder: Path) -> Iterator[tuple[Path, Row]]:
    """Each results file of `folder` and its row, in the order of their names.

    Raises `MultipltError` where there is none, or where one is no JSON object.
    """
    yield from _read_all(folder, _visible(_existing(folder), RESULTS), "NAME.results.json.gz")


def _visible(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name.endswith(suffixes) and not path.name.startswith("."))


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise MultipltError(f"there is no folder {folder}; check the path")
    return folder


def _read_all(folder: Path, paths: Sequence[Path], pattern: str) -> Iterator[tuple[Path, Row]]:
    if not paths:
        raise MultipltError(f"{folder} holds no file {pattern}; check the path")
    for path in paths:
        yield path, read_json_file(path)


def read_json_file(path: Path) -> Row:
    """The JSON object in a file, compressed or not."""
    try:
        with path.open("rb") as file:
            zipped = file.peek(2)[:2] == b"\x1f\x8b"
            return read_object(b"".join(unzipped(file, str(path)) if zipped else file), str(path))
    except OSError as error:
        raise MultipltError(f"cannot read {path} ({error.strerror}); check the path") from error


def results_path(folder: Path, completions: Path) -> Path:
    """Where in `folder` the results of a completions file go, compressed if it is.

    >>> results_path(Path("out"), Path("in/HumanEval_0_f.json.gz")).as_posix()
    'out/HumanEval_0_f.results.json.gz'
    """
    suffix = next(suffix for suffix in (".json.gz", ".json") if completions.name.endswith(suffix))
    return folder / (completions.name.removesuffix(suffix) + ".results" + suffix)


def write_completions_file(path: Path, row: Row, completions: Sequence[str]) -> None:
    """Write the completions file of a problem, `row` with how it was sampled, whole or not at all."""
    _write(path, row, "completions", list(completions))


def write_results_file(path: Path, row: Row, results: Sequence[Mapping[str, Any]]) -> None:
    """Write the results file of a completions row, whole or not at all.

    `results` stand in the order of the row's completions, each with `program`, `timestamp`,
    `stdout`, `stderr`, `exit_code` and `status`.
    """
    _write(path, row, "results", list(results))


def _write(path: Path, row: Row, name: str, value: Any) -> None:
    fields = {name: value for name, value in row.items() if name not in ("completions", "results")}
    data = to_json(fields | {name: value}).encode()
    with replacing(path) as file:
        file.write(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)

"""Reading rows from wherever they are."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from multiplt.errors import MultipltError
from multiplt.rows.benchmarks import is_benchmark, read_benchmark
from multiplt.rows.hub import is_hub_name, read_hub
from multiplt.rows.jsonl import Row, read_document, read_lines, unzipped
from multiplt.rows.multipl_e import completions_files, read_json_file
from multiplt.rows.parquet import read_parquet

SPLIT = re.compile(r"(\w[\w.]*)-\d{5}-of-\d{5}\.parquet")
"""The files of a split in a dataset's folder `data` (https://huggingface.co/docs/datasets/repository_structure)."""


def read_rows(source: str | Path) -> Iterator[Row]:
    """The rows of `source`, one after the other.

    `source` is a file of JSONL (compressed or not) or Parquet, a folder of Parquet files, MultiPL-E
    files or JSONL files, the folder of a dataset and its split (`FOLDER:SPLIT`, where there are several),
    `-` for JSONL on standard input, a Hub dataset `owner/name[[:config]:split]`, or a benchmark
    (`humaneval`, `mbpp`), whose problems come as tested functions. A path that exists wins over a name.

    Raises `MultipltError` at once where the source is missing, is empty or starts malformed, and in
    the middle where it is malformed there.
    """
    rows = _open(str(source))
    first = next(rows, None)
    if first is None:
        raise MultipltError(f"{_called(source)} holds no rows; check that it was made in full")
    return chain((first,), rows)


def _called(source: str | Path) -> str:
    return "standard input" if str(source) == "-" else str(source)


def _open(source: str) -> Iterator[Row]:
    if source == "-":
        return read_lines(sys.stdin.buffer, _called(source))
    path = Path(source)
    if path.is_dir():
        return _folder_rows(path)
    if path.exists():
        return _file_rows(path)
    if is_benchmark(source):
        return read_benchmark(source, _open)
    folder, colon, split = source.rpartition(":")
    if colon and Path(folder).is_dir():
        return _split_rows(Path(folder), split)
    if is_hub_name(source):
        return read_hub(source)
    raise MultipltError(f"there is no file or folder {source}; check the path")


def _folder_rows(folder: Path) -> Iterator[Row]:
    visible = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".") and path.is_file()]
    if parquet := [path for path in visible if path.suffix == ".parquet"]:
        return chain.from_iterable(map(read_parquet, parquet))
    if splits := _splits(folder):
        if len(splits) > 1:
            raise MultipltError(f"{folder} has the splits {', '.join(splits)}; name one, as {folder}:{splits[0]}")
        return _split_rows(folder, splits[0])
    if files := completions_files(folder):
        return map(read_json_file, files)
    lines = [path for path in visible if ".jsonl" in path.suffixes[-2:] and "rejected" not in path.name.split(".")]
    if lines:
        return chain.from_iterable(map(_file_rows, lines))
    raise MultipltError(f"{folder} holds no Parquet, JSONL or MultiPL-E file; check the path")


def _splits(folder: Path) -> list[str]:
    """The splits of a dataset whose files are named as the Hub's are."""
    matches = (SPLIT.fullmatch(path.name) for path in folder.glob("data/*.parquet"))
    return sorted({match[1] for match in matches if match})


def _split_rows(folder: Path, split: str) -> Iterator[Row]:
    if split not in (splits := _splits(folder)):
        raise MultipltError(f"{folder} has no split {split!r}; it has {', '.join(splits) or 'none'}")
    files = sorted(path for path in folder.glob("data/*.parquet") if path.name.startswith(f"{split}-"))
    return chain.from_iterable(map(read_parquet, files))


def _file_rows(path: Path) -> Iterator[Row]:
    try:
        with path.open("rb") as file:
            start = file.peek(4)[:4]  # what a file is shows in its first bytes, whatever its name
            if not start:
                raise MultipltError(f"{path} is empty; check that it was made in full")
            if start == b"PAR1":
                yield from read_parquet(path)
                return
            if path.suffix == ".parquet":
                raise MultipltError(f"{path} is not Parquet; rename it after its form or fetch it again")
            lines = unzipped(file, str(path)) if start[:2] == b"\x1f\x8b" else iter(file)
            if ".json" in path.suffixes[-2:]:  # one object or a list, or else a row a line
                yield from read_document(lines, str(path))
            else:
                yield from read_lines(lines, str(path))
    except OSError as error:
        raise MultipltError(f"cannot read {path} ({error.strerror or error}); check the path") from error

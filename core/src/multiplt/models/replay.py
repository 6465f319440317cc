"""Recorded completions: `replay:FILE`. No network, no GPU, the same answers every time."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import zlib
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from multiplt.errors import MultipltError
from multiplt.models.base import Model, ModelOptions, Request, Sample, each


class ReplayModel(Model):
    """Answers with what a file holds for the request's problem and language.

    The file is JSONL, plain or gzipped, with `name` (the problem's), `language` and `completions` (a
    list of texts) in each row; a MultiPL-E completions file (`NAME.json[.gz]`); or a folder of these.
    Everything is read, and kept in memory, when the model is made.

    Raises `MultipltError` for a file that is missing or malformed, with the line.
    """

    def __init__(self, where: str, options: ModelOptions) -> None:
        self.name = f"replay:{where}"
        self._recorded: dict[tuple[str, str], list[str]] = {}
        source: dict[tuple[str, str], str] = {}
        for place, row in _rows(Path(where).expanduser()):
            key, completions = _read_row(place, row)
            if key in source:
                raise MultipltError(f"{place} repeats problem {key[0]} in {key[1]} of {source[key]}: join the two")
            self._recorded[key], source[key] = completions, place
        recorded = json.dumps(sorted(self._recorded.items())).encode()
        self.version = hashlib.sha256(recorded).hexdigest()

    async def generate(self, requests: Iterable[Request] | AsyncIterable[Request]) -> AsyncGenerator[Sample, None]:
        """Yield the recorded completions; the index of a sample is its place in the list."""
        async for request in each(requests):
            completions = self._completions(request)
            for index in request.indexes:
                yield Sample(request.id, index, completions[index])
            await asyncio.sleep(0)  # let others at the event loop: nothing here ever waits

    async def check(self) -> Mapping[str, Any]:
        """Count what is recorded."""
        return {"problems": len(self._recorded), "completions": sum(map(len, self._recorded.values()))}

    def _completions(self, request: Request) -> list[str]:
        about = f"problem {request.problem or request.id} in {' or '.join(request.languages)}"
        for language in request.languages:
            completions = self._recorded.get((request.problem, language))
            if completions is not None:
                break
        else:
            raise MultipltError(f"{self.name} has no completions for {about}: record some or leave the problem out")
        asked = max(request.indexes, default=-1) + 1
        if asked > len(completions):
            raise MultipltError(
                f"{self.name} has {len(completions)} completions for {about} and {asked} are asked: "
                f"record more or ask for {len(completions)}"
            )
        return completions


def _rows(path: Path) -> Iterator[tuple[str, Any]]:
    """Every row under `path`, with the place to name when it is wrong."""
    if not path.is_dir():
        yield from _rows_of_file(path)
        return
    files = [file for file in sorted(path.iterdir()) if file.name.removesuffix(".gz").endswith((".json", ".jsonl"))]
    files = [file for file in files if ".results.json" not in file.name]
    if not files:
        raise MultipltError(f"{path} holds no completions: name a folder of NAME.json.gz files or a JSONL file")
    for file in files:
        yield from _rows_of_file(file)


def _rows_of_file(path: Path) -> Iterator[tuple[str, Any]]:
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise MultipltError(f"cannot read the recorded completions in {path}: {reason}") from None
    if path.name.endswith((".json", ".json.gz")):
        yield str(path), _parse(str(path), text)
        return
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines:
        raise MultipltError(f"{path} is empty: it needs a row with name, language and completions per problem")
    for number, line in lines:
        place = f"{path}, line {number}"
        yield place, _parse(place, line)


def _parse(place: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MultipltError(f"{place} is not JSON: {error}") from None


def _read_row(place: str, row: Any) -> tuple[tuple[str, str], list[str]]:
    match row:
        case {"name": str(name), "language": str(language), "completions": list(completions)}:
            if all(isinstance(text, str) for text in completions):
                return (name, language), completions
    raise MultipltError(
        f"{place} is no recorded row: it needs the texts name and language and the list of texts completions"
    )

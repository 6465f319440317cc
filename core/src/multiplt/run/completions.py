"""The log of a model's completions: each is kept as it arrives, and never asked for again.

One JSON object a line, `{"key": …, "index": …, "sample": {…}}`, only ever appended to. The key says
what the sample depends on, so a log may hold the samples of several settings side by side.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from multiplt.errors import MultipltError
from multiplt.rows.atomic import cannot_write
from multiplt.rows.jsonl import Row, to_json
from multiplt.run.manifest import fingerprint

SYNC_EVERY_S = 1.0
LOOK_EVERY_S = 0.1
ABSENT = -1
BLOCK = 1 << 13  # bytes: about what a line has


def generation_key(*, model: str, prompt: str, seed: int, sampling: Mapping[str, Any]) -> str:
    """What the samples of one request have in common: all that decides them, but for their index.

    How many are asked for is no part of it: asking for more later adds to what is there.
    """
    return fingerprint(model, prompt, seed, sampling)


Entry = tuple[str, int, Mapping[str, Any]]
"""Key, index and sample."""


class Completions(Protocol):
    """Where a stage keeps completions."""

    def found(self, key: str, indexes: Sequence[int]) -> dict[int, Row]:
        """See `CompletionLog`."""

    def extend(self, entries: Sequence[Entry]) -> None:
        """See `CompletionLog`."""


class CompletionLog:
    """The completions in the file at `path`, which is made if need be.

    Several threads may use it. In memory is only where each sample lies (8 bytes each, and some 200 for
    each key). A last line cut off by a kill is removed; its sample counts as never received. What the
    process was killed over is safe at once, what the machine lost power over after a second.

    Raises `MultipltError` where the file cannot be opened or another process has it open for `patience_s` seconds more.
    """

    def __init__(self, path: Path, patience_s: float = 0.0) -> None:
        self.path = path
        self._offsets: dict[bytes, array[int]] = {}
        self._synced = time.monotonic()
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise cannot_write(path, error) from error
        try:
            _lock(self._file, patience_s)
            self._end = self._read_index()
            os.ftruncate(self._file, self._end)
        except BlockingIOError:
            os.close(self._file)
            raise MultipltError(f"{path} is being written by another run; wait for it or stop it") from None
        except BaseException:
            os.close(self._file)
            raise

    def _read_index(self) -> int:
        """Index every whole line; the offset behind the last of them."""
        end = 0
        with os.fdopen(os.dup(self._file), "rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                entry = _parse(line)
                if entry is not None:  # a line spoilt by a loss of power: its sample was never received
                    self._index(entry["key"], entry["index"], end)
                end += len(line)
        return end

    def _index(self, key: str, index: int, offset: int) -> None:
        offsets = self._offsets.setdefault(bytes.fromhex(key), array("q"))
        offsets.extend([ABSENT] * (index + 1 - len(offsets)))
        offsets[index] = offset

    def missing(self, key: str, n: int) -> list[int]:
        """Which of the samples 0 … n-1 of `key` are still to be asked for."""
        offsets = self._offsets.get(bytes.fromhex(key), array("q"))
        return [index for index in range(n) if index >= len(offsets) or offsets[index] == ABSENT]

    def found(self, key: str, indexes: Sequence[int]) -> dict[int, Row]:
        """Those of the samples that are here, by index."""
        missing = set(self.missing(key, max(indexes, default=-1) + 1))
        return {index: self.get(key, index) for index in indexes if index not in missing}

    def append(self, key: str, index: int, sample: Mapping[str, Any]) -> None:
        """Keep a sample. A second one of the same key and index takes the place of the first.

        Raises `MultipltError` where it cannot be written; the log is then as before.
        """
        line = to_json({"key": key, "index": index, "sample": sample}).encode() + b"\n"
        with self._lock:
            try:
                self._write(line)
                if time.monotonic() - self._synced >= SYNC_EVERY_S:
                    self.sync()
            except OSError as error:
                os.ftruncate(self._file, self._end)
                raise cannot_write(self.path, error) from error
            self._index(key, index, self._end)
            self._end += len(line)

    def extend(self, entries: Sequence[Entry]) -> None:
        """Append each."""
        for entry in entries:
            self.append(*entry)

    def _write(self, line: bytes) -> None:
        written = 0
        while written < len(line):
            written += os.pwrite(self._file, memoryview(line)[written:], self._end + written)

    def get(self, key: str, index: int) -> Row:
        """One sample.

        Raises `KeyError` where it is missing.
        """
        offsets = self._offsets.get(bytes.fromhex(key), array("q"))
        if index >= len(offsets) or offsets[index] == ABSENT:
            raise KeyError((key, index))
        sample: Row = json.loads(self._line_at(offsets[index]))["sample"]
        return sample

    def _line_at(self, offset: int) -> bytes:
        size = BLOCK
        while not (found := os.pread(self._file, size, offset).partition(b"\n"))[1]:
            size *= 4
        return found[0]

    def sync(self) -> None:
        """Make what is written last through a loss of power."""
        os.fsync(self._file)
        self._synced = time.monotonic()

    def close(self) -> None:
        """Sync and let go of the file."""
        self.sync()
        os.close(self._file)


def _lock(file: int, patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise
        time.sleep(LOOK_EVERY_S)


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
        whole = isinstance(entry["sample"], dict) and entry["index"] >= 0 and bytes.fromhex(entry["key"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return entry if whole else None

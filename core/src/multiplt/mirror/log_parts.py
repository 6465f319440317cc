"""A log in a mirror: what was added to it becomes further objects, its parts, which are put together again.

A part ends with a line. A last line that is cut off, which whoever opens the log removes, is never in one: nothing that
was sent is taken back, unless the log is written anew.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import BinaryIO, NamedTuple

LOGS = ("completions.jsonl", "*.verdicts.jsonl", "log.jsonl")
"""Files that are written where they are: all others are written aside and renamed."""

PART = 8 << 20  # bytes: one so large stays as it is


class Part(NamedTuple):
    """Where a part begins, how long it is, and the beginning of its SHA-256."""

    start: int
    size: int
    digest: str

    @property
    def end(self) -> int:
        """Where the next one begins."""
        return self.start + self.size


def is_log(name: str) -> bool:
    """Whether a file of that name is only ever added to."""
    return any(fnmatch(name, pattern) for pattern in LOGS)


def split(path: Path, sent: Sequence[Part], send: Callable[[Part, bytes], None]) -> list[Part]:
    """The parts of the log as it is, those `sent` before among them; the others are sent.

    Small parts at the end become one with what came after them, so that there are few, and few bytes go twice: of n
    sends about log n parts are left that are smaller than PART.
    """
    parts = list(sent)
    with path.open("rb") as log:
        while not _has_last(log, parts):
            parts.pop()
        size = log.seek(0, os.SEEK_END)
        while parts and parts[-1].size < PART and parts[-1].size <= size - parts[-1].end:
            parts.pop()
        while block := _whole_lines(log, parts[-1].end if parts else 0):
            part = Part(parts[-1].end if parts else 0, len(block), _digest(block))
            send(part, block)
            parts.append(part)
    return parts


def begins_with(path: Path, parts: Sequence[Part]) -> bool:
    """Whether the log at `path` has these parts."""
    with path.open("rb") as log:
        return _has_last(log, parts)


def _has_last(log: BinaryIO, parts: Sequence[Part]) -> bool:
    """Whether the last part, if any, is in the log; then so are the others, since logs are only ever added to."""
    if not parts:
        return True
    log.seek(parts[-1].start)
    return _digest(log.read(parts[-1].size)) == parts[-1].digest


def _whole_lines(log: BinaryIO, start: int) -> bytes:
    """About as many of the lines from `start` on as make a part."""
    log.seek(start)
    return b"".join(line for line in log.readlines(PART) if line.endswith(b"\n"))


def _digest(block: bytes) -> str:
    return hashlib.sha256(block).hexdigest()[:16]

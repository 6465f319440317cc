"""What of a run's folder is in its mirror: a list of files and of parts of logs, and the objects that hold them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from multiplt.mirror.log_parts import Part, is_log

OBJECT = re.compile(r"state-\d{8}\.json|files/.+~[0-9a-f]+-[0-9a-f]+(\.[^./]*)?")
"""The names that objects of a mirror have; others in its place are not touched."""


class Stamp(NamedTuple):
    """What tells one content of a file from the next: size in bytes, and time of writing in nanoseconds."""

    size: int
    written: int


@dataclass(frozen=True)
class State:
    """A folder at one moment, its files and its logs; and which folder that was, where and when."""

    number: int
    folder: str
    host: str
    time: str
    files: Mapping[str, Stamp]
    logs: Mapping[str, Sequence[Part]]

    @classmethod
    def read(cls, data: bytes) -> State:
        """What `write` gave. Raises `ValueError` where it is not whole."""
        said = json.loads(data)
        said["files"] = {path: Stamp(*stamp) for path, stamp in said["files"].items()}
        said["logs"] = {path: [Part(*part) for part in parts] for path, parts in said["logs"].items()}
        return cls(**said)

    def write(self) -> bytes:
        """The state as JSON."""
        return json.dumps(asdict(self)).encode()

    @property
    def name(self) -> str:
        """The object that holds it."""
        return f"state-{self.number:08d}.json"

    def objects(self) -> set[str]:
        """All objects that it needs, its own among them."""
        files = {file_object(path, stamp) for path, stamp in self.files.items()}
        return {self.name} | files | {part_object(path, part) for path, parts in self.logs.items() for part in parts}


def file_object(path: str, stamp: Stamp) -> str:
    """The object that holds that content of a file, and never another."""
    return _object(path, f"{stamp.written:x}-{stamp.size:x}")


def part_object(path: str, part: Part) -> str:
    """The object that holds a part of a log.

    >>> part_object("attempts/klingon/completions.jsonl", Part(16, 5, "c0ffee"))
    'files/attempts/klingon/completions~10-c0ffee.jsonl'
    """
    return _object(path, f"{part.start:x}-{part.digest}")


def _object(path: str, mark: str) -> str:
    place = PurePosixPath(path)
    return f"files/{place.with_name(f'{place.stem}~{mark}{place.suffix}')}"


def look(folder: Path) -> tuple[dict[str, Stamp], set[str]]:
    """The files in a folder, and the logs. What has a dot before its name is a lock or being written, and left out."""
    files, logs = {}, set()
    for inside, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(inside, name)
            stamp = None if name.startswith(".") else stamp_of(path)
            if stamp and is_log(name):
                logs.add(path.relative_to(folder).as_posix())
            elif stamp:
                files[path.relative_to(folder).as_posix()] = stamp
    return files, logs


def stamp_of(path: Path) -> Stamp | None:
    """The stamp of a file; None where there is none (any more)."""
    with suppress(FileNotFoundError):
        found = path.stat()
        return Stamp(found.st_size, found.st_mtime_ns)
    return None

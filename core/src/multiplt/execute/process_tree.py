"""What a tree of processes uses, read from /proc while it runs."""

from __future__ import annotations

import os
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
INODE = 1024  # kernel memory of a file in a tmpfs, about, in bytes


def children(pid: int) -> list[int]:
    """The processes that `pid` started and has not reaped; none where it is gone."""
    found: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found.extend(map(int, (task / "children").read_text().split()))
    except OSError:
        pass
    return found


def descendants(pid: int) -> list[int]:
    """All processes under `pid`, without itself."""
    found: list[int] = []
    pending = children(pid)
    while pending:
        found.append(process := pending.pop())
        pending.extend(children(process))
    return found


def resident_bytes(pid: int) -> int:
    """Resident memory of one process; shared pages count in each."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except OSError:
        return 0


def cpu_s(pid: int) -> float:
    """Seconds of CPU time of one process, without its children; 0 where it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * TICK_S
    except OSError:
        return 0.0


def waited_s(pid: int) -> float | None:
    """Seconds that a process was ready to run but had no core; None where that is not told."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return None


def tmpfs_bytes(path: str) -> int:
    """Memory that the tmpfs at `path` holds; 0 where it cannot be seen."""
    try:
        status = os.statvfs(path)
    except OSError:
        return 0
    return (status.f_blocks - status.f_bfree) * status.f_frsize + (status.f_files - status.f_ffree) * INODE

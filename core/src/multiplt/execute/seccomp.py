"""The system calls that no program gets: those that take memory which no limit counts.

Pages behind a memfd, a System V segment, a message queue or an anonymous shared mapping belong to no
process, so that neither RLIMIT_AS nor the sum of resident memory sees them. The rest of the list is
kernel surface that programs in a sandbox have no use for. Numbers: Linux's syscall tables.
"""

from __future__ import annotations

import errno
import platform
import struct
import sys
from dataclasses import dataclass

LOAD, EQUAL, AT_LEAST, AND, RETURN = 0x20, 0x15, 0x35, 0x54, 0x06  # classic BPF (linux/bpf_common.h)
ALLOW, FAIL = 0x7FFF0000, 0x00050000  # linux/seccomp.h
NUMBER, ARCHITECTURE, MMAP_FLAGS = 0, 4, 16 + 3 * 8  # offsets in struct seccomp_data, little-endian
MAP_SHARED_ANONYMOUS = 0x01 | 0x20
X32 = 0x40000000  # the bit of x86-64's second set of numbers


@dataclass(frozen=True)
class _Machine:
    audit: int
    mmap: int
    denied: tuple[int, ...]


# memfd_create memfd_secret shmget msgget semget | io_uring_setup userfaultfd bpf perf_event_open
# add_key request_key keyctl
MACHINES = {
    "x86_64": _Machine(0xC000003E, 9, (319, 447, 29, 68, 64, 425, 323, 321, 298, 248, 249, 250)),
    "aarch64": _Machine(0xC00000B7, 222, (279, 447, 194, 186, 190, 425, 282, 280, 241, 217, 218, 219)),
}


def seccomp_filter() -> bytes | None:
    """The filter program as the kernel reads it; None on a machine that this module does not know."""
    machine = MACHINES.get(platform.machine())
    if machine is None or sys.byteorder != "little" or sys.maxsize < 2**32:
        return None
    denied = [(EQUAL, number) for number in machine.denied]
    if machine.audit == MACHINES["x86_64"].audit:
        denied.append((AT_LEAST, X32))
    # Jumps count instructions from the next one on; the last two are "allow" and "fail".
    tail = [
        (EQUAL, 0, 3, machine.mmap),
        (LOAD, 0, 0, MMAP_FLAGS),
        (AND, 0, 0, MAP_SHARED_ANONYMOUS),
        (EQUAL, 1, 0, MAP_SHARED_ANONYMOUS),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, FAIL | errno.ENOSYS),
    ]
    checks = [(code, len(denied) - at + len(tail) - 2, 0, number) for at, (code, number) in enumerate(denied)]
    head = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 0, len(denied) + len(tail), machine.audit),
        (LOAD, 0, 0, NUMBER),
    ]
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in [*head, *checks, *tail])

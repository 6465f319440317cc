"""Keeping the head and the tail of a stream of any length."""

from __future__ import annotations


class HeadTail:
    """Takes bytes as they come and keeps the first and the last `limit // 2` of them.

    >>> kept = HeadTail(4)
    >>> kept.add(b"abcdefgh")
    >>> kept.text()
    'ab\\n[4 bytes left out]\\ngh'
    """

    def __init__(self, limit: int) -> None:
        self._half = limit // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped = 0

    def add(self, data: bytes) -> None:
        """Take the next bytes."""
        room = self._half - len(self._head)
        self._head += data[:room]
        self._tail += data[room:] if room else data
        excess = len(self._tail) - self._half
        if excess > 0:
            self._dropped += excess
            del self._tail[:excess]

    def text(self) -> str:
        """What was kept, as text; bytes that are not UTF-8 are replaced."""
        gap = f"\n[{self._dropped} bytes left out]\n".encode() if self._dropped else b""
        return (self._head + gap + self._tail).decode("utf-8", "replace")

"""Finished outcomes: those that wait for their turn and those of programs that may come again."""

from __future__ import annotations

import pickle
import sqlite3

from multiplt.errors import MultipltError
from multiplt.execute.plan import Outcome

MEMORY_KIB = 64 * 1024  # beyond it, outcomes move to a temporary file
REMEMBERED = 100_000  # outcomes; the oldest are forgotten first
OVERHEAD = 1000  # bytes of an outcome beside its texts, about
CACHE_KIB = 1024  # of the file


class OutcomeStore:
    """Outcomes by fingerprint: the latest in memory, the others in a temporary file without a name.

    The file lies in the system's folder for temporary files (TMPDIR), and the system removes it with
    this process, however that ends. For one thread at a time.
    """

    def __init__(self, memory_kib: int = MEMORY_KIB, remembered: int = REMEMBERED) -> None:
        self._room, self._remembered = memory_kib * 1024, remembered
        self._latest: dict[str, Outcome] = {}  # the oldest first, as in the next
        self._filed: dict[str, None] = {}
        # the empty name: a private temporary database
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for setting in (f"cache_size = -{CACHE_KIB}", "journal_mode = OFF", "synchronous = OFF"):
            self._database.execute(f"PRAGMA {setting}")
        self._database.execute("CREATE TABLE outcomes (fingerprint TEXT PRIMARY KEY, outcome BLOB)")

    def put(self, fingerprint: str, outcome: Outcome) -> None:
        """Keep an outcome, as the latest.

        Raises `MultipltError` where the folder for temporary files is full.
        """
        self._forget(fingerprint)
        self._latest[fingerprint] = outcome
        self._room -= _size(outcome)
        while self._room < 0:
            self._file(next(iter(self._latest)))
        if len(self._filed) + len(self._latest) > self._remembered:
            self._forget(next(iter(self._filed or self._latest)))

    def get(self, fingerprint: str) -> Outcome | None:
        """The outcome kept under `fingerprint`, if it is still remembered."""
        if fingerprint not in self._filed:
            return self._latest.get(fingerprint)
        query = "SELECT outcome FROM outcomes WHERE fingerprint = ?"
        outcome: Outcome = pickle.loads(self._database.execute(query, (fingerprint,)).fetchone()[0])
        return outcome

    def close(self) -> None:
        """Forget everything."""
        self._latest.clear()
        self._filed.clear()
        self._database.close()

    def _file(self, fingerprint: str) -> None:
        """Move an outcome from memory to the file."""
        outcome = self._latest.pop(fingerprint)
        self._room += _size(outcome)
        try:
            self._database.execute("INSERT INTO outcomes VALUES (?, ?)", (fingerprint, pickle.dumps(outcome)))
        except sqlite3.OperationalError as error:
            raise MultipltError(f"no room for outcomes ({error}); set TMPDIR to a folder with room") from None
        self._filed[fingerprint] = None

    def _forget(self, fingerprint: str) -> None:
        """Drop an outcome, wherever it is."""
        if fingerprint in self._filed:
            del self._filed[fingerprint]
            self._database.execute("DELETE FROM outcomes WHERE fingerprint = ?", (fingerprint,))
        elif fingerprint in self._latest:
            self._room += _size(self._latest.pop(fingerprint))


def _size(outcome: Outcome) -> int:
    """Bytes of memory that an outcome takes, about."""
    return OVERHEAD + len(outcome.records) + len(outcome.stdout) + len(outcome.stderr)

"""Finished outcomes: those that wait for their turn and those of programs that may come again."""

from __future__ import annotations

import pickle
import sqlite3

from multiplt.errors import MultipltError
from multiplt.execute.plan import Outcome

MEMORY_KIB = 64 * 1024  # beyond it, outcomes move to a temporary file
REMEMBERED = 100_000  # outcomes; the oldest are forgotten first


class OutcomeStore:
    """Outcomes by fingerprint, in memory first and then in a temporary file without a name.

    The file lies in the system's folder for temporary files (TMPDIR), and the system removes it with
    this process, however that ends. For one thread.
    """

    def __init__(self, memory_kib: int = MEMORY_KIB, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._database = sqlite3.connect("", isolation_level=None)  # the empty name: a private temporary database
        for setting in (f"cache_size = -{memory_kib}", "journal_mode = OFF", "synchronous = OFF"):
            self._database.execute(f"PRAGMA {setting}")
        self._database.execute(
            "CREATE TABLE outcomes (turn INTEGER PRIMARY KEY AUTOINCREMENT, fingerprint TEXT UNIQUE, outcome BLOB)"
        )

    def put(self, fingerprint: str, outcome: Outcome) -> None:
        """Keep an outcome, as the latest.

        Raises `MultipltError` where the folder for temporary files is full.
        """
        row = (fingerprint, pickle.dumps(outcome))
        try:
            turn = self._database.execute(
                "INSERT OR REPLACE INTO outcomes (fingerprint, outcome) VALUES (?, ?)", row
            ).lastrowid
            self._database.execute("DELETE FROM outcomes WHERE turn <= ?", ((turn or 0) - self._remembered,))
        except sqlite3.OperationalError as error:
            raise MultipltError(f"no room for outcomes ({error}); set TMPDIR to a folder with room") from None

    def get(self, fingerprint: str) -> Outcome | None:
        """The outcome kept under `fingerprint`, if it is still remembered."""
        row = self._database.execute("SELECT outcome FROM outcomes WHERE fingerprint = ?", (fingerprint,)).fetchone()
        return None if row is None else pickle.loads(row[0])

    def close(self) -> None:
        """Forget everything."""
        self._database.close()

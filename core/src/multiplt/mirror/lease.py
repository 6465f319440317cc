"""Who writes a mirror: an object with a name in it, the lease, which its owner renews for as long as it lives.

Stores lock nothing. An owner looks whether the lease is still its own before each state that it publishes: of two that
took it at once, or of one that slept and another that followed it, one goes on.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from multiplt.errors import MultipltError
from multiplt.mirror.store import Store, StoreFailed

OWNER = "owner.json"
RENEW_S = 10.0
LAPSE_S = 60.0
"""A lease that is not renewed for so long is nobody's: longer than a store stumbles, and than clocks differ."""

LOOK_S = 1.0

Tell = Callable[[str], None]


class LeaseLost(MultipltError):
    """Another run writes the mirror now."""


class Lease:
    """The lease of the mirror at `url`, for the folder of that name. It does not wait for what is sent there."""

    def __init__(self, url: str, folder: str) -> None:
        self.folder = folder
        self._store = Store(url)
        self._token = secrets.token_hex(8)
        self._since = f"{datetime.now().astimezone():%F %T %Z}"
        self._lock = threading.Lock()
        self._interrupted = False

    def take(self, tell: Tell) -> None:
        """Become the owner; one that was perhaps just killed is given the time to renew its lease.

        Raises `MultipltError` where another run is the owner.
        """
        told = False
        began, seen = time.monotonic(), self._store.read(OWNER)
        while seen is not None and not self._is_free(_read(seen), time.monotonic() - began):
            if not told:
                tell(f"{_named(seen)} has just written the mirror {self._store.url}; waiting to see if it still does")
                told = True
            time.sleep(LOOK_S)
            now = self._store.read(OWNER)
            if now not in (None, seen):
                raise MultipltError(
                    f"the mirror {self._store.url} is being written by {_named(now)}; wait for it, stop it, or choose "
                    "another mirror"
                )
            seen = now
        self._write()
        self.check()

    def _is_free(self, owner: Mapping[str, Any], seen_s: float) -> bool:
        """Whether its owner has died; that of the same folder has, for who takes the lease has the folder's lock."""
        renewed_s = time.time() - owner.get("renewed", time.time())
        return owner.get("folder") == self.folder or max(renewed_s, seen_s) >= LAPSE_S

    def check(self) -> None:
        """Raise `LeaseLost` where another is the owner."""
        with self._lock:
            data = self._store.read(OWNER)
        if _read(data).get("token", self._token) != self._token:
            raise LeaseLost(
                f"the mirror {self._store.url} is written by {_named(data)} now, which took this run for dead; stop "
                "that one and start this again, or leave it to go on"
            )

    def _write(self) -> None:
        said = {
            "host": platform.node(), "process": os.getpid(), "since": self._since, "renewed": time.time(),
            "folder": self.folder, "token": self._token,
        }  # fmt: skip
        with self._lock:
            self._store.write(OWNER, json.dumps(said).encode())

    @contextmanager
    def renewed(self) -> Iterator[None]:
        """Renew the lease while the block runs, and give it back."""
        try:
            with repeating(RENEW_S, self._renew):
                yield
        finally:
            with suppress(StoreFailed, LeaseLost):
                self.check()
                self._store.remove(OWNER)

    def _renew(self) -> None:
        with self.interrupting(), suppress(StoreFailed):  # whoever sends says so
            self.check()
            self._write()

    @contextmanager
    def interrupting(self) -> Iterator[None]:
        """In a thread: end the work of the main thread where the block finds that the lease is lost."""
        main = threading.main_thread().ident
        try:
            yield
        except LeaseLost:
            if main is not None and not self._interrupted:
                self._interrupted = True
                is_heard = callable(signal.getsignal(signal.SIGINT))  # not in the background of some shells
                signal.pthread_kill(main, signal.SIGINT if is_heard else signal.SIGTERM)


@contextmanager
def repeating(seconds: float, work: Callable[[], None]) -> Iterator[None]:
    """Do `work` every so many seconds in a thread while the block runs."""
    ended = threading.Event()

    def repeat() -> None:
        while not ended.wait(seconds):
            work()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _read(data: bytes | None) -> Mapping[str, Any]:
    """What a lease says: nothing where there is none, or it is half-written."""
    with suppress(ValueError):
        said = json.loads(data or b"{}")
        if isinstance(said, dict) and said.keys() >= {"host", "process", "since"}:
            return said
    return {}


def _named(data: bytes | None) -> str:
    owner = _read(data)
    return f"a run on {owner['host']} (process {owner['process']}) since {owner['since']}" if owner else "another run"

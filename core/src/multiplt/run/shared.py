"""What stages share while they work: made once, when it is first asked for, closed at the end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, TypeVar, cast

T = TypeVar("T")


class Resources:
    """Open things by name, for any thread."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}
        self._making: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        self._stack = ExitStack()
        self._closed = False

    def get(self, name: str, make: Callable[[], T]) -> T:
        """What `make` returned for the first who asked; its `close()`, if any, is called at the end."""
        with self._lock:
            making = self._making.setdefault(name, threading.Lock())
        with making:
            if self._closed:
                raise RuntimeError(f"{name} is asked for after the end")
            if name not in self._made:
                made = self._made[name] = make()
                if callable(close := getattr(made, "close", None)):
                    self._stack.callback(close)
        return cast(T, self._made[name])

    def close(self) -> None:
        """Close everything, the last made first."""
        self._closed = True
        self._made.clear()
        self._stack.close()

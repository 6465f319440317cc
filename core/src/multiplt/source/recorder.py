"""Runs inside the sandbox: evaluates tests beside their function and records the calls in each.

Beside it lie `literals.py` (a copy of `multiplt.literals`), `observer.py` and `job.json`: source, entrypoint,
tests. For each test one record says what the calls in it were given and what they returned, as Python text, or
why there is none. A job with `lines`, those of the function, is observed: all tests run once before, so that what
a function keeps between calls shows, and for each a further record, numbered on from the tests, says what the
calls used, ran and changed.
"""

from __future__ import annotations

import inspect
import json
import math
import os
import signal
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from literals import to_text  # type: ignore[import-not-found, unused-ignore]
from observer import Observer  # type: ignore[import-not-found, unused-ignore]

MODULUS = 2147483647
MOST = 50  # different calls of one test; more of a loop say little more


class Channel:
    """The record channel; see `multiplt.execute.records`, which reads what this writes."""

    def __init__(self) -> None:
        self._nonce = sys.stdin.readline().strip()
        self._key = 2 + int(self._nonce[:5], 16)
        self._digest = 0

    def write(self, payload: str) -> None:
        """Write one frame."""
        body = payload.encode(errors="backslashreplace")
        frame = f"{len(body)}:".encode() + body
        for byte in frame:
            self._digest = (self._digest * self._key + byte + 1) % MODULUS
        os.write(3, frame)

    def close(self) -> None:
        """Write the last record."""
        body = f"z{self._nonce} {self._digest}"
        os.write(3, f"{len(body)}:{body}".encode())


class TooLong(BaseException):
    """A test takes longer than it may."""


class Recorder:
    """A function with its tests; `changed` says whether the calls of the last test changed their arguments."""

    def __init__(self, job: dict[str, Any], namespace: dict[str, Any]) -> None:
        self._function, self._name, self._namespace = namespace[job["entrypoint"]], job["entrypoint"], namespace
        self._signature = inspect.signature(self._function)
        named = [p.name for p in self._signature.parameters.values() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        self._is_whole = named == job["parameters"]
        self.observer: Observer | None = None
        self.changed = False

    def run(self, test: str) -> str:
        """Run one test and return the text of its calls, `[(arguments, result), …]`, equal ones once."""
        if not self._is_whole:
            raise ValueError(f"a decorator changes the parameters of {self._name}")
        self.changed = False
        calls: dict[str, None] = {}

        def recorded(*args: Any, **kwargs: Any) -> Any:
            bound = self._signature.bind(*args, **kwargs)
            bound.apply_defaults()
            arguments = tuple(bound.arguments.values())
            before = to_text(arguments)
            with self.observer or nullcontext():
                result = self._function(*args, **kwargs)
            if len(calls) < MOST:
                calls[f"({before}, {to_text(result)})"] = None
            if self.observer and to_text(arguments) != before:
                self.changed = True
            return result

        exec(compile(test, "test", "exec"), {"math": math, **self._namespace, self._name: recorded})
        return f"[{', '.join(calls)}]"


def stop(*_: Any) -> None:
    """End the test that is running."""
    raise TooLong


def main() -> None:
    """Evaluate the tests of `job.json`."""
    channel = Channel()
    job = json.loads(Path("job.json").read_text(encoding="utf-8"))
    namespace: dict[str, Any] = {"__name__": "source"}
    try:
        exec(compile(job["source"], "source", "exec"), namespace)
        recorder = Recorder(job, namespace)
    except BaseException as error:
        channel.write(f"xException {type(error).__name__}: {error}")
        channel.close()
        return
    signal.signal(signal.SIGALRM, stop)
    tests, observer = job["tests"], None
    if "lines" in job:
        for test in tests:
            attempt(recorder, test, job["patience_s"])
        observer = recorder.observer = Observer("source", job["lines"])
    for number, test in enumerate(tests):
        kind, text = attempt(recorder, test, job["traced_s" if observer else "patience_s"])
        channel.write(f"v{number} s{len(text.encode())}:{text}" if kind == "v" else f"e{number} {text}")
        if observer:
            uses, arcs = observer.take()
            text = to_text((uses, arcs, recorder.changed))
            channel.write(f"v{len(tests) + number} s{len(text.encode())}:{text}")
    channel.close()


def attempt(recorder: Recorder, test: str, patience_s: float) -> tuple[str, str]:
    """Run one test: `v` and its calls, or `e` and what it raised."""
    try:
        signal.setitimer(signal.ITIMER_REAL, patience_s)
        return "v", recorder.run(test)
    except BaseException as error:
        return "e", f"{type(error).__name__}: {error}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


if __name__ == "__main__":
    main()

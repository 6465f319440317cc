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
AGAIN_S = 0.1  # until what does not heed the end of its time is told again
SCALARS = {type(None), bool, int, float, str, bytes, complex}


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
            if self.observer and not is_plain(result):
                raise TypeError(f"{type(result).__name__} is no value that can be written down")
            if len(calls) < MOST:
                calls[f"({before}, {to_text(result)})"] = None
            if self.observer and to_text(arguments) != before:
                self.changed = True
            return result

        exec(compile(test, "test", "exec"), {"math": math, **self._namespace, self._name: recorded})
        return f"[{', '.join(calls)}]"


def is_plain(value: Any) -> bool:
    """Whether a value is what it is written as; a class of the function's own has text and equality of its own."""
    match value:
        case list() | tuple() | set() | frozenset():
            return all(map(is_plain, value))
        case dict():
            return all(is_plain(key) and is_plain(item) for key, item in value.items())
    return type(value) in SCALARS


class Timer:
    """Ends a test that takes too long; `rang` says that it did, whatever the test made of it."""

    def __init__(self) -> None:
        self.rang = self._set = False
        signal.signal(signal.SIGALRM, self._ring)

    def set(self, seconds: float) -> None:
        """Ring in so many seconds, and on."""
        self.rang, self._set = False, True
        signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_S)

    def stop(self) -> None:
        """Ring no more."""
        self._set = False
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _ring(self, *_: Any) -> None:
        if self._set:
            self.rang = True
            raise TooLong


def main() -> None:
    """Evaluate the tests of `job.json`."""
    leave = os._exit
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
    timer = Timer()
    tests, observer, late = job["tests"], None, set()
    if "lines" in job:
        for number, test in enumerate(tests):
            attempt(recorder, test, timer, job["patience_s"])
            late |= {number} if timer.rang else set()
        observer = recorder.observer = Observer("source", job["lines"])
    for number, test in enumerate(tests):
        if number in late:  # it would take as long again, and longer
            channel.write(f"e{number} {TooLong.__name__}: before it was observed")
            continue
        kind, text = attempt(recorder, test, timer, job["traced_s" if observer else "patience_s"])
        channel.write(f"v{number} s{len(text.encode())}:{text}" if kind == "v" else f"e{number} {text}")
        if observer:
            uses, arcs = observer.take()
            text = to_text((uses, arcs, recorder.changed))
            channel.write(f"v{len(tests) + number} s{len(text.encode())}:{text}")
    channel.close()
    leave(0)  # without waiting for threads, or for what is to be done at the end


def attempt(recorder: Recorder, test: str, timer: Timer, patience_s: float) -> tuple[str, str]:
    """Run one test: `v` and its calls, or `e` and what it raised."""
    try:
        try:
            timer.set(patience_s)
            text = recorder.run(test)
        finally:
            timer.stop()
    except BaseException as error:
        return "e", f"{TooLong.__name__ if timer.rang else type(error).__name__}: {error}"
    return ("e", f"{TooLong.__name__}: it went on") if timer.rang else ("v", text)


if __name__ == "__main__":
    main()

"""Runs inside the sandbox: evaluates tests beside their function and records the calls in each.

Beside it lie `literals.py` (a copy of `multiplt.literals`) and `job.json`: source, entrypoint, tests.
For each test one record says what the calls in it were given and what they returned, as Python text, or
why there is none.
"""

from __future__ import annotations

import copy
import inspect
import json
import math
import os
import sys
from pathlib import Path
from typing import Any

from literals import to_text  # type: ignore[import-not-found, unused-ignore]

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


def record(test: str, name: str, parameters: list[str], namespace: dict[str, Any]) -> str:
    """Run one test and return the text of its calls, `[(arguments, result), …]`, equal ones once."""
    function = namespace[name]
    signature = inspect.signature(function)
    named = [p.name for p in signature.parameters.values() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if named != parameters:
        raise ValueError(f"a decorator changes the parameters of {name}")
    calls: dict[str, None] = {}

    def recorded(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        arguments = tuple(copy.deepcopy(value) for value in bound.arguments.values())
        result = function(*args, **kwargs)
        if len(calls) < MOST:
            calls[to_text((arguments, result))] = None
        return result

    exec(compile(test, "test", "exec"), {"math": math, **namespace, name: recorded})
    return f"[{', '.join(calls)}]"


def main() -> None:
    """Evaluate the tests of `job.json`."""
    channel = Channel()
    job = json.loads(Path("job.json").read_text(encoding="utf-8"))
    namespace: dict[str, Any] = {"__name__": "source"}
    try:
        exec(compile(job["source"], "source", "exec"), namespace)
    except BaseException as error:
        channel.write(f"xException {type(error).__name__}: {error}")
        channel.close()
        return
    for number, test in enumerate(job["tests"]):
        try:
            text = record(test, job["entrypoint"], job["parameters"], namespace)
            channel.write(f"v{number} s{len(text.encode())}:{text}")
        except BaseException as error:
            channel.write(f"e{number} {type(error).__name__}: {error}")
    channel.close()


if __name__ == "__main__":
    main()

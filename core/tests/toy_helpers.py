"""What the core's tests share: a harness's encoder, functions and verdicts in few words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import toy

from multiplt.execute.executor import Executor
from multiplt.execute.plan import Limits
from multiplt.execute.records import Items, Pairs, digest
from multiplt.execute.sandboxes import find_sandbox
from multiplt.execute.verdicts import Judge
from multiplt.functions import Function
from multiplt.identifiers import spell_function
from multiplt.plugins import BoundLanguage, Plugins
from multiplt.problems import Problem
from multiplt.testing.judging import problem_of, read_function

NONCE = "0123456789abcdef0123456789abcdef"


def encode(value: Any) -> bytes:
    """A Python value as a harness writes it; see `multiplt.execute.records`."""
    match value:
        case None | True | False:
            return {None: b"N", True: b"T", False: b"F"}[value]
        case int():
            return b"i%d;" % value
        case float() if math.isinf(value) or math.isnan(value):
            return f"d{value};".encode()
        case float():
            return f"d{value:.17g};".encode()
        case str():
            return b"s%d:" % len(value.encode()) + value.encode()
        case dict():
            value = Pairs(tuple(value.items()))
        case set() | frozenset():
            value = Items(tuple(value))
    if isinstance(value, Pairs):
        return b"m%d:" % len(value.pairs) + b"".join(encode(part) for pair in value.pairs for part in pair)
    tag, items = (b"z", value.items) if isinstance(value, Items) else (b"l" if isinstance(value, list) else b"t", value)
    return tag + b"%d:" % len(items) + b"".join(map(encode, items))


def frame(payload: bytes) -> bytes:
    return b"%d:" % len(payload) + payload


def channel(*payloads: bytes, nonce: str = NONCE, close: bool = True) -> bytes:
    """A channel's bytes: these payloads, and the last record."""
    data = b"".join(map(frame, payloads))
    return data + frame(f"z{nonce} {digest(data, nonce)}".encode()) if close else data


def returned(*values: Any) -> list[bytes]:
    """The payloads of cases that returned these values."""
    return [b"v%d " % number + encode(value) for number, value in enumerate(values)]


def toy_plugins(*others: tuple[str, object]) -> Plugins:
    plugins = Plugins()
    plugins.register(toy.plugin, "toy", "multiplt-lang-toy")
    for name, plugin in others:
        plugins.register(plugin, name)
    return plugins


def toy_language(*others: tuple[str, object]) -> BoundLanguage:
    return toy_plugins(*others).language("toy")


def toy_problem(source: str, name: str, *tests: str, canonical: bool = False) -> Problem:
    """The problem that a function makes in toy, none of its tests refused."""
    return problem_of(toy_language(), read_function(source, name, *tests), canonical=canonical)


def spelled(function: Function) -> Function:
    return spell_function(function, toy.Toy.spec)


@contextmanager
def toy_judge(*others: tuple[str, object], **limits: Any) -> Iterator[Judge]:
    with Executor(find_sandbox(), workers=2) as executor:
        yield Judge(toy_language(*others), executor, Limits().with_(**limits))

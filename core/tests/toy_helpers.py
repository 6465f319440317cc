"""What the core's tests share: a harness's encoder, functions and verdicts in few words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import toy

from multiplt.asserts import Call
from multiplt.execute.executor import Executor
from multiplt.execute.plan import Limits
from multiplt.execute.records import Items, Pairs, digest
from multiplt.execute.sandboxes import find_sandbox
from multiplt.execute.verdicts import Judge, Submission
from multiplt.functions import Function, build_function, read_definition, read_tests
from multiplt.identifiers import spell_function
from multiplt.plugins import BoundLanguage, Plugins
from multiplt.problems import Completion, Problem, Verdict
from multiplt.settings import PromptSettings
from multiplt.translate.problems import build_problem

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


def read_function(source: str, name: str, *tests: str) -> Function:
    """A Python function with literal tests."""
    definition = read_definition(source, name)
    calls, refused = read_tests(definition, tests)
    assert not refused, refused
    function, unfit = build_function(definition, [(test, call) for test, call in calls if isinstance(call, Call)])
    assert not unfit, unfit
    return function


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
    function = read_function(source, name, *tests)
    problem, refused = build_problem(toy_language(), function, f"Test_0_{name}", PromptSettings(canonical=canonical))
    assert not refused, refused
    return problem


def spelled(function: Function) -> Function:
    return spell_function(function, toy.Toy.spec)


@contextmanager
def toy_judge(*others: tuple[str, object], **limits: Any) -> Iterator[Judge]:
    with Executor(find_sandbox(), workers=2) as executor:
        yield Judge(toy_language(*others), executor, Limits().with_(**limits))


def verdicts(judge: Judge, problem: Problem, codes: Iterable[str | Completion]) -> list[Verdict]:
    """Verdicts on completions, of which a text is a continuation of the prompt."""
    completions = (code if isinstance(code, Completion) else Completion(code) for code in codes)
    return [judged.verdict for judged in judge.verdicts(Submission(problem, completion) for completion in completions)]

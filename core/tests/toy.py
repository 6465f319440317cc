"""The contract's worked example: toy, a language whose interpreter is Python itself.

It is complete: prompt, suite, harness, stub, end mark. What it lacks on purpose: sets. Its harness is no
example in one respect: a candidate in the same interpreter could reach it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from multiplt import Command, CommentSyntax, Function, Language, LanguageSpec, Problem, Program, Strict, Terms, Type

CHANNEL = '''\
import os, sys

class Channel:
    def __init__(self):
        self.nonce, self.digest = sys.stdin.readline().strip(), 0

    def write(self, payload):
        frame = str(len(payload)).encode() + b":" + payload
        key = 2 + int(self.nonce[:5], 16)
        for byte in frame:
            self.digest = (self.digest * key + byte + 1) % 2147483647
        os.write(3, frame)

    def close(self):
        self.write(f"z{self.nonce} {self.digest}".encode())
'''

HARNESS = '''\
from channel import Channel

def encode(value):
    text = lambda tag, data: tag + str(len(data)).encode() + b":" + data
    items = lambda tag, values: tag + str(len(values)).encode() + b":" + b"".join(map(encode, values))
    if value is None or value is True or value is False:
        return {None: b"N", True: b"T", False: b"F"}[value]
    match value:
        case int(): return b"i%d;" % value
        case float(): return f"d{value!r};".encode()
        case str(): return text(b"s", value.encode())
        case list(): return items(b"l", value)
        case tuple(): return items(b"t", value)
        case dict(): return b"m" + str(len(value)).encode() + b":" + b"".join(
            encode(part) for entry in value.items() for part in entry)
    return text(b"?", repr(value).encode())

def run(entrypoint, cases):
    channel = Channel()
    try:
        namespace = {"__name__": "candidate"}
        exec(compile(open("candidate.py").read(), "candidate.py", "exec"), namespace)
    except BaseException as error:
        kind = b"SyntaxError" if isinstance(error, SyntaxError) else b"Exception"
        channel.write(b"x" + kind + b" " + str(error).encode())
        return channel.close()
    for number, case in enumerate(cases):
        try:
            record = b"v%d " % number + encode(namespace[entrypoint](*case()))
        except BaseException as error:
            record = b"e%d " % number + f"{type(error).__name__}: {error}".encode()
        channel.write(record)
    channel.close()
'''

HELPER = '''\
import math

def same(actual, expected, tolerance=None):
    if isinstance(expected, float) and isinstance(actual, (int, float)) and not isinstance(actual, bool):
        if math.isnan(expected):
            return math.isnan(actual)
        relative, absolute = (1e-6, 1e-9) if tolerance is None else (0.0, tolerance)
        return math.isclose(actual, expected, rel_tol=relative, abs_tol=absolute)
    if isinstance(expected, (list, tuple)):
        alike = type(actual) is type(expected) and len(actual) == len(expected)
        return alike and all(map(same, actual, expected))
    return type(actual) is type(expected) and actual == expected
'''


class Toy(Language):
    """Toy, the language of the core's tests."""

    spec = LanguageSpec(
        name="toy", tag="toy", aliases=("toylang",), title="Toy", suffix=".py",
        comments=CommentSyntax(line="#", quotes="\"'"), stop_tokens=("\ndef ", "\n#", "\nif ", "\nclass ", "\nprint"),
        terms=Terms(dict="association list", none="None", true="True", false="False"),
        toolchain=("python3", "--version"), package="python3", reserved=frozenset({"end"}),
    )  # fmt: skip

    def signature(self, function: Function) -> str:
        return f"def {function.name}({', '.join(parameter.name for parameter in function.parameters)}):\n"

    def definition(self, name: str) -> str:
        return rf"^def {re.escape(name)}\("

    def call(self, name: str, arguments: Sequence[str]) -> str:
        return f"{name}({', '.join(arguments)})"

    def suite_test(self, call: str, expected: str, type: Type) -> str:
        return f"assert same({call}, {expected})"

    def suite_truth(self, call: str, truth: bool, type: Type) -> str:
        return f"assert bool({call}) is {truth}"

    def suite_close(self, call: str, expected: str, tolerance: float, type: Type) -> str:
        return f"assert same({call}, {expected}, {tolerance})"

    def suite(self, function: Function, tests: Sequence[str]) -> str:
        return "\n".join([HELPER, *tests])

    def stub(self, problem: Problem, mark: str) -> str:
        return f"    raise RuntimeError({mark!r})\n"

    def render_float(self, value: float) -> str:
        return repr(value) if abs(value) < float("inf") else f"float('{value}')"

    def render_str(self, value: str) -> str:
        return ascii(value)

    def render_list(self, items: Sequence[str], type: Type) -> str:
        return f"[{', '.join(items)}]"

    def render_tuple(self, items: Sequence[str], type: Type) -> str:
        return f"({''.join(f'{item}, ' for item in items)})"

    def render_dict(self, pairs: Sequence[tuple[str, str]], type: Type) -> str:
        return "{" + ", ".join(f"{key}: {item}" for key, item in pairs) + "}"

    def strict_files(self, strict: Strict, candidate: str, calls: Sequence[Sequence[str]]) -> Mapping[str, str]:
        cases = "".join(f"    lambda: ({''.join(f'{argument}, ' for argument in call)}),\n" for call in calls)
        main = f"from harness import run\n\nrun({strict.entrypoint!r}, [\n{cases}])\n"
        return {"main.py": main, "harness.py": HARNESS, "channel.py": CHANNEL, "candidate.py": candidate}

    def end_mark(self) -> str:
        return f"{CHANNEL}\nChannel().close()"

    def run(self, program: Program) -> Command:
        return Command("python3", "-S", "-B", program.entry)


plugin = Toy()

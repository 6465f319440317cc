"""Tests that are more than literals: evaluated beside their function in the sandbox, where it may do anything."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from multiplt.asserts import Call, Pending
from multiplt.errors import Refused
from multiplt.execute.bubblewrap import Bubblewrap
from multiplt.execute.executor import Executor
from multiplt.execute.plan import Limits
from multiplt.functions import read_definition
from multiplt.source import evaluation
from multiplt.source.evaluation import Calls, Evaluation, evaluate

WAYS = {
    "warm": lambda: Executor(Bubblewrap(eager=True), workers=2),
    "one-shot": lambda: Executor(Bubblewrap(), workers=2, warm=False),
}
opened: Callable[[], Executor]


@pytest.fixture(autouse=True, params=WAYS)
def _way(request: pytest.FixtureRequest) -> None:
    """Everything holds in warm servers and out of them."""
    global opened
    opened = WAYS[request.param]


def evaluated(*functions: tuple[str, list[str]]) -> list[list[Calls | Refused]]:
    evaluations = [Evaluation(read_definition(source, "f"), tuple(map(Pending, tests))) for source, tests in functions]
    with opened() as executor:
        return list(evaluate(evaluations, executor))


def one(source: str, test: str) -> Call | Refused:
    said = evaluated((source, [test]))[0][0]
    return said if isinstance(said, Refused) else said[0]


def refusal(source: str, test: str) -> str:
    said = one(source, test)
    assert isinstance(said, Refused), said
    return str(said)


def test_calls_are_recorded_in_order() -> None:
    identity = "def f(a, b=2, *, c=3): return [a, b, c]"
    tests = ["assert f(1 + 1)", "assert len(f(1, c='x' * 2)) == 3", "assert f(**{'b': 1, 'a': 0})[0] == 0"]
    other = ("import math\ndef f(x): return x * math.inf", ["assert math.isnan(f(0))", "assert f(-1) < 0"])
    first, (nan, infinite) = evaluated((identity, tests), other)
    expected = [Call((2, 2, 3), [2, 2, 3]), Call((1, 2, "xx"), [1, 2, "xx"]), Call((0, 1, 3), [0, 1, 3])]
    assert first == [(call,) for call in expected]
    assert isinstance(nan, tuple)
    assert math.isnan(nan[0].expected)
    assert infinite == (Call((-1,), -math.inf),)


MOST = 50
LOOP = """
import random
rng = random.Random(42)
for n in [*range(3), *range(3)]:
    rng.random()
    assert f(n, [n]) == [n, n]
"""


def test_several_statements_record_each_call_once() -> None:
    calls = tuple(Call((n, [n]), [n, n]) for n in range(3))
    loop = Evaluation(read_definition("def f(a, b): return [a, *b]", "f"), (Pending(LOOP, many=True),))
    random = "import random\nfor _ in range(9):\n    n = random.random()\n    assert f(n, [n]) == [n, n]"
    never = "for n in []:\n    assert f(n, n) == n"
    failing = "for n in range(9):\n    assert f(n, [0]) == [0, 0]"
    many = "for n in range(1000):\n    assert f(n, []) == [n]"
    tests = [LOOP, random, never, failing, many]
    evaluation = replace(loop, tests=tuple(Pending(test, many=True) for test in tests))
    with opened() as executor:
        (said,) = evaluate([evaluation], executor)
    assert said[0] == calls
    assert "changes from run to run" in str(said[1])
    assert "calls the function 0 times" in str(said[2])
    assert "raises AssertionError" in str(said[3])
    assert isinstance(said[4], tuple)
    assert len(said[4]) == MOST


def test_the_tolerance_is_kept() -> None:
    thirds = Evaluation(read_definition("def f(n): return n / 3", "f"), (Pending("assert f(2)", tolerance=0.5),))
    with opened() as executor:
        assert list(evaluate([thirds], executor)) == [[(Call((2,), 2 / 3, tolerance=0.5),)]]


def test_arguments_are_recorded_before_the_call_and_results_at_it() -> None:
    source = "def f(a):\n    a.append(1)\n    return a\n"
    assert one(source, "assert f(list([0])).pop() == 1") == Call(([0],), [0, 1])


def test_truth() -> None:
    truths = Evaluation(
        read_definition("def f(a): return a", "f"),
        (Pending("assert f([1])", True), Pending("assert not f(False)", False)),
    )
    with opened() as executor:
        assert list(evaluate([truths], executor)) == [
            [(Call(([1],), True, check="truth"),), (Call((False,), False),)]
        ]


@pytest.mark.parametrize(
    ("source", "test", "reason"),
    [
        ("def f(a): return a", "assert f(1) == 2", "raises AssertionError"),
        ("def f(a): return a", "assert f(x)", "raises NameError"),
        ("def f(a): return a", "assert f(1) and f(2)", "calls the function 2 times"),
        ("def f(a): return 1 / 0", "assert f(1)", "ZeroDivisionError"),
        ("def f(a): return object()", "assert f(1)", "cannot be written down"),
        ("def f(a): return (x for x in a)", "assert f([])", "cannot be written down"),
        ("def f(a): return {frozenset([1])}", "assert f(1)", "cannot be written down"),
        ("import nothing\ndef f(a): pass", "assert f(1)", "does not load"),
        ("raise SystemExit\ndef f(a): pass", "assert f(1)", "does not load"),
        ("def f(a): raise SystemExit(0)", "assert f(1)", "raises SystemExit"),
        ("def f(a): import os; os._exit(0)", "assert f(1)", "ends Python"),
        ("def f(a): import os; os._exit(127)", "assert f(1)", "ends Python"),
        ("import os; os._exit(126)\ndef f(a): pass", "assert f(1)", "ends Python"),
        ("def f(a): raise ValueError('\\ud800')", "assert f(1)", "ValueError"),
        ("import random\ndef f(a): return random.random()", "assert f(1) < 2", "changes from run to run"),
        ("def f(a): return list({'a', 'b', 'c', 'd', 'e'})", "assert len(f(1)) == 5", "changes from run to run"),
        ("def f(a):\n    b = [a]\n    b.append(b)\n    return b", "assert f(1)", "RecursionError"),
        ("def deco(g): return lambda *a: g(*a)\n@deco\ndef f(a): return a", "assert f(1 + 1) == 2", "decorator"),
        (
            "import os\ndef f(a):\n    os.write(3, b'6:v0 i5;')\n    os._exit(0)",
            "assert f(1)",
            "cannot be written down",
        ),
        ("import os\ndef f(a):\n    os.write(3, b'garbage')\n    return a", "assert f(1)", "disturbed"),
    ],
)
def test_refused(source: str, test: str, reason: str) -> None:
    assert reason in refusal(source, test)


def test_an_answer_that_differs_in_order_alone_is_the_same() -> None:
    source = "def f(text): return {letter: text.count(letter) for letter in set(text)}"
    assert one(source, "assert len(f('abc' * 2)) == 3") == Call(("abcabc",), {"a": 2, "b": 2, "c": 2})
    assert one("def f(a): return set(a)", "assert len(f('ab' * 2)) == 2") == Call(("abab",), {"a", "b"})


def test_one_endless_test_spares_those_before_it_and_other_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "LIMITS", Limits(wall_s=2.0))
    source = "def f(n):\n    while n == 2: pass\n    return n\n"
    first, second = evaluated(
        (source, ["assert f(0 + 1)", "assert f(1 + 1)"]), ("def f(n): return n", ["assert f(1 * 1)"])
    )
    assert first[0] == (Call((1,), 1),)
    assert "runs out of time" in str(first[1])
    assert second == [(Call((1,), 1),)]


def test_names_of_the_source_are_not_hidden() -> None:
    assert one("math = 5\ndef f(a): return a", "assert f(math) == 5") == Call((5,), 5)
    assert one("def f(a): return a", "assert f(math.floor(1.5)) == 1") == Call((1,), 1)


def test_large_ints_and_noise() -> None:
    assert one("def f(n): print('x' * 10**6); return 10**n", "assert f(5000 * 2) > 0") == Call((10_000,), 10**10_000)


HARM = {
    "kills its parent": "import os\nos.kill(os.getppid(), 9)",
    "kills everything": "import os\nos.kill(-1, 9)",
    "stops everything": "import os\nos.kill(-1, 19)",
    "fills the memory": "x = []\nwhile True: x.append(bytearray(1 << 20))",
    "fills the disk": "with open('big', 'wb') as file:\n    while True: file.write(bytes(1 << 20))",
    "floods the output": "for _ in range(5000): print('x' * 9999)",
    "forks without end": "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
    "writes to the home folder": "open('/root/x', 'w')",
    "reads the server's memory": "open('/proc/1/mem', 'rb')",
    "changes what others use": "import builtins, copy, json\njson.loads = copy.deepcopy = builtins.len = None",
    "leaves a file": "open('recorder.py', 'w').write('oops')\nopen('/dev/shm/x', 'w').close()",
    "leaves a process": "import os, time\nif not os.fork():\n    os.setsid()\n    time.sleep(99)\n    os._exit(0)",
    "changes the environment": "import os\nos.environ['PATH'] = ''\nos.chdir('/')",
}
"""What functions do when they are loaded."""


def test_a_hostile_function_disturbs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "LIMITS", Limits(wall_s=3.0))
    right = ("def f(a): return [a, len('abc')]", ["assert f(1 + 1) == [2, 3]"])
    functions = [(f"{harm}\ndef f(a): return 0", ["assert f(1 + 1) == 0"]) for harm in HARM.values()]
    found = evaluated(*(function for harm in functions for function in (harm, right)))
    assert found[1::2] == [[(Call((2,), [2, 3]),)]] * len(HARM)

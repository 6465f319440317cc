"""Tests that a model wrote: read out of whatever it said, run, and kept where execution confirms them."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multiplt.claims import calls_of
from multiplt.rows import Row
from multiplt.run import StageContext
from multiplt.settings import ExecuteSettings, TestgenSettings
from multiplt.source.asking import build_prompt
from multiplt.source.assertions import read_asserts
from multiplt.source.validation import KeepTests

GOLDEN = Path(__file__).parent / "golden"
FUNCTION = 'def half(n):\n    """Half of n."""\n    return n / 2\n'


@pytest.mark.parametrize("style", ["completion", "chat"])
def test_prompts(style: str) -> None:
    golden = GOLDEN / f"testgen_{style}.txt"
    assert build_prompt(FUNCTION, "half", style) + "\n" == golden.read_text()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("assert f( 1 )==2 # why\nassert f(2) == 3, 'message'\n", ["assert f(1) == 2", "assert f(2) == 3"]),
        ("assert f(1) == 2; assert f(2) == 3", ["assert f(1) == 2", "assert f(2) == 3"]),
        ("assert f(\n    [1,\n     2],\n) == 3\nassert f(", ["assert f([1, 2]) == 3"]),
        ("Sure!\n```python\nassert f(1) == 2\n```\nassert f(2) == 3", ["assert f(1) == 2"]),
        ("```\nassert f(1) == 2\n```\nand\n```py\nassert f(2) == 3", ["assert f(1) == 2", "assert f(2) == 3"]),
        ("def test_f():\n    assert f(1) is None\n    assert not f(2)", ["assert f(1) is None", "assert not f(2)"]),
        ("class T(TestCase):\n    def test(self):\n        self.assertEqual(f(1), 2)\n        self.assertTrue(f(2))\n"
         "        self.assertFalse(f(3))\n        self.assertIsNone(\n            f(4))\n"
         "        self.assertRaises(f(5))",
         ["assert f(1) == 2", "assert f(2)", "assert not f(3)", "assert f(4) is None"]),
        ("assert f('''a\nassert f(1) == 1\n''') == 2", ["assert f('a\\nassert f(1) == 1\\n') == 2"]),
        ("assert f(1) == 2\nassert f(1)  ==  2", ["assert f(1) == 2"]),
        ("assert g(1) == 2\nassert x\nf(1) == 2\nassertion f(1)", []),
        ("assert f(1) == \nassert f(2) == 3", ["assert f(2) == 3"]),
        ("> assert f(1) == 2", ["assert f(1) == 2"]),
    ],
)  # fmt: skip
def test_asserts_are_found_wherever_they_are(text: str, expected: list[str]) -> None:
    assert read_asserts(text, "f") == expected


WORDS = st.sampled_from(["assert ", "f(", ")", "1", " == ", "\n", "```", "'", '"""', "[", "]", ",",
                         "self.assertEqual(", "def t():\n    ", "# ", "é", "\\", "\0", "lambda: ", "x", ";", "(",
                         "assert f(1) == 2\n"])  # fmt: skip


@given(st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=40).map("".join)))
def test_any_answer_gives_asserts_of_the_function_or_nothing(text: str) -> None:
    for test in read_asserts(text, "f"):
        (statement,) = ast.parse(test).body
        assert isinstance(statement, ast.Assert)
        assert calls_of("f", [statement])
        assert read_asserts(test, "f") == [test]


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StageContext]:
    context = StageContext(tmp_path_factory.mktemp("stage"))
    yield context
    context.close()


def row(content: str, *answers: str) -> Row:
    return {"id": "1", "content": content, "entrypoint": "f", "samples": [{"text": answer} for answer in answers]}


def keep(context: StageContext, *rows: Row, **settings: float) -> list[Row]:
    """What became of each row, in their order where all are kept or all are not."""
    stage = KeepTests(TestgenSettings(style="chat", **settings), ExecuteSettings(workers=2))  # type: ignore[arg-type]
    result = stage(list(rows), context)
    assert len(rows) == len(result.kept) + len(result.rejected)
    return [*result.kept, *result.rejected]


def test_exactly_the_tests_that_hold_are_kept(context: StageContext) -> None:
    content = "def f(x, *, y=1):\n    if x is None:\n        return None\n    return x * y\n"
    answers = [
        "assert f(2) == 2\nassert f(3, y=2) == 6\nassert f(None) is None\nassert f(4) == 5\nassert f(2) == 2\n",
        "assert f(0.1, y=3) == 0.3\nassert abs(f(0.1, y=3) - 0.3) < 1e-6\nassert f('a') == 'a', 'text'\nassert f(",
        "assert f('b', y='c')\nassert f(b'a') == b'a'\nassert f(object()) == 1\nassert f(1 + 1, y=5) == 10\n",
        "assert not f(0)\nassert f(True)\nassert len(f('ab')) == 2\n",
        "assert g(1) == 1\nassert f(2, 3) == 6\nassert f(z) == 1",
    ]
    (kept,) = keep(context, row(content, *answers) | {"extra": 1})
    assert kept["tests"] == [
        "assert f(2, y=1) == 2",
        "assert f(3, y=2) == 6",
        "assert f(None, y=1) == None",
        "assert f(0.1, y=3) == 0.30000000000000004",
        "assert f('a', y=1) == 'a'",
        "assert f(2, y=5) == 10",
    ]
    assert kept["tests_failed"] == 1
    assert (kept["coverage"], kept["branch_coverage"], kept["extra"]) == (100.0, 100.0, 1)
    reasons = {entry["test"]: entry["reason"] for entry in kept["refused_tests"]}
    assert reasons == {
        "assert f('b', y='c')": "the test raises TypeError: can't multiply sequence by non-int of type 'str'",
        "assert f(b'a') == b'a'": "a bytes has no counterpart in other languages",
        "assert f(object()) == 1": reasons["assert f(object()) == 1"],
        "assert f(2, 3) == 6": "the test passes 2 arguments, f takes 1",
        "assert f(z) == 1": "the test raises NameError: name 'z' is not defined",
        "assert not f(0)": "it says less of the call than its value",
        "assert f(True)": "it says less of the call than its value",
        "assert len(f('ab')) == 2": "the test says less of a call of f than its value",
    }
    assert reasons["assert f(object()) == 1"].startswith("the test raises TypeError")
    assert "samples" not in kept


GOOD = "assert f(1) == 1\nassert f(2) == 2\nassert f(3) == 3\n"
IDENTITY = "def f(x):\n    return x\n"

IMPURE = {
    "it uses files": "try:\n        open('/etc/hostname').read()\n    except OSError:\n        pass",
    "it uses the network": "import socket\n    try:\n        socket.create_connection(('127.0.0.1', 9), 0.1)\n"
                           "    except OSError:\n        pass",
    "it uses the clock": "import time\n    time.time()",
    "it uses random numbers": "import random\n    random.seed(0)\n    random.randint(1, 3)",
    "it uses other processes": "import subprocess\n    subprocess.run(['true'])",
    "it uses the environment": "import os\n    os.environ.get('HOME')",
    "it uses threads": "import threading\n    t = threading.Thread(target=print)\n    t.start()\n    t.join()",
}  # fmt: skip


@pytest.mark.parametrize("reason", IMPURE)
def test_functions_that_do_more_than_return_are_set_aside(reason: str, context: StageContext) -> None:
    (rejected,) = keep(context, row(f"def f(x):\n    {IMPURE[reason]}\n    return x\n", GOOD))
    assert rejected["reason"] == reason


@pytest.mark.parametrize(
    ("content", "answer", "reason"),
    [
        ("import datetime\ndef f(x):\n    return x if datetime.datetime.now() else 0\n", GOOD, "it uses the clock"),
        ("import uuid\ndef f(x):\n    uuid.uuid4()\n    return x\n", GOOD, "it uses random numbers"),
        ("def f(x):\n    x.append(1)\n    return x[0]\n", GOOD.replace("(1)", "([1])"), "it changes its arguments"),
        ("def f(x):\n    return list({*x})\n", "assert f(['a', 'b', 'c', 'd', 'e', 'g']) == ['a', 'b', 'c', 'd', 'e']",
         "its answers change from run to run"),
        ("seen = []\ndef f(x):\n    seen.append(x)\n    return len(seen)\n", GOOD,
         "its answers change from run to run"),
        ("def f(x, seen=[]):\n    seen.append(x)\n    return len(seen)\n", GOOD, "it changes its arguments"),
        (IDENTITY, "I cannot write tests.", "too few of its tests hold"),
        (IDENTITY, "assert f(1) == 1\nassert f(2) == 3\nassert f(4) == 4", "too few of its tests hold"),
        ("def f(x):\n    if x > 9:\n        x = 1\n        x = 2\n        x = 3\n    return x\n", GOOD,
         "its tests cover too little"),
        ("raise OSError\n" + IDENTITY, GOOD, "it does not load on its own"),
        ("def f(*x):\n    return x\n", GOOD, "it cannot be tested"),
    ],
)  # fmt: skip
def test_what_is_set_aside_says_why(content: str, answer: str, reason: str, context: StageContext) -> None:
    (rejected,) = keep(context, row(content, answer))
    assert rejected["reason"] == reason


def test_coverage_is_that_of_the_kept_tests(context: StageContext) -> None:
    content = "import math\n\ndef f(x):\n    '''Doc.'''\n    if x > 9:\n        return 0\n    return math.floor(x)\n"
    answer = GOOD + "assert f(10) == 1\nassert f(11) == 1"
    (row_,) = keep(context, row(content, answer), min_coverage=50.0)
    assert (row_["coverage"], row_["branch_coverage"]) == (66.67, 50.0)


def test_a_slow_test_costs_the_function_no_other(context: StageContext) -> None:
    rows = [
        row("def f(x):\n    while x == 2: pass\n    return x\n", GOOD + "assert f(4) == 4"),
        row("def f(x):\n    return 10 ** x % 10 ** 6\n", GOOD.replace("== ", "== 10**") + "assert f(10**9) == 1"),
        row("import os\ndef f(x):\n    if x == 2: os._exit(0)\n    return x\n", GOOD + "assert f(4) == 4"),
    ]
    kept = keep(context, *rows)
    assert ["reason" in row for row in kept] == [False, False, False]
    assert [len(row["tests"]) for row in kept] == [3, 3, 3]


HOSTILE = {
    "fork bomb": "import os\n    while True:\n        os.fork()",
    "files": "open('/tmp/multiplt-was-here', 'w').write('x')",
    "home": "import os\n    open(os.path.expanduser('~/multiplt-was-here'), 'w')",
    "kills its parent": "import os\n    os.kill(os.getppid(), 9)",
    "kills everything": "import os\n    os.kill(-1, 9)",
    "memory": "x = [0] * (10 * 2 ** 30 // 8)\n    while True:\n        x += x",
    "exit": "raise SystemExit(0)",
    "equality": "class A:\n        __eq__ = lambda *_: True\n    return A()",
    "a number of its own": "class A(int):\n        __eq__ = lambda *_: True\n    return A(7)",
    "checker": "import builtins, json, os, sys, ast\n    sys.settrace(None); sys.setprofile(None)\n"
               "    builtins.repr = lambda x: '1'\n    os.write = lambda *_: 0\n    json.loads = ast.parse = None",
    "recorder": "import sys\n    for m in [*sys.modules.values()]:\n        for n in ('to_text', 'attempt'):\n"
                "            if hasattr(m, n): setattr(m, n, lambda *_: 'v')",
    "endless": "import time\n    while True:\n        try: time.sleep(9)\n        except BaseException: pass",
}  # fmt: skip


def test_hostile_functions_harm_nothing_and_the_good_one_stays(context: StageContext) -> None:
    hostile = [row(f"def f(x):\n    {body}\n    return 7\n", GOOD) | {"id": name} for name, body in HOSTILE.items()]
    found = keep(context, *hostile, row("def f(x):\n    return x\n", GOOD) | {"id": "good"})
    assert [row["id"] for row in found if "reason" not in row] == ["good"]
    assert not Path("/tmp/multiplt-was-here").exists()
    assert not (Path.home() / "multiplt-was-here").exists()
    assert os.getppid()

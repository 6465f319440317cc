"""From recorded answers of a model to tested functions, and what functions may do that is seen all the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from multiplt.errors import MultipltError
from multiplt.models import ModelOptions, Sampling
from multiplt.rows import Row
from multiplt.run.engine import StageContext
from multiplt.run.sampling import ModelSettings
from multiplt.settings import ExecuteSettings, TestgenSettings
from multiplt.source.asking import AskForTests
from multiplt.source.assertions import read_asserts
from multiplt.source.reading import ReadFunction, read_functions
from multiplt.source.validation import KeepTests

RECORDED = Path(__file__).parent / "testgen_recorded.jsonl"


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StageContext]:
    context = StageContext(tmp_path_factory.mktemp("testgen"))
    yield context
    context.close()


def ask(folder: Path, model: str, rows: list[Row], n: int, sampling: Sampling | None = None) -> list[Row]:
    context = StageContext(folder)
    try:
        return AskForTests(ModelSettings(model, "", ModelOptions()), sampling or Sampling(), n)(rows, context).kept
    finally:
        context.close()


def test_of_recorded_answers_exactly_the_good_ones_stay(context: StageContext, tmp_path: Path) -> None:
    """Good, wrong, flaky, slow, hostile and unparsable ones, from the model to what the next step reads."""
    recorded = [json.loads(line) for line in RECORDED.read_text().splitlines()]
    rows = [{key: row[key] for key in ("id", "entrypoint", "content")} for row in recorded]
    asked = ask(tmp_path, f"replay:{RECORDED}", rows, 2)
    result = KeepTests(TestgenSettings(), ExecuteSettings())(asked, context)
    assert {row["id"]: row["tests"] for row in result.kept} == {r["id"]: r["kept"] for r in recorded if "kept" in r}
    assert {row["id"]: row["reason"] for row in result.rejected} == {
        row["id"]: row["reason"] for row in recorded if "reason" in row
    }
    for row in result.kept:
        exec("\n".join([row["content"], *row["tests"]]), {})  # written here, as the expected tests are
    read = list(read_functions(result.kept, context.resource("executor", lambda: pytest.fail("there is one"))))
    assert all(isinstance(function, ReadFunction) and not function.refused for function in read)


def row(number: int) -> Row:
    return {"id": str(number), "entrypoint": "f", "content": f"def f(x):\n    return x + {number}\n"}


def record(path: Path, numbers: range, n: int) -> str:
    recorded = [
        {"name": str(number), "language": "python", "completions": [f"{i}) == {number + i}" for i in range(n)]}
        for number in numbers
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in recorded))
    return f"replay:{path}"


def test_after_a_kill_only_what_is_missing_is_asked_for(tmp_path: Path) -> None:
    rows = [row(number) for number in range(4)]
    model = record(tmp_path / "r.jsonl", range(2), 3)
    with pytest.raises(MultipltError, match="no completions for problem 2 in python"):
        ask(tmp_path / "a", model, rows, 3)
    log = tmp_path / "a" / "completions.jsonl"
    half = log.read_text().splitlines(keepends=True)[:4]
    log.write_text("".join(half)[:-5])  # killed in the middle of the fourth
    record(tmp_path / "r.jsonl", range(4), 3)
    resumed = ask(tmp_path / "a", model, rows, 3)
    assert resumed == ask(tmp_path / "b", model, rows, 3)
    assert log.read_text().splitlines(keepends=True)[:3] == half[:3]
    assert len(log.read_text().splitlines()) == 12
    record(tmp_path / "r.jsonl", range(9, 10), 1)  # the model has forgotten: nothing is asked again
    assert ask(tmp_path / "a", model, rows, 3) == resumed
    with pytest.raises(MultipltError, match="no completions"):
        ask(tmp_path / "a", model, rows, 3, replace(Sampling(), temperature=0.1))


def one(context: StageContext, body: str, *tests: str) -> Row:
    content = "def f(x):\n" + "".join(f"    {line}\n" for line in body.split("\n"))
    samples = [{"text": "\n".join(tests)}]
    row = {"id": "0", "entrypoint": "f", "content": content, "samples": samples}
    settings: dict[str, Any] = {"style": "chat", "min_tests": 1, "min_coverage": 0.0}
    result = KeepTests(TestgenSettings(**settings), ExecuteSettings())([row], context)
    (only,) = result.kept + result.rejected
    return only


USES = {
    "import os\nreturn os.path.exists('/')": "it uses files",
    "import pathlib\nreturn pathlib.Path('/etc').is_dir()": "it uses files",
    "import sys\nreturn sys.stdin.readline() == ''": "it uses standard input",
    "import random\nreturn random.random() < 2": "it uses random numbers",
    "import time\nreturn time.time_ns() > 0": "it uses the clock",
    "import random\nreturn random.Random(1).random() < 2": None,
    "import datetime\nreturn datetime.datetime.strptime('May 2020', '%b %Y').year > 2000": None,
    "import logging\nlogging.warning('so')\nreturn True": None,
    "import warnings\nwarnings.warn('so')\nreturn True": None,
    "import json, fractions\nreturn True": None,
}


@pytest.mark.parametrize("body", USES)
def test_what_is_used_is_seen_and_what_python_uses_itself_is_not(context: StageContext, body: str) -> None:
    assert one(context, body, "assert f(1) == True").get("reason") == USES[body]


FORGED = {
    "an object": "class A:\n    def __eq__(self, o): return True\n    def __repr__(self): return '2'\nreturn A()",
    "an int": "class A(int):\n    def __eq__(self, o): return True\n    def __repr__(self): return '2'\nreturn A(1)",
    "inside a list": "class A:\n    def __repr__(self): return '2'\nreturn [A()]",
    "records": "import os\nos.write(3, b'10:v0 s3:[1]')\nreturn 1",
    "source": "import gc\nreturn [o for o in gc.get_objects() if type(o) is dict and 'tests' in o][0]['tests'][0][-1]",
}


@pytest.mark.parametrize("name", FORGED)
def test_what_only_looks_like_the_value_does_not_pass(context: StageContext, name: str) -> None:
    row = one(context, FORGED[name], "assert f(1) == 2", "assert f(3) == [2]", "assert f(1 + 1) == 2")
    assert (row["tests"], "reason" in row) == ([], True)


def test_a_test_that_swallows_the_end_of_its_time_is_not_kept(context: StageContext) -> None:
    body = "try:\n    while x == 2: pass\nexcept BaseException:\n    pass\nreturn x"
    row = one(context, body, "assert f(1) == 1", "assert f(2) == 2")
    assert row["tests"] == ["assert f(1) == 1"]
    assert row["refused_tests"] == [{"test": "assert f(2) == 2", "reason": "the test takes too long"}]


def test_what_a_function_leaves_to_be_done_is_not_waited_for(context: StageContext) -> None:
    body = "import atexit, time\natexit.register(time.sleep, 1000)\nreturn x"
    row = one(context, body, "assert f(1) == 1")
    assert row["tests"] == ["assert f(1) == 1"]


def test_a_fence_may_end_what_did_not_begin_with_one() -> None:
    assert read_asserts("assert f(1) == 2\nassert f(\n```\nDone.", "f") == ["assert f(1) == 2"]

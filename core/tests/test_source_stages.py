"""Whatever functions come, every stage keeps each of them or sets it aside with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from multiplt.rows import Row
from multiplt.run import StageContext
from multiplt.run.engine import Stage
from multiplt.settings import ExecuteSettings, FilterSettings, TestgenSettings
from multiplt.source.brief import Brief
from multiplt.source.filter import Filter
from multiplt.source.infer_types import InferTypes
from multiplt.source.typecheck import TypeCheck
from multiplt.source.validation import KeepTests

EXECUTE = ExecuteSettings(workers=2)
STAGES: list[Stage] = [
    Filter(FilterSettings(benchmarks=("humaneval",))),
    TypeCheck(),
    KeepTests(TestgenSettings(style="chat"), EXECUTE),
    InferTypes(EXECUTE),
]

CONTENTS = st.one_of(
    st.sampled_from([
        'def f(x):\n    """Doc."""\n    return x + 1\n',
        "import math\ndef f(x: int) -> float:\n    return math.sqrt(x)\n",
        "def f(*x):\n    return x\n",
        "def f(x):\n    return g(x)\n",
        "async def f(x): return x\n",
        "f = lambda x: x\n",
        "class f:\n    pass\n",
        "def f(x) return x",
        "raise OSError\ndef f(x): return x\n",
        "def f(x):\n    return '\ud800'\n",
        "def f(x):\n    é = x\n    return é\n",
    ]),
    st.text(max_size=30),
)  # fmt: skip
ANSWERS = st.lists(
    st.sampled_from(["assert f(1) == 2\nassert f(2) == 3\nassert f(3) == 4", "", "assert f(", "no"]), max_size=2
)


@st.composite
def functions(draw: st.DrawFn) -> list[Row]:
    contents = draw(st.lists(CONTENTS, max_size=5))
    return [
        {"id": str(n), "entrypoint": "f", "content": content, "tests": draw(ANSWERS),
         "samples": [{"text": text} for text in draw(ANSWERS)]}
        for n, content in enumerate(contents)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, StageContext]]:
    opened = {stage.name: StageContext(tmp_path_factory.mktemp("stage")) for stage in STAGES}
    yield opened
    for context in opened.values():
        context.close()


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(rows=functions())
def test_rows_in_are_rows_kept_and_set_aside(stage: Stage, rows: list[Row], contexts: dict[str, StageContext]) -> None:
    result = stage(rows, contexts[stage.name])
    assert len(rows) + result.expanded == len(result.kept) + len(result.rejected)
    assert sorted(row["id"] for row in [*result.kept, *result.rejected]) == [row["id"] for row in rows]
    assert all(row["reason"] and row["stage"] == stage.name for row in result.rejected)


def test_brief_rejected_rows_say_which_and_why(tmp_path: Path) -> None:
    row = {"id": "1", "entrypoint": "f", "content": "def f(x):\n    return x\n", "path": "a.py", "line": 3}
    result = Brief(STAGES[0])([row], StageContext(tmp_path))
    assert result.rejected == [
        {"id": "1", "entrypoint": "f", "stage": "filter", "reason": "it has no docstring", "detail": "", "path": "a.py",
         "line": 3}
    ]  # fmt: skip

"""`multiplt testgen` with a real model: whatever it says, every function is kept or set aside with its reason."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from vllm_server import VllmServer

from multiplt.rows import read_rows

pytestmark = pytest.mark.models

FUNCTIONS = Path(__file__).parents[1] / "functions.jsonl"


@pytest.mark.parametrize("style", ["completion", "chat"])
def test_a_real_model_drives_testgen(
    style: str, tmp_path: Path, start_vllm: Callable[[], VllmServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    rows = [{"id": str(n), **json.loads(line)} for n, line in enumerate(FUNCTIONS.open().readlines()[:6])]
    few = tmp_path / "functions.jsonl"
    few.write_text("".join(json.dumps(row | {"content": row["content"][:300]}) + "\n" for row in rows))
    model, out = f"openai:tiny@{start_vllm().url}", tmp_path / "out"
    command = [sys.executable, "-c", "from multiplt.cli import main; main()", "testgen", few, "--model", model]
    options = ["-n", "2", "--max-tokens", "16", "--style", style, "--keep-rejected", "-o", out]
    subprocess.run([*map(str, [*command, *options])], check=True, timeout=240)
    asked = [row for path in sorted((out / "stages" / "ask").glob("*.parquet")) for row in read_rows(path)]
    assert [len(row["samples"]) for row in asked] == [2] * 6
    assert all("text" in sample for row in asked for sample in row["samples"])
    rejected = [json.loads(line) for path in out.glob("*.rejected.jsonl") for line in path.read_text().splitlines()]
    assert len(rejected) == 6  # it is not trained: none of what it says is a test
    assert {row["reason"] for row in rejected} <= {"too few of its tests hold", "it cannot be tested"}

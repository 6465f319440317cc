"""`multiplt translate` through every way to reach a real model: the rows have the same form."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from vllm_server import VllmServer

from multiplt.rows import Row
from multiplt.run import read_shards

pytestmark = pytest.mark.models

FUNCTIONS = Path(__file__).parents[1] / "functions.jsonl"
ENGINE = ["--model-option", "enforce_eager=true", "--model-option", "block_size=32"]


def translate(tmp_path: Path, model: str, *options: str) -> list[Row]:
    few = tmp_path / "functions.jsonl"
    few.write_text("".join(FUNCTIONS.open().readlines()[:3]))
    command = [sys.executable, "-c", "from multiplt.cli import main; main()", "translate", few, "-l", "lua"]
    settings = ["-n", "3", "--max-tokens", "16", "--model", model, "-o", tmp_path / "out", *options]
    subprocess.run([*map(str, command), *map(str, settings)], check=True, timeout=240)
    return list(read_shards(tmp_path / "out" / "attempts" / "lua"))


def form(row: Row) -> dict[str, str]:
    return {field: type(value).__name__ for field, value in row.items()}


def sample_form(row: Row) -> list[dict[str, str]]:
    return [form(sample) for sample in row["samples"]]


def test_rows_have_the_same_form_from_all(
    tmp_path_factory: pytest.TempPathFactory, tiny_model: Path, start_vllm: Callable[[], VllmServer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    make = tmp_path_factory.mktemp
    rows = {
        "server": translate(make("server"), f"openai:tiny@{start_vllm().url}"),
        "engine": translate(make("engine"), f"vllm:{tiny_model}", *ENGINE),
        "transformers": translate(make("transformers"), f"transformers:{tiny_model}"),
    }
    first = rows["server"]
    assert len(first) == 3
    for others in rows.values():
        assert [form(row) for row in others] == [form(row) for row in first]
        assert [sample_form(row) for row in others] == [sample_form(row) for row in first]
        assert all(sample["completion_tokens"] <= 16 for row in others for sample in row["samples"])

"""`multiplt run` from Python files to a score: killed in the middle, gone on with, and done."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner

from commands import config, finish, functions, read, write
from multiplt.cli import main
from processes import adopting_orphans, wait_until
from source_code import answers, extracted, project, translations

pytestmark = [pytest.mark.models, pytest.mark.skipif(find_spec("trl") is None, reason="trl is not installed")]

COMMAND = [sys.executable, "-m", "multiplt", "run"]

RECIPE = """
[model]
name = "{model}"
[data]
dataset = "the run's"
context_length = 256
[train]
output = "the run's"
language = "it-is-the-runs"
experiment = "tiny"
epochs = 2
learning_rate = 3e-3
global_batch = 1
"""


def prepare(folder: Path, model: Path) -> Path:
    """The configuration of a run from Python files of two epochs to the score of the last on five problems."""
    rows = extracted(project(folder / "code", files=2))
    write(folder / "replay.jsonl", [*answers(rows), *translations(rows)])
    write(folder / "benchmark.jsonl", functions(5))
    (folder / "recipe.toml").write_text(RECIPE.format(model=model))
    path = config(
        folder, 0, source={"code": ["code"]}, model={"name": "replay:replay.jsonl"}, sampling={"n": 2},
        filter={"benchmarks": []}, testgen={"n": 2}, dataset={"strategy": "all"}, train={"recipe": "recipe.toml"},
        evaluate={"benchmark": "benchmark.jsonl", "engine": "transformers", "n": 2, "max_tokens": 8, "checkpoints": "last"},
    )  # fmt: skip
    path.write_text(path.read_text().replace('functions = "functions.jsonl"\n', ""))
    return path


def changes(folder: Path) -> dict[str, int]:
    """When each file was written that took time to make."""
    files = [path for path in (folder / "out").rglob("*") if path.is_file()]
    costly = [path for path in files if "training" in path.parts or path.suffix in (".jsonl", ".safetensors")]
    costly += [path for path in files if "stages" in path.parts or "training-set" in path.parts]
    return {str(path): path.stat().st_mtime_ns for path in costly}


def test_from_python_files_to_a_score(tmp_path: Path, tiny_model: Path) -> None:
    path, out = prepare(tmp_path, tiny_model), tmp_path / "out"
    first, last = (out / "training" / "ocaml" / f"ml-tiny-epoch{epoch}" for epoch in (1, 2))
    with adopting_orphans() as orphans, subprocess.Popen([*COMMAND, str(path)], stderr=subprocess.PIPE) as process:
        wait_until(first.exists, process, seconds=240)
        process.send_signal(signal.SIGKILL)
        process.wait()
        wait_until(lambda: not orphans(), process)
    assert not last.exists()
    weights = (first / "model.safetensors").stat().st_mtime_ns

    done = finish([*COMMAND, str(path)], 0)
    assert (first / "model.safetensors").stat().st_mtime_ns == weights, "an epoch was trained again"
    asked = Counter((row["key"], row["index"]) for row in read(out / "attempts" / "ocaml" / "completions.jsonl"))
    assert set(asked.values()) == {1}
    assert "training-set: was made before" in done.stderr
    cells = r" \| (\d+) \| [\d.]+ \| [\d.]+ to [\d.]+ \| ([^|]*) \| ([^|]*) \|"
    base, tuned = re.findall(r"^\| ([\w-]+)" + cells, done.stdout, re.MULTILINE)
    assert base == ("base", "5", "", "")
    assert tuned[:2] == ("ml-tiny-epoch2", "5")
    assert re.fullmatch(r"[+-][\d.]+ [+-][\d.]+ to [+-][\d.]+", " ".join(tuned[2:]))

    before = changes(tmp_path)
    again = json.loads(finish([*COMMAND, str(path), "--json"], 0).stdout)
    assert changes(tmp_path) == before
    (score,) = again[0]["scores"]
    assert score["run"] == "ml-tiny-epoch2"
    assert {"mean", "lower", "upper"} <= set(score["difference"])


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("train.recipe=none.toml", "cannot read the configuration"),
        ('train.set=["train.epoch=1"]', "train.epoch is no setting; did you mean epochs?"),
        ('train.set=["lora.rank=4"]', 'the recipe trains adapters, which vllm does not load; set evaluate.engine to'),
        ("evaluate.benchmark=none.jsonl", "none.jsonl"),
    ],
)
def test_what_is_missing_is_said_before_any_work(setting: str, said: str, tmp_path: Path, tiny_model: Path) -> None:
    path = prepare(tmp_path, tiny_model)
    done = CliRunner().invoke(main, ["run", str(path), "--set", "evaluate.engine=vllm", "--set", setting])
    assert done.exit_code in (1, 2)
    assert said in done.stderr
    assert not (tmp_path / "out").exists()

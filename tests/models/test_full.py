"""`examples/full.toml`, from Python files to a score: killed in the middle, gone on with, and done."""

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

from commands import ROOT, finish, functions, read, write
from counts import FULL
from multiplt.cli import main
from processes import adopting_orphans, wait_until
from source_code import answers, extracted, project, translations

pytestmark = [pytest.mark.models, pytest.mark.skipif(find_spec("trl") is None, reason="trl is not installed")]

COMMAND = [sys.executable, "-m", "multiplt"]

MOMENTS = ["scores/ocaml/base/stages", *(["training/ocaml/ml-multiplt-epoch1"] if FULL else [])]
"""Folders at whose appearance a run is killed: in an evaluation, and in a training."""


def call(folder: Path, model: Path) -> list[str]:
    """A run of the example with the smallest names, tests and translations being recorded."""
    rows = extracted(project(folder / "code", files=2))
    write(folder / "replay.jsonl", [*answers(rows), *translations(rows)])
    write(folder / "benchmark.jsonl", functions(4))
    recipe = [f"model.name={model}", "data.context_length=256", "train.epochs=2", "train.global_batch=1"]
    settings = {
        "run.output": folder / "out", "run.languages": ["ocaml"], "source.code": [str(folder / "code")],
        "filter.benchmarks": [], "model.name": f"replay:{folder}/replay.jsonl", "sampling.n": 2,
        "dataset.strategy": "all", "train.set": recipe, "evaluate.benchmark": folder / "benchmark.jsonl",
        "evaluate.max_tokens": 8,
    }  # fmt: skip
    values = (f"{name}={json.dumps(v) if isinstance(v, list) else v}" for name, v in settings.items())
    return ["run", str(ROOT / "examples" / "full.toml"), *(part for value in values for part in ("--set", value))]


def written(folder: Path) -> dict[str, int]:
    """When each file was written that took time to make."""
    parts = {"source", "attempts", "training-set", "training", "stages"}
    files = [path for path in folder.rglob("*") if path.is_file() and parts & set(path.relative_to(folder).parts)]
    return {str(path): path.stat().st_mtime_ns for path in files}


def weights(out: Path) -> dict[str, int]:
    """When each checkpoint's weights were written."""
    files = out.glob("training/ocaml/ml-multiplt-epoch*/model.safetensors")
    return {str(path): path.stat().st_mtime_ns for path in files}


@pytest.mark.parametrize("moment", MOMENTS)
def test_from_python_files_to_a_score(moment: str, tmp_path: Path, tiny_model: Path) -> None:
    run, out = [*COMMAND, *call(tmp_path, tiny_model)], tmp_path / "out"
    with adopting_orphans() as orphans, subprocess.Popen(run, stderr=subprocess.PIPE, text=True) as process:
        wait_until((out / moment).exists, process, seconds=240)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert not orphans()
    trained = weights(out)
    assert len(trained) == (2 if "scores" in moment else 1)

    done = finish(run, 0)
    assert trained.items() <= weights(out).items(), "an epoch was trained again"
    asked = Counter((row["key"], row["index"]) for row in read(out / "attempts" / "ocaml" / "completions.jsonl"))
    assert set(asked.values()) == {1}
    assert "training-set: was made before" in done.stderr
    cells = r" \| (\d+) \| [\d.]+ \| [\d.]+ to [\d.]+ \| ([^|]*) \| ([^|]*) \|"
    base, tuned = re.findall(r"^\| ([\w-]+)" + cells, done.stdout, re.MULTILINE)
    assert base == ("base", "4", "", "")
    assert tuned[:2] == ("ml-multiplt-epoch2", "4")
    assert re.fullmatch(r"[+-][\d.]+ [+-][\d.]+ to [+-][\d.]+", " ".join(tuned[2:]))

    before = written(out)
    again = json.loads(finish([*run, "--json"], 0).stdout)
    assert written(out) == before
    (score,) = again[0]["scores"]
    assert score["run"] == "ml-multiplt-epoch2"
    assert {"mean", "lower", "upper"} <= set(score["difference"])


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("train.recipe=none.toml", "cannot read the configuration"),
        ('train.set=["train.epoch=1"]', "train.epoch is no setting; did you mean epochs?"),
        ('train.set=["lora.rank=4"]', 'the recipe trains adapters, which vllm does not load; set evaluate.engine to "'),
        ("evaluate.benchmark=none.jsonl", "none.jsonl"),
    ],
)
def test_what_is_missing_is_said_before_any_work(setting: str, said: str, tmp_path: Path, tiny_model: Path) -> None:
    settings = ["--set", "evaluate.engine=vllm", "--set", setting]
    done = CliRunner().invoke(main, [*call(tmp_path, tiny_model), *settings])
    assert done.exit_code in (1, 2)
    assert said in done.stderr
    assert not (tmp_path / "out").exists()

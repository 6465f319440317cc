"""`multiplt train`: a tiny model is trained for real, interrupted, gone on with, and loaded again."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from commands import read, write
from counts import FULL
from multiplt.cli import main
from multiplt.rows import Row
from processes import wait_until

pytestmark = [pytest.mark.models, pytest.mark.skipif(find_spec("trl") is None, reason="trl is not installed")]

COMMAND = [sys.executable, "-m", "multiplt", "train"]


def texts(count: int) -> list[Row]:
    chosen = random.Random(0)
    numbers = [chosen.randint(1, 9) for _ in range(count)]
    return [{"content": f"local function add{n}(x)\n    return x + {n}\nend\n" * (n % 3 + 1)} for n in numbers]


def write_recipe(folder: Path, model: Path, count: int = 60) -> Path:
    write(folder / "texts.jsonl", texts(count))
    recipe = folder / "recipe.toml"
    recipe.write_text(f"""
[model]
name = "{model}"
[data]
dataset = "texts.jsonl"
context_length = 256
[train]
output = "out"
language = "lua"
experiment = "tiny"
epochs = 2
learning_rate = 3e-3
global_batch = 8
per_device_batch = 4
warmup_steps = 2
""")
    return recipe


def train(recipe: Path, *settings: str) -> list[Path]:
    """The checkpoints that the command names."""
    options = [option for setting in settings for option in ("--set", setting)]
    done = CliRunner().invoke(main, ["train", str(recipe), *options])
    assert done.exit_code == 0, done.output
    return [Path(line) for line in done.stdout.splitlines()]


def losses(output: Path, epoch: int) -> list[float]:
    return [entry["loss"] for entry in read(output / "log.jsonl") if epoch - 1 < entry["epoch"] <= epoch]


def load(checkpoint: Path) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(checkpoint).eval()


def own_loss(model: Any, folder: Path, rows: list[Row]) -> float:
    """The mean over all tokens to be predicted of the texts, each read by itself and ended."""
    import torch
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    total = count = 0.0
    for row in rows:
        ids = torch.tensor([[*tokenizer(row["content"])["input_ids"], tokenizer.eos_token_id]])
        with torch.inference_mode():
            logits = model(ids).logits[0, :-1]
        total += float(torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="sum"))
        count += ids.shape[1] - 1
    return total / count


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """The output of a training of three epochs that nothing interrupted."""
    folder = tmp_path_factory.mktemp("trained")
    train(write_recipe(folder, tiny_model, 240), "train.epochs=3")
    return folder / "out"


def test_each_epoch_leaves_a_checkpoint_under_its_name(trained: Path) -> None:
    names = sorted(path.name for path in trained.iterdir() if path.is_dir())
    assert names == ["lua-tiny-epoch1", "lua-tiny-epoch2", "lua-tiny-epoch3"]
    assert [name for name in names if (trained / name / "optimizer.pt").exists()] == names[-1:]


def test_the_loss_falls_and_the_model_loads(trained: Path, tiny_model: Path) -> None:
    first, last = losses(trained, 1), losses(trained, 3)
    assert len(first) == len(last)
    assert last[-1] < 0.5 * first[0]
    rows = texts(20)
    checkpoint = trained / "lua-tiny-epoch3"
    assert own_loss(load(checkpoint), checkpoint, rows) < 0.5 * own_loss(load(tiny_model), tiny_model, rows)


def test_a_finished_training_is_not_run_again(trained: Path) -> None:
    before = (trained / "log.jsonl").stat().st_mtime_ns
    assert [path.name for path in train(trained.parent / "recipe.toml", "train.epochs=3")][-1] == "lua-tiny-epoch3"
    assert (trained / "log.jsonl").stat().st_mtime_ns == before


def test_another_recipe_is_kept_out_of_the_output(trained: Path) -> None:
    options = ["--set", "train.epochs=3", "--set", "train.seed=1"]
    done = CliRunner().invoke(main, ["train", str(trained.parent / "recipe.toml"), *options])
    assert done.exit_code == 1
    assert "holds checkpoints of another training (train.seed was 0 and is 1)" in done.stderr


def test_killed_in_the_middle_it_goes_on_to_the_same_weights(trained: Path, tmp_path: Path, tiny_model: Path) -> None:
    import torch

    recipe, out = write_recipe(tmp_path, tiny_model, 240), tmp_path / "out"
    with subprocess.Popen([*COMMAND, str(recipe), "--set", "train.epochs=3"], stderr=subprocess.PIPE, text=True) as run:
        wait_until((out / "lua-tiny-epoch1").exists, run, seconds=240)
        run.send_signal(signal.SIGKILL)
    assert not (out / "lua-tiny-epoch3").exists()
    train(recipe, "train.epochs=3")
    assert [(e["step"], e["epoch"], e["loss"]) for e in read(out / "log.jsonl")] == [
        (e["step"], e["epoch"], e["loss"]) for e in read(trained / "log.jsonl")
    ]
    for epoch in (1, 2, 3):
        ours, theirs = (load(folder / f"lua-tiny-epoch{epoch}").state_dict() for folder in (out, trained))
        assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert not (out / ".aside").exists()


@pytest.mark.parametrize("packing", ["true", "false"])
def test_every_text_is_read_by_itself_and_its_end_is_learned(packing: str, tmp_path: Path, tiny_model: Path) -> None:
    settings = ["train.epochs=1", "train.global_batch=1000", "train.warmup_steps=0", f"data.packing={packing}"]
    train(write_recipe(tmp_path, tiny_model, 20), *settings, "train.per_device_batch=5")
    (loss,) = losses(tmp_path / "out", 1)
    assert loss == pytest.approx(own_loss(load(tiny_model), tiny_model, texts(20)), rel=1e-4)


def test_lora_trains_adapters_alone(tmp_path: Path, tiny_model: Path) -> None:
    recipe = write_recipe(tmp_path, tiny_model)
    with (tmp_path / "texts.jsonl").open("a") as file:
        file.write('{"id": 7, "content": " "}\n')
    checkpoints = train(recipe, "lora.rank=4", "train.learning_rate=1e-2")
    (rejected,) = read(tmp_path / "out" / "rejected.jsonl")
    assert (rejected["id"], rejected["reason"]) == (7, "its field content is empty")
    assert [path.name for path in checkpoints] == ["lua-tiny-epoch1", "lua-tiny-epoch2"]
    assert not (checkpoints[1] / "model.safetensors").exists()
    rows = texts(10)
    assert own_loss(load(checkpoints[1]), checkpoints[1], rows) < 0.8 * own_loss(load(tiny_model), tiny_model, rows)


@pytest.mark.skipif(not FULL, reason="two processes: make test-full")
def test_two_processes_take_the_steps_of_one(tmp_path: Path, tiny_model: Path) -> None:
    recipe = write_recipe(tmp_path, tiny_model)
    train(recipe)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", "-m", "multiplt", "train"]
    settings = ["hardware.gpus=2", "train.per_device_batch=2", f"train.output={tmp_path}/two"]
    options = [option for setting in settings for option in ("--set", setting)]
    subprocess.run([*launcher, str(recipe), *options], check=True)
    one, two = (losses(tmp_path / name, 1) for name in ("out", "two"))
    assert len(one) == len(two)
    assert two[:3] == pytest.approx(one[:3], rel=1e-4)


def test_packing_is_tried_not_believed(tiny_model: Path) -> None:
    import torch
    from transformers import AutoConfig

    from multiplt.train.packing import keeps_apart, second_text_is_alone

    assert keeps_apart(AutoConfig.from_pretrained(tiny_model), None)
    model = load(tiny_model)

    class WithoutPositions:
        device = model.device

        def __call__(self, **given: Any) -> Any:
            return model(**{**given, "position_ids": torch.arange(8)[None]})

    assert second_text_is_alone(model)
    assert not second_text_is_alone(WithoutPositions())


def test_the_report_is_for_programs_too(tmp_path: Path, tiny_model: Path) -> None:
    done = CliRunner().invoke(main, ["train", str(write_recipe(tmp_path, tiny_model)), "--preflight", "--json"])
    report = json.loads(done.stdout)
    assert (report["texts"], report["truncated_share"], report["ends_in_labels"]) == (60, 0.0, 1.0)
    assert (report["eos"], report["pad"], report["accumulation"]) == ("</s>", "<s>", 2)
    assert report["steps"] == 2 * report["steps_per_epoch"] == 2 * -(-report["sequences"] // 8)
    assert not (tmp_path / "out").exists()
    shown = CliRunner().invoke(main, ["train", str(tmp_path / "recipe.toml"), "--preflight"])
    assert re.search(r"ends +</s> in the labels of 100\.0% looked at; padding is <s>", shown.stdout)

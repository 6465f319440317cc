"""What the preflight of `multiplt train` stops, each in one sentence that says the mend."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from commands import write
from multiplt.cli import main
from multiplt.errors import MultipltError

pytestmark = [pytest.mark.models, pytest.mark.skipif(find_spec("trl") is None, reason="trl is not installed")]

Stopped = Callable[..., str]

RECIPES = Path(__file__).parents[2] / "examples" / "recipes"


@pytest.fixture
def model(tmp_path: Path, tiny_model: Path) -> Path:
    """A copy of the tiny model to change; the preflight reads no weights, so it has none."""
    copy = tmp_path / "model"
    copy.mkdir()
    for path in tiny_model.iterdir():
        if path.suffix != ".safetensors":
            (copy / path.name).write_bytes(path.read_bytes())
    return copy


@pytest.fixture
def stopped(tmp_path: Path, model: Path) -> Stopped:
    """What the command says when it stops, with settings changed."""
    write(tmp_path / "texts.jsonl", [{"content": "x" * length} for length in (20, 30, 300)])
    (tmp_path / "recipe.toml").write_text("""
[model]
name = "model"
[data]
dataset = "texts.jsonl"
context_length = 512
[train]
output = "out"
language = "lua"
experiment = "tiny"
epochs = 2
learning_rate = 3e-5
global_batch = 8
""")

    def run(*settings: str) -> str:
        options = [option for setting in settings for option in ("--set", setting)]
        done = CliRunner().invoke(main, ["train", str(tmp_path / "recipe.toml"), "--preflight", *options])
        assert done.exit_code == 1, done.output
        error = done.stderr.strip().splitlines()[-1]
        assert error.startswith("Error: ")
        assert not (tmp_path / "out").exists()
        return error

    return run


def edit(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_padding_that_ends_texts(stopped: Stopped, model: Path) -> None:
    edit(model / "tokenizer_config.json", pad_token="</s>")
    assert "pads with </s>, which also ends a text" in stopped()
    assert "pads with </s>, which also ends a text" in stopped("model.pad_token=</s>")
    assert "has no token <pad> to pad with, or the model no embedding for it; set model.pad_token to <s>" in stopped(
        "model.pad_token=<pad>"
    )


def test_texts_longer_than_the_context(stopped: Stopped) -> None:
    said = stopped("data.context_length=100")
    assert "1 of 3 texts (33.3%) are longer than 100 tokens, the longest has 301" in said
    assert "raise data.context_length, set data.long_texts to split, or raise data.max_truncated (5.0%)" in said
    assert "no text ends with </s>" in stopped("data.context_length=10", "data.max_truncated=1")
    assert "reads at most 512 tokens" in stopped("data.context_length=513")


def test_an_empty_split(stopped: Stopped, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"content": pa.array([], pa.string())}), tmp_path / "texts.parquet")
    assert "texts.parquet holds no rows" in stopped(f"data.dataset={tmp_path}/texts.parquet")
    assert "no text to train on: its field text is missing; set data.field" in stopped("data.field=text")
    assert "there is no file or folder" in stopped("data.dataset=none.jsonl")


def test_a_tokenizer_of_another_model(stopped: Stopped, model: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for path in model.glob("tokenizer*"):
        (other / path.name).write_bytes(path.read_bytes())
    tokens = json.loads((other / "tokenizer.json").read_text())
    vocabulary = tokens["model"]["vocab"]
    vocabulary["a"], vocabulary["b"] = vocabulary["b"], vocabulary["a"]
    (other / "tokenizer.json").write_text(json.dumps(tokens))
    assert "has other tokens than that of" in stopped(f"model.tokenizer={other}")
    tokens["added_tokens"].append({**tokens["added_tokens"][0], "id": 258, "content": "xxx"})
    (other / "tokenizer.json").write_text(json.dumps(tokens))
    for path in model.glob("tokenizer*"):
        path.unlink()  # the published models have none
    assert "the texts have token 258 and" in stopped(f"model.tokenizer={other}")
    for path in other.iterdir():
        (model / path.name).write_bytes(path.read_bytes())
    for size, said in ((200, "has 258 tokens and"), (1000, "far fewer than the 1,000 embeddings")):
        edit(model / "config.json", vocab_size=size)
        assert said in stopped()
    edit(model / "config.json", vocab_size=258, eos_token_id=7)
    assert "ends a text with token 1 and" in stopped()


def test_a_disk_too_small_for_the_checkpoints(stopped: Stopped, model: Path) -> None:
    edit(model / "config.json", hidden_size=8192, num_hidden_layers=40, intermediate_size=28672)
    said = stopped("train.epochs=10000", "data.packing=false")
    assert "the checkpoints of 10000 epochs need about" in said
    assert "set train.output to a larger disk" in said


def test_a_batch_that_does_not_come_out(stopped: Stopped) -> None:
    assert "train.global_batch is 8 and is no multiple of 3" in stopped("train.per_device_batch=3")
    assert "which is 4 (train.per_device_batch) on 4 GPUs" in stopped("train.per_device_batch=4", "hardware.gpus=4")


def test_more_gpus_than_there_are(stopped: Stopped, tmp_path: Path) -> None:
    stopped("data.field=none")  # the recipe is there
    done = CliRunner().invoke(main, ["train", str(tmp_path / "recipe.toml"), "--set", "hardware.gpus=64"])
    assert done.exit_code == 1
    assert "hardware.gpus is 64 and this machine has" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_model_that_is_not_there(stopped: Stopped, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)  # the variable is read at import
    assert "nobody/nothing is not here" in stopped("model.name=nobody/nothing")


@pytest.mark.parametrize(("name", "kind"), [("deepspeed", "DEEPSPEED"), ("fsdp", "FSDP")])
def test_accelerate_reads_its_configurations(name: str, kind: str) -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    config = load_config_from_file(str(RECIPES / f"{name}.yaml"))
    assert config.distributed_type == kind
    assert config.num_processes == 8


def test_fsdp_divides_what_each_gpu_holds(tmp_path: Path) -> None:
    from multiplt.train.launching import sharding
    from multiplt.train.recipe import HardwareSection

    assert all(sharding(HardwareSection(gpus=8, launch=RECIPES / "fsdp.yaml")).values())
    assert not any(sharding(HardwareSection(gpus=8)).values())
    (tmp_path / "list.yaml").write_text("- 1")
    with pytest.raises(MultipltError, match="is no configuration of accelerate"):
        sharding(HardwareSection(launch=tmp_path / "list.yaml"))


def test_deepspeed_that_is_not_installed(stopped: Stopped) -> None:
    said = stopped(f"hardware.launch={RECIPES}/deepspeed.yaml", "hardware.gpus=8")
    assert "asks for DeepSpeed, which is not installed; pip install deepspeed" in said

"""The settings of `multiplt train`: what is read, how each mistake is said, and the recipes that are shipped."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner

from multiplt.cli import main
from multiplt.errors import MultipltError, UsageError
from multiplt.train.recipe import Recipe, load_recipe

RECIPES = Path(__file__).parents[2] / "examples" / "recipes"

GOOD = """
[model]
name = "owner/model"
[data]
dataset = "texts.jsonl"
[train]
output = "out"
language = "toy"
experiment = "tiny"
epochs = 2
learning_rate = 3e-5
global_batch = 8
"""


def load(folder: Path, text: str = GOOD, *overrides: str) -> Recipe:
    path = folder / "recipe.toml"
    path.write_text(text)
    return load_recipe(path, overrides)


def test_defaults_and_paths_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "owner" / "model").mkdir(parents=True)
    recipe = load(tmp_path, GOOD + '[hardware]\nlaunch = "ds.yaml"\n')
    assert recipe.train.output == tmp_path / "out"
    assert recipe.data.dataset == str(tmp_path / "texts.jsonl")
    assert recipe.model.name == str(tmp_path / "owner" / "model")
    assert recipe.hardware.launch == tmp_path / "ds.yaml"
    assert (recipe.data.field, recipe.data.context_length, recipe.data.packing) == ("content", 2048, True)
    assert recipe.lora is None


def test_names_on_the_hub_stay(tmp_path: Path) -> None:
    recipe = load(tmp_path, GOOD.replace("texts.jsonl", "nuprl/MultiPL-T:racket"))
    assert (recipe.model.name, recipe.data.dataset) == ("owner/model", "nuprl/MultiPL-T:racket")
    (tmp_path / "runs" / "set").mkdir(parents=True)
    assert load(tmp_path, GOOD.replace("texts.jsonl", "runs/set:racket")).data.dataset == f"{tmp_path}/runs/set:racket"


def test_overrides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    recipe = load(tmp_path, GOOD, "train.epochs=7", "lora.rank=8", 'lora.targets=["q"]', "train.output=here")
    assert recipe.train.epochs == 7
    assert recipe.lora is not None
    assert (recipe.lora.rank, recipe.lora.targets) == (8, ("q",))
    assert recipe.train.output == tmp_path / "elsewhere" / "here"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("epochs = 2", "epcohs = 2"), r"train\.epcohs is no setting; did you mean epochs\?"),
        (("[data]", "[lora]\nrnak = 4\n[data]"), r"lora\.rnak is no setting; did you mean rank\?"),
        (("[data]", "[zzz]\nrank = 4\n[data]"), r"zzz is no setting; there are model, data, train, lora, hardware"),
        (("epochs = 2", ""), r"train\.epochs is missing; add epochs = … to \[train\]"),
        (("epochs = 2", "epochs = 0"), r"train\.epochs is 0 and should be greater than or equal to 1"),
        (("3e-5", "0.0"), r"train\.learning_rate is 0\.0 and should be greater than 0"),
        (('"toy"', '"a/b"'), r"train\.language is 'a/b' and should be a name of letters, digits, dots"),
        ((GOOD, ""), r"model is missing; add the section \[model\]"),
        (("[model]", "hardware = 3\n[model]"), r"hardware is 3 and should be a section; write \[hardware\]"),
    ],
)
def test_each_mistake_is_one_sentence_with_file_and_key(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    with pytest.raises(MultipltError, match=said) as caught:
        load(tmp_path, GOOD.replace(*change))
    assert str(caught.value).startswith(str(tmp_path / "recipe.toml"))
    assert "\n" not in str(caught.value)


def test_a_wrong_override(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--set train\.epochs is 'many' and should be a valid integer"):
        load(tmp_path, GOOD, "train.epochs=many")


@pytest.mark.parametrize(("at_once", "gpus", "batches"), [(1, 1, 8), (2, 1, 4), (1, 8, 1), (2, 4, 1)])
def test_a_step_takes_the_global_batch_whatever_the_machine(
    tmp_path: Path, at_once: int, gpus: int, batches: int
) -> None:
    assert load(tmp_path, GOOD, f"train.per_device_batch={at_once}").accumulation(gpus) == batches
    with pytest.raises(MultipltError, match="global_batch is 8 and is no multiple of 16"):
        load(tmp_path, GOOD, f"train.per_device_batch={16 // gpus}").accumulation(gpus)


@pytest.mark.parametrize(
    ("name", "epochs", "rate", "warmup"),
    [
        ("starcoderbase-1b", 7, 3e-5, 100),
        ("starcoderbase-15b", 10, 2e-5, 10),
        ("codellama-34b", 5, 2e-5, 10),
        ("codellama-70b", 5, 2e-5, 10),
        ("figure-3a", 3, 3e-5, 100),
        ("figure-3b", 3, 3e-5, 100),
        ("figure-8", 7, 3e-5, 100),
    ],
)
def test_the_papers_recipes(name: str, epochs: int, rate: float, warmup: int) -> None:
    recipe = load_recipe(RECIPES / f"{name}.toml")
    train = recipe.train
    assert (train.epochs, train.learning_rate, train.warmup_steps) == (epochs, rate, warmup)
    assert recipe.data.context_length == 2048
    assert recipe.accumulation(recipe.hardware.gpus)
    assert recipe.hardware.launch is None or recipe.hardware.launch.is_file()


def test_every_recipe_is_looked_at() -> None:
    assert len(list(RECIPES.glob("*.toml"))) == 7


@pytest.mark.skipif(find_spec("torch") is not None, reason="torch is installed")
def test_what_is_not_installed_is_said_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(GOOD)
    done = CliRunner().invoke(main, ["train", str(tmp_path / "recipe.toml")])
    assert (done.exit_code, done.stderr) == (
        1,
        "Error: training needs the package torch; pip install multiplt[train]\n",
    )
    assert not (tmp_path / "out").exists()

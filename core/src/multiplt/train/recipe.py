"""The settings of `multiplt train`: one TOML file, checked before any work starts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from multiplt.errors import MultipltError
from multiplt.settings import Count, Positive, Settings
from multiplt.settings_file import absolute, absolute_unless_named, load_settings

Share = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[
    str, Field(pattern=r"^\w[\w.+-]*$", description="a name of letters, digits, dots, dashes and underscores")
]


class ModelSection(Settings):
    """What is trained: a folder or a name on the Hub, at `revision`.

    `tokenizer` is by default the model's own, `pad_token` its padding token or another special one that does not
    end a text, `attention` an implementation that transformers knows (`flash_attention_2` where it is installed).
    """

    name: str = Field(min_length=1)
    revision: str | None = None
    tokenizer: str | None = None
    pad_token: str | None = None
    attention: str | None = None


class DataSection(Settings):
    """What it is trained on: the texts in `field` of `dataset` (rows as every command reads them).

    A text has at most `context_length` tokens. What is beyond is cut off, and of all texts at most the share
    `max_truncated` may be cut; or it makes texts of its own (`long_texts = "split"`, for whole files). With `packing`
    several texts share a sequence, where the model keeps them apart.
    """

    dataset: str = Field(min_length=1)
    field: str = "content"
    context_length: Count = 2048
    long_texts: Literal["cut", "split"] = "cut"
    packing: bool = True
    max_truncated: Share = 0.05


class TrainSection(Settings):
    """How it is trained, and where to: a checkpoint for each epoch, `output/LANGUAGE-EXPERIMENT-epochN`.

    The learning rate rises over `warmup_steps` and falls along a cosine. `global_batch` is in sequences a step, on
    all GPUs together, `per_device_batch` how many of them a GPU takes at once.
    """

    output: Path = Field(strict=False)
    language: Name
    experiment: Name
    epochs: Count
    learning_rate: Positive
    global_batch: Count
    per_device_batch: Count = 1
    warmup_steps: Annotated[int, Field(ge=0)] = 0
    gradient_checkpointing: bool = True
    seed: int = 0


class LoraSection(Settings):
    """Low-rank adapters in place of all weights (LoRA, https://arxiv.org/abs/2106.09685).

    They are on the modules named in `targets`, by default on every linear layer but the last.
    """

    rank: Count = 16
    alpha: Positive = 32.0
    dropout: Share = 0.0
    targets: tuple[str, ...] = Field(default=(), strict=False)


class HardwareSection(Settings):
    """GPUs of this machine, and accelerate's configuration file that says how they share the work."""

    gpus: Count = 1
    launch: Path | None = Field(default=None, strict=False)


class Recipe(Settings):
    """All settings of a training; without `lora` all weights are trained."""

    model: ModelSection
    data: DataSection
    train: TrainSection
    lora: LoraSection | None = None
    hardware: HardwareSection = HardwareSection()

    def accumulation(self, processes: int) -> int:
        """Batches whose gradients make a step, so that it takes `global_batch` sequences on all `processes`.

        Raises `MultipltError` where they do not.
        """
        at_once = self.train.per_device_batch * processes
        batches, rest = divmod(self.train.global_batch, at_once)
        if rest or not batches:
            raise MultipltError(
                f"train.global_batch is {self.train.global_batch} and is no multiple of {at_once}, which is "
                f"{self.train.per_device_batch} (train.per_device_batch) on {processes} GPUs; change one of them"
            )
        return batches


def load_recipe(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """The recipe in the TOML file at `path`, with each override `section.key=value` in place.

    Raises `MultipltError` for a file that is missing, is no TOML or holds a wrong key or value, and
    `UsageError` for a wrong override.
    """
    return load_settings(Recipe, path, overrides, _anchor)


def _anchor(settings: dict[str, Any], folder: Path) -> None:
    """Make the paths in `settings` absolute, those relative being relative to `folder`."""
    match settings:
        case {"train": {"output": str(path)}}:
            settings["train"]["output"] = absolute(path, folder)
    match settings:
        case {"hardware": {"launch": str(path)}}:
            settings["hardware"]["launch"] = absolute(path, folder)
    match settings:
        case {"data": {"dataset": str(name)}} if name not in ("", "-"):
            settings["data"]["dataset"] = absolute_unless_named(name, folder)
    match settings:
        case {"model": dict(model)}:
            for key in ("name", "tokenizer"):
                if isinstance(model.get(key), str) and model[key] and Path(absolute(model[key], folder)).is_dir():
                    model[key] = absolute(model[key], folder)

"""The checkpoints of a training: a folder for each epoch, there whole or not at all.

Each is written aside, in `OUTPUT/.aside`, and renamed. What it takes to go on from (the optimizer's state, several
times the size of the weights) is kept in the latest alone.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from multiplt.errors import MultipltError
from multiplt.rows.atomic import replacing, sync_folder
from multiplt.train.recipe import Recipe

ASIDE = ".aside"
RECIPE = "recipe.json"

STATE = (
    "optimizer*", "scheduler*", "scaler*", "rng_state*", "pytorch_model_fsdp*", "global_step*", "latest",
    "zero_to_fp32.py",
)  # fmt: skip
"""What a checkpoint holds to go on from, by transformers' trainer, FSDP and DeepSpeed."""


def name(recipe: Recipe, epoch: int) -> str:
    """The name of a checkpoint, like the tags of the published models."""
    return f"{recipe.train.language}-{recipe.train.experiment}-epoch{epoch}"


def found(recipe: Recipe) -> dict[int, Path]:
    """The checkpoints that are there, by epoch, in order."""
    pattern = re.compile(re.escape(name(recipe, 0)[:-1]) + r"([1-9]\d*)")
    folders = recipe.train.output.iterdir() if recipe.train.output.is_dir() else ()
    numbered = ((pattern.fullmatch(folder.name), folder) for folder in folders if folder.is_dir())
    return dict(sorted((int(match[1]), folder) for match, folder in numbered if match))


def last(recipe: Recipe) -> Path | None:
    """The checkpoint to go on from, None where there is none.

    Raises `MultipltError` where the latest has no state to go on from.
    """
    checkpoints = found(recipe)
    if not checkpoints:
        return None
    epoch, latest = max(checkpoints.items())
    if epoch < recipe.train.epochs and not any(next(latest.glob(pattern), None) for pattern in STATE):
        raise MultipltError(f"{latest} has no state to go on from; choose another output, or remove its checkpoints")
    return latest


def publish(recipe: Recipe, written: Path, epoch: int) -> Path:
    """Give the checkpoint that was `written` aside its name, then take the state out of those before it."""
    for inside, _, files in os.walk(written):
        for file in files:
            _sync(Path(inside, file))
        sync_folder(Path(inside))
    target = recipe.train.output / name(recipe, epoch)
    written.rename(target)
    sync_folder(target.parent)
    for earlier, folder in found(recipe).items():
        if earlier < epoch:
            for path in (path for pattern in STATE for path in folder.glob(pattern)):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    return target


def claim(recipe: Recipe, described: Mapping[str, Any]) -> None:
    """Make the output folder ready for the training `described`: what a killed one left aside is removed.

    Raises `MultipltError` where it holds another training's checkpoints.
    """
    output = recipe.train.output
    clear_aside(recipe)
    path = output / RECIPE
    if found(recipe) and path.exists() and (changed := _changed(json.loads(path.read_text()), described)):
        raise MultipltError(f"{output} holds checkpoints of another training ({changed}); choose another output")
    with replacing(path) as file:
        file.write(json.dumps(described, indent=2).encode())


def clear_aside(recipe: Recipe) -> None:
    """Remove what was written aside; only while no other process trains into the output."""
    shutil.rmtree(recipe.train.output / ASIDE, ignore_errors=True)


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Which setting is another, empty where none is."""
    keys = [key for key in {**before, **now} if before.get(key) != now.get(key)]
    return f"{keys[0]} was {before.get(keys[0])} and is {now.get(keys[0])}" if keys else ""


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())

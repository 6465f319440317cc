"""The checkpoints of a training: whole under their names, the state to go on from in the latest alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from multiplt.errors import MultipltError
from multiplt.train import checkpoints
from multiplt.train.recipe import Recipe


def recipe(output: Path, epochs: int = 12) -> Recipe:
    return Recipe.model_validate({
        "model": {"name": "m"},
        "data": {"dataset": "d"},
        "train": {
            "output": output, "language": "toy", "experiment": "a.b", "epochs": epochs, "learning_rate": 1.0,
            "global_batch": 8,
        },
    })  # fmt: skip


def written(output: Path, step: int) -> Path:
    """A checkpoint as DeepSpeed leaves it aside."""
    folder = output / checkpoints.ASIDE / f"checkpoint-{step}"
    (folder / f"global_step{step}").mkdir(parents=True)
    for name in ("model.safetensors", "trainer_state.json", "scheduler.pt", f"global_step{step}/zero.pt"):
        (folder / name).write_text(str(step))
    return folder


def test_published_in_order_with_the_state_in_the_latest(tmp_path: Path) -> None:
    ours = recipe(tmp_path)
    for epoch in range(1, 12):
        assert checkpoints.publish(ours, written(tmp_path, epoch), epoch).name == f"toy-a.b-epoch{epoch}"
    assert list(checkpoints.found(ours)) == list(range(1, 12))
    assert checkpoints.last(ours) == tmp_path / "toy-a.b-epoch11"
    kept = {path.name for path in (tmp_path / "toy-a.b-epoch10").iterdir()}
    assert kept == {"model.safetensors", "trainer_state.json"}
    assert (tmp_path / "toy-a.b-epoch11" / "global_step11" / "zero.pt").read_text() == "11"


def test_names_that_are_not_ours_are_left_alone(tmp_path: Path) -> None:
    for name in ("toy-a.b-epoch0", "toy-aXb-epoch1", "toy-a.b-epoch1.old", "other-a.b-epoch1"):
        (tmp_path / name).mkdir()
    (tmp_path / "toy-a.b-epoch3").write_text("a file")
    assert not checkpoints.found(recipe(tmp_path))
    assert checkpoints.last(recipe(tmp_path)) is None
    assert checkpoints.last(recipe(tmp_path / "nothing")) is None


def test_without_state_there_is_no_going_on(tmp_path: Path) -> None:
    (tmp_path / "toy-a.b-epoch2").mkdir()
    with pytest.raises(MultipltError, match="epoch2 has no state to go on from"):
        checkpoints.last(recipe(tmp_path))
    assert checkpoints.last(recipe(tmp_path, epochs=2)) == tmp_path / "toy-a.b-epoch2"


def test_an_output_is_of_one_training(tmp_path: Path) -> None:
    ours = recipe(tmp_path)
    written(tmp_path, 1)
    checkpoints.claim(ours, {"train.seed": 0})
    assert not (tmp_path / checkpoints.ASIDE).exists()
    checkpoints.claim(ours, {"train.seed": 1})  # nothing of the first was kept
    checkpoints.publish(ours, written(tmp_path, 1), 1)
    checkpoints.claim(ours, {"train.seed": 1})
    with pytest.raises(MultipltError, match=r"another training \(train.seed was 1 and is 2\)"):
        checkpoints.claim(ours, {"train.seed": 2})
    assert (tmp_path / "toy-a.b-epoch1").is_dir()

"""Which processes train, and how they are launched."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from multiplt.train.launching import LAUNCHED, Process, launch_command, must_launch, this_process
from multiplt.train.recipe import HardwareSection

EIGHT = HardwareSection(gpus=8, launch=Path("ds.yaml"))


def test_one_process_is_not_launched() -> None:
    assert not must_launch(HardwareSection(), {})
    assert this_process(HardwareSection(), {}) == Process(0, 1)


@pytest.mark.parametrize("hardware", [EIGHT, HardwareSection(gpus=2), HardwareSection(launch=Path("ds.yaml"))])
def test_several_are_launched_once(hardware: HardwareSection) -> None:
    assert must_launch(hardware, {})
    assert not must_launch(hardware, {LAUNCHED: "1"})
    assert not must_launch(hardware, {"RANK": "1", "WORLD_SIZE": "2"})  # by torchrun


def test_what_the_launcher_says_counts() -> None:
    assert this_process(EIGHT, {}) == Process(0, 8)
    assert this_process(EIGHT, {"RANK": "3", "WORLD_SIZE": "16"}) == Process(3, 16)
    assert not this_process(EIGHT, {"RANK": "3", "WORLD_SIZE": "16"}).is_first


def test_the_same_command_runs_in_every_process() -> None:
    command = launch_command(EIGHT, ["train", "r.toml", "--set", "train.seed=1"])
    assert command[:3] == [sys.executable, "-m", "accelerate.commands.launch"]
    assert command[3:7] == ["--config_file", "ds.yaml", "--num_processes", "8"]
    assert command[7:] == ["-m", "multiplt", "train", "r.toml", "--set", "train.seed=1"]
    assert "--multi_gpu" in launch_command(HardwareSection(gpus=2), [])

"""Several processes for several GPUs: `accelerate launch` runs the same command in each of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from multiplt.errors import MultipltError
from multiplt.train.recipe import HardwareSection

LAUNCHED = "MULTIPLT_LAUNCHED"
"""Set in processes that were launched here; torchrun and its like set WORLD_SIZE."""


@dataclass(frozen=True)
class Process:
    """This process among those of a training."""

    rank: int
    world: int

    @property
    def is_first(self) -> bool:
        """Whether it speaks, and writes what is written once."""
        return self.rank == 0


def this_process(hardware: HardwareSection, environment: Mapping[str, str] = os.environ) -> Process:
    """Which process this is; before the launch it counts as the first of those that there will be."""
    return Process(int(environment.get("RANK", 0)), int(environment.get("WORLD_SIZE", hardware.gpus)))


def must_launch(hardware: HardwareSection, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the training's processes have yet to be launched."""
    launched = LAUNCHED in environment or "WORLD_SIZE" in environment
    return (hardware.gpus > 1 or hardware.launch is not None) and not launched


def check_gpus(hardware: HardwareSection) -> None:
    """Raise `MultipltError` where there are fewer GPUs than the training is launched on."""
    import torch

    gpus = torch.cuda.device_count()
    if not _on_cpu(hardware) and gpus < hardware.gpus:
        raise MultipltError(
            f"hardware.gpus is {hardware.gpus} and this machine has {gpus}; lower it, or train where there are as many"
        )


def launch_command(hardware: HardwareSection, arguments: Sequence[str]) -> list[str]:
    """The command that runs `multiplt ARGUMENTS` in as many processes as there are GPUs."""
    how = ["--config_file", str(hardware.launch)] if hardware.launch else ["--multi_gpu"]
    processes = ["--num_processes", str(hardware.gpus)]
    return [sys.executable, "-m", "accelerate.commands.launch", *how, *processes, "-m", "multiplt", *arguments]


def launch(hardware: HardwareSection, arguments: Sequence[str]) -> None:
    """Become the launcher: this process is replaced, so that signals and the exit code are its own."""
    command = launch_command(hardware, arguments)
    os.execve(command[0], command, {**os.environ, LAUNCHED: "1"})


def sharding(hardware: HardwareSection) -> Mapping[str, bool]:
    """What the GPUs divide among them, instead of each holding all of it: `weights`, `gradients`, `optimizer`.

    ZeRO's stages 1, 2 and 3 add one after the other (https://arxiv.org/abs/1910.02054, section 5); FSDP divides all.

    Raises `MultipltError` for a configuration that cannot be read or asks for what is not installed.
    """
    read = _read(hardware.launch) if hardware.launch else {}
    kind = read.get("distributed_type", "NO")
    stage = 0
    if kind == "DEEPSPEED":
        if find_spec("deepspeed") is None:
            raise MultipltError(f"{hardware.launch} asks for DeepSpeed, which is not installed; pip install deepspeed")
        stage = int((read.get("deepspeed_config") or {}).get("zero_stage", 2))
    if kind == "FSDP":
        stage = 3
    return {"weights": stage >= 3, "gradients": stage >= 2, "optimizer": stage >= 1}


def _on_cpu(hardware: HardwareSection) -> bool:
    return bool(hardware.launch and _read(hardware.launch).get("use_cpu"))


def _read(path: Path) -> dict[str, Any]:
    import yaml

    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MultipltError(f"cannot read hardware.launch, {path} ({error.strerror}); check the path") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise MultipltError(f"{path} is no YAML ({str(error).splitlines()[0]}); mend it") from error
    if not isinstance(read, dict):
        raise MultipltError(f"{path} is no configuration of accelerate; make one with accelerate config")
    return read

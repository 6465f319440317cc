"""What a training takes: memory, time and disk, from the sizes of the model and the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

WEIGHT, LOW = 4, 2
"""Bytes of a number in 32 bits, and in bfloat16."""

ADAM = 2 * WEIGHT
"""Bytes of Adam's two moments of a weight."""

GPU = "A100"
FLOPS = 312e12
"""bfloat16 operations a second of an A100 (NVIDIA's data sheet), on which the paper's models were trained."""

UTILIZATION = 0.4
"""Of those, the share that training reaches: large models are reported at 21 to 46%
(PaLM, table 3, https://arxiv.org/abs/2204.02311)."""


@dataclass(frozen=True)
class Size:
    """A model's: parameters, those that are trained, and of its layers the number, the width and the vocabulary."""

    parameters: int
    trained: int
    layers: int
    width: int
    vocabulary: int

    @property
    def is_full(self) -> bool:
        """Whether all weights are trained; else they are held in bfloat16, and adapters beside them."""
        return self.trained == self.parameters


def memory(size: Size, tokens: int, checkpointing: bool, divided: Mapping[str, bool], gpus: int) -> int:
    """Bytes that each GPU needs, where `tokens` pass it at once and the GPUs share what is `divided`.

    Activations of a layer are 34 bytes a token and unit of width (https://arxiv.org/abs/2205.05198, equation 1, without
    the scores of attention, which are not kept); with checkpointing only the inputs of layers are kept, and one layer.
    """
    shares = {part: gpus if is_divided else 1 for part, is_divided in divided.items()}
    held = size.parameters * (WEIGHT if size.is_full else LOW) + (0 if size.is_full else size.trained * WEIGHT)
    states = held / shares["weights"] + size.trained * WEIGHT / shares["gradients"]
    states += size.trained * ADAM / shares["optimizer"]
    layer = 34 * tokens * size.width
    activations = layer + size.layers * LOW * tokens * size.width if checkpointing else size.layers * layer
    return int(states + activations + WEIGHT * tokens * size.vocabulary)


def gpu_hours(size: Size, tokens: int, checkpointing: bool) -> float:
    """Hours of one A100 for `tokens` in all.

    A pass forward is 2 operations a weight and token, one back 4, or 2 where only adapters get gradients
    (https://arxiv.org/abs/2001.08361, section 2.1); checkpointing passes forward once more.
    """
    operations = 2 + (4 if size.is_full else 2) + (2 if checkpointing else 0)
    return operations * size.parameters * tokens / (FLOPS * UTILIZATION) / 3600


def disk(size: Size, epochs: int) -> int:
    """Bytes of the checkpoints: the weights of each epoch, and the state of the latest and of that being written."""
    return epochs * weights(size) + 2 * size.trained * (ADAM + WEIGHT)


def weights(size: Size) -> int:
    """Bytes of a checkpoint's weights."""
    return size.trained * WEIGHT

"""Several texts in a sequence: only where the model's attention keeps them apart, which is tried, not believed."""

from __future__ import annotations

import copy
from typing import Any

TEXTS = ([5, 6, 7, 8], [9, 10, 11, 12])
OTHER = [8, 7, 5, 6]
VOCABULARY = 16


def keeps_apart(config: Any, attention: str | None) -> bool:
    """Whether a text of a packed sequence is read as if it stood alone, by models of this configuration.

    It is tried on one layer of random weights on the CPU: where the first text changes, what the model says of the
    second may not. FlashAttention runs on GPUs only; that it goes by the positions in a packed sequence is its
    documented behaviour (https://huggingface.co/docs/trl/reducing_memory_usage, Packing).
    """
    if attention is not None and "flash" in attention:
        return True
    try:
        model = _one_layer(config, attention)
    except Exception:  # a model that cannot be cut to one layer is not packed
        return False
    return second_text_is_alone(model)


def second_text_is_alone(model: Any) -> bool:
    """Whether the model's logits at the second of two packed texts stay when the first one changes."""
    import torch

    positions = torch.arange(4, device=model.device).repeat(1, 2)

    def at_second(first: list[int]) -> Any:
        ids = torch.tensor([[*first, *TEXTS[1]]], device=model.device)
        with torch.inference_mode():
            return model(input_ids=ids, position_ids=positions, use_cache=False).logits[0, 4:]

    return bool(torch.equal(at_second(TEXTS[0]), at_second(OTHER)))


def _one_layer(config: Any, attention: str | None) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    config = copy.deepcopy(config)
    config.num_hidden_layers = 1
    config.vocab_size = VOCABULARY
    config.pad_token_id = config.bos_token_id = config.eos_token_id = None
    if getattr(config, "layer_types", None):
        config.layer_types = config.layer_types[:1]
    return AutoModelForCausalLM.from_config(config, attn_implementation=attention, dtype=torch.float32).eval()


def packed(dataset: Any, context: int) -> int:
    """Sequences that the trainer packs the dataset into."""
    import datasets
    from trl import pack_dataset

    datasets.disable_progress_bars()
    return len(pack_dataset(dataset.select_columns(["input_ids"]), context, "bfd"))

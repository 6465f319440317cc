"""What is looked at before any GPU time is spent: the data as the model will see it, and what the training takes."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from math import ceil
from pathlib import Path
from typing import Any

from multiplt.errors import MultipltError
from multiplt.models.engine.loading import explain
from multiplt.rows import Rejected, read_rows
from multiplt.run.progress import Progress
from multiplt.train import checkpoints, estimates
from multiplt.train.encoding import Encoded, encode
from multiplt.train.launching import sharding
from multiplt.train.packing import keeps_apart, packed
from multiplt.train.recipe import Recipe
from multiplt.train.tokenizer import check_ids, check_same, open_tokenizer

PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets")

GIB = 1024**3

LOOKED_AT = 256
"""Texts whose labels are looked at as the trainer makes them."""


@dataclass(frozen=True)
class Report:
    """What was found: counts are of texts, tokens, sequences and steps, sizes in bytes, times in hours of an A100."""

    texts: int
    rejected: int
    longest: int
    truncated_share: float
    ends_in_labels: float
    tokens_per_epoch: int
    is_packed: bool
    sequences: int
    accumulation: int
    steps_per_epoch: int
    steps: int
    parameters: int
    trained: int
    memory_per_gpu: int
    gpu_hours: float
    disk_needed: int
    disk_free: int
    eos: str
    pad: str


@dataclass(frozen=True)
class Plan:
    """A training that can start: what `multiplt.train.training` needs, and the report on it."""

    recipe: Recipe
    processes: int
    tokenizer: Any
    dataset: Any
    report: Report

    def described(self) -> Mapping[str, Any]:
        """What decides the weights: another value of these is another training."""
        recipe = self.recipe.model_dump(mode="json")
        free = {"output", "per_device_batch", "gradient_checkpointing"}
        settings = {f"train.{key}": value for key, value in recipe["train"].items() if key not in free}
        settings |= {f"model.{key}": value for key, value in recipe["model"].items() if key != "attention"}
        digest = hashlib.sha256()
        for batch in self.dataset.data["input_ids"].chunks:
            digest.update(batch.flatten().to_numpy().tobytes())
        return settings | {
            "lora": recipe["lora"],
            "packing": self.report.is_packed,
            "the digest of the texts": digest.hexdigest(),
        }


def preflight(recipe: Recipe, processes: int, rejected: Rejected, *, show: bool) -> Plan:
    """The plan of a training in so many `processes`; nothing is loaded onto a GPU, nor any weight read.

    With `show` progress is shown.

    Raises `MultipltError` where it would fail, or not teach what it should: the message says which, and the mend.
    """
    check_installed()
    accumulation = recipe.accumulation(processes)
    divided = sharding(recipe.hardware)
    config = _config(recipe)
    tokenizer = open_tokenizer(recipe.model, config)
    check_same(tokenizer, recipe.model)
    size = _size(recipe, config)
    needed, free = _disk(recipe, size)
    progress = Progress("tokenize", unit="texts")
    with progress if show else nullcontext():
        advance = progress.advance if show else lambda count: None
        encoded = encode(_rows(recipe), recipe.data, tokenizer, rejected, advance)
    _check_data(recipe, encoded, rejected)
    check_ids(encoded.largest_id, recipe.model, config)
    ends = _ends_in_labels(encoded.dataset, tokenizer)
    is_packed = recipe.data.packing and keeps_apart(config, recipe.model.attention)
    sequences = packed(encoded.dataset, recipe.data.context_length) if is_packed else encoded.texts
    steps = ceil(sequences / recipe.train.global_batch)
    longest = recipe.data.context_length if is_packed else min(recipe.data.context_length, encoded.longest)
    at_once = recipe.train.per_device_batch * longest
    checkpointing = recipe.train.gradient_checkpointing
    report = Report(
        texts=encoded.texts, rejected=rejected.count, longest=encoded.longest,
        truncated_share=encoded.truncated_share, ends_in_labels=ends, tokens_per_epoch=encoded.tokens,
        is_packed=is_packed, sequences=sequences, accumulation=accumulation,
        steps_per_epoch=steps, steps=steps * recipe.train.epochs, parameters=size.parameters, trained=size.trained,
        memory_per_gpu=estimates.memory(size, at_once, checkpointing, divided, processes),
        gpu_hours=estimates.gpu_hours(size, encoded.tokens * recipe.train.epochs, checkpointing),
        disk_needed=needed, disk_free=free, eos=tokenizer.eos_token, pad=tokenizer.pad_token,
    )  # fmt: skip
    return Plan(recipe, processes, tokenizer, encoded.dataset, report)


def check_installed() -> None:
    """Raise `MultipltError` where a package that training needs is missing."""
    for package in PACKAGES:
        if find_spec(package) is None:
            raise MultipltError(f"training needs the package {package}; pip install multiplt[train]")


def _config(recipe: Recipe) -> Any:
    from transformers import AutoConfig

    model, context = recipe.model, recipe.data.context_length
    try:
        config = AutoConfig.from_pretrained(model.name, revision=model.revision).get_text_config()
    except Exception as error:  # the libraries raise many kinds
        raise MultipltError(explain(error, model.name, {"revision": model.revision})) from error
    most = getattr(config, "max_position_embeddings", None)
    if most and context > most:
        raise MultipltError(
            f"data.context_length is {context:,} and {model.name} reads at most {most:,} tokens; lower it to that"
        )
    return config


def _rows(recipe: Recipe) -> Any:
    try:
        return read_rows(recipe.data.dataset)
    except MultipltError as error:
        raise MultipltError(f"data.dataset: {error}") from error


def _check_data(recipe: Recipe, encoded: Encoded, rejected: Rejected) -> None:
    data = recipe.data
    if not encoded.texts:
        reason = rejected.reasons.most_common(1)[0][0]
        raise MultipltError(
            f"{data.dataset} has no text to train on: {reason}; set data.field to the one that holds it"
        )
    if encoded.truncated_share > data.max_truncated:
        raise MultipltError(
            f"{encoded.truncated:,} of {encoded.texts:,} texts ({encoded.truncated_share:.1%}) are longer than "
            f"{data.context_length:,} tokens, the longest has {encoded.longest:,}, and would lose their ends; raise "
            f"data.context_length, set data.long_texts to split, or raise data.max_truncated ({data.max_truncated:.1%})"
        )


def _ends_in_labels(dataset: Any, tokenizer: Any) -> float:
    """The share of texts whose labels, as the trainer's collator makes them, hold the end; of those looked at.

    Raises `MultipltError` where none does: the model would never learn to end.
    """
    from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

    looked_at = dataset.select(range(min(LOOKED_AT, len(dataset))))
    labels = DataCollatorForLanguageModeling(pad_token_id=tokenizer.pad_token_id)(list(looked_at))["labels"]
    share = float((labels == tokenizer.eos_token_id).any(dim=1).float().mean())
    if not share:
        raise MultipltError(
            f"no text ends with {tokenizer.eos_token} in what is trained on, so the model would never learn to stop; "
            "raise data.context_length"
        )
    return share


def _size(recipe: Recipe, config: Any) -> estimates.Size:
    """Counted on a model without weights."""
    import torch
    from transformers import AutoModelForCausalLM

    with torch.device("meta"):
        shell = AutoModelForCausalLM.from_config(config)
        total = sum(parameter.numel() for parameter in shell.parameters())
        trained = total
        if recipe.lora is not None:
            from peft import get_peft_model

            from multiplt.train.training import lora_config

            adapted = get_peft_model(shell, lora_config(recipe.lora))
            trained = sum(parameter.numel() for parameter in adapted.parameters() if parameter.requires_grad)
    return estimates.Size(total, trained, config.num_hidden_layers, config.hidden_size, config.vocab_size)


def _disk(recipe: Recipe, size: estimates.Size) -> tuple[int, int]:
    """Bytes that the checkpoints to come need, and that are free. Raises `MultipltError` where it is too little."""
    output = recipe.train.output
    epochs = recipe.train.epochs - max(checkpoints.found(recipe), default=0)
    needed = estimates.disk(size, epochs) if epochs else 0
    there = next(folder for folder in (output, *output.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if needed > free:
        raise MultipltError(
            f"the checkpoints of {epochs} epochs need about {needed / GIB:,.1f} GiB and {Path(there)} has "
            f"{free / GIB:,.1f} GiB free; set train.output to a larger disk"
        )
    return needed, free


def as_dict(report: Report) -> dict[str, Any]:
    """The report for programs to read."""
    return asdict(report)

"""What a model is, without its weights: context length, parameters, chat template, revision."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def describe(model: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The model's `version`, `context_length` (tokens), `parameters`, `chat_template` (whether it has one) and `gpus`.

    Raises what transformers raises where there is no such model.
    """
    from transformers import AutoConfig, AutoTokenizer

    given = {name: options[name] for name in ("revision", "trust_remote_code") if name in options}
    config = AutoConfig.from_pretrained(model, **given)
    name, tokenizer_given = tokenizer_of(model, options)
    tokenizer = AutoTokenizer.from_pretrained(name, **tokenizer_given)
    return {
        "version": _version(model, config),
        "context_length": options.get("max_model_len") or getattr(config, "max_position_embeddings", None),
        "parameters": _parameters(config),
        "chat_template": bool(tokenizer.chat_template),
        "gpus": _gpus(),
    }


def tokenizer_of(model: str, options: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The tokenizer's name and the options it is loaded with.

    Another than the model's own has no part in the model's `revision`: its own is `tokenizer_revision`.

    >>> tokenizer_of("tuned", {"revision": "epoch5", "tokenizer": "base"})
    ('base', {})
    """
    name = options.get("tokenizer") or model
    given = {"trust_remote_code": options["trust_remote_code"]} if "trust_remote_code" in options else {}
    revision = options.get("tokenizer_revision") or (options.get("revision") if name == model else None)
    return name, given | ({"revision": revision} if revision else {})


def _version(model: str, config: Any) -> str:
    """The commit on the Hub; of a folder a digest over its files' names, sizes and times, and its configuration."""
    folder = Path(model)
    if not folder.is_dir():
        return str(getattr(config, "_commit_hash", None) or "")
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.is_file():
            digest.update(json.dumps([path.name, path.stat().st_size]).encode())
            digest.update(path.read_bytes() if path.suffix == ".json" else str(path.stat().st_mtime_ns).encode())
    return digest.hexdigest()[:16]


def _parameters(config: Any) -> int:
    """Counted on a model without weights."""
    import torch
    from transformers import AutoModelForCausalLM

    with torch.device("meta"):
        shell = AutoModelForCausalLM.from_config(config)
    return int(sum(parameter.numel() for parameter in shell.parameters()))


def _gpus() -> int:
    import torch

    return int(torch.cuda.device_count())

"""The paper's published models as `artifact:NAME`, in vLLM, or in another engine as `artifact:ENGINE:NAME`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from multiplt.errors import UsageError
from multiplt.evaluate.artifacts import find_artifact
from multiplt.models.base import Model, ModelOptions
from multiplt.models.engine import EngineModel

ENGINES = ("vllm", "transformers")


def open_artifact(where: str, options: ModelOptions) -> Model:
    """The model at its published revision, with its tokenizer; see `resolve`."""
    engine, hub, extra = resolve(where, options.extra)
    return EngineModel(engine, hub, replace(options, extra=extra))


def resolve(where: str, extra: Mapping[str, Any]) -> tuple[str, str, Mapping[str, Any]]:
    """The engine, the model on the Hub and the engine's options of `NAME` or `ENGINE:NAME`.

    `extra` are the user's options, which count more than what was published. Raises `UsageError` where the name
    says no model.
    """
    engine, _, name = where.rpartition(":")
    if engine and engine not in ENGINES:
        raise UsageError(f"artifact:{engine}: names no engine; use one of {', '.join(ENGINES)}")
    artifact = find_artifact(name)
    if artifact.kind != "model":
        raise UsageError(f"{name} is a {artifact.kind}, not a model; read it as {artifact.hub}")
    if artifact.is_open and "revision" not in extra:
        raise UsageError(f"the best epoch of {name} is not known; name one, as artifact:{where}/epoch3")
    published = {"revision": artifact.revision, "tokenizer": artifact.tokenizer}
    known = {option: value for option, value in published.items() if value}
    return engine or ENGINES[0], artifact.hub, {**known, **extra}

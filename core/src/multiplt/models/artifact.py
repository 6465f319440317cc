"""The paper's published models as `artifact:NAME`, in vLLM, or in another engine as `artifact:ENGINE:NAME`."""

from __future__ import annotations

from dataclasses import replace

from multiplt.errors import UsageError
from multiplt.evaluate.artifacts import find_artifact
from multiplt.models.base import Model, ModelOptions
from multiplt.models.engine import EngineModel

ENGINES = ("vllm", "transformers")


def open_artifact(where: str, options: ModelOptions) -> Model:
    """The model at its published revision, with its tokenizer; the user's own options count more.

    Raises `UsageError` where the name says no model.
    """
    engine, _, name = where.rpartition(":")
    if engine and engine not in ENGINES:
        raise UsageError(f"artifact:{engine}: names no engine; use one of {', '.join(ENGINES)}")
    artifact = find_artifact(name)
    if artifact.kind != "model":
        raise UsageError(f"{name} is a {artifact.kind}, not a model; read it as {artifact.hub}")
    if artifact.is_open and "revision" not in options.extra:
        raise UsageError(f"the best epoch of {name} is not known; name one, as artifact:{where}/epoch3")
    published = {"revision": artifact.revision, "tokenizer": artifact.tokenizer}
    extra = {name: value for name, value in published.items() if value} | dict(options.extra)
    return EngineModel(engine or ENGINES[0], artifact.hub, replace(options, extra=extra))

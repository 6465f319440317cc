"""Ways to reach a model, named URL-like: `SCHEME:WHERE`."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from functools import partial

from multiplt.errors import MultipltError
from multiplt.models.artifact import open_artifact
from multiplt.models.base import Model, ModelLost, ModelOptions, Request, Sample, Sampling, derive_seed
from multiplt.models.engine import EngineModel
from multiplt.models.openai import OpenAIModel
from multiplt.models.replay import ReplayModel

__all__ = [
    "Model",
    "ModelFactory",
    "ModelLost",
    "ModelOptions",
    "ModelRegistry",
    "Request",
    "Sample",
    "Sampling",
    "derive_seed",
    "register_builtin",
]

ModelFactory = Callable[[str, ModelOptions], Model]
"""Makes a model of what follows the scheme and its colon."""


class ModelRegistry:
    """The schemes that are there. `register` is what plugins are given."""

    def __init__(self) -> None:
        self._factories: dict[str, ModelFactory] = {}

    def register(self, scheme: str, factory: ModelFactory) -> None:
        """Make models named `scheme:…` known. Raises `MultipltError` when another plugin has the scheme."""
        if scheme in self._factories:
            raise MultipltError(f"two plugins register the model scheme '{scheme}': disable one of them")
        self._factories[scheme] = factory

    def find(self, name: str, options: ModelOptions | None = None) -> Model:
        """The model of that name.

        Raises `MultipltError` when the scheme is unknown or the rest cannot be read.
        """
        scheme, colon, where = name.partition(":")
        if not colon or scheme not in self._factories:
            known = sorted(self._factories)
            close = get_close_matches(scheme.lower(), known, 1)
            hint = f"did you mean {close[0]}:…" if close else f"use one of {', '.join(f'{s}:…' for s in known)}"
            wrong = f"there is no model scheme '{scheme}'" if colon else "a model is named SCHEME:WHERE"
            raise MultipltError(f"{wrong} (there are {', '.join(known) or 'none'}): {hint}")
        return self._factories[scheme](where, options or ModelOptions())


def register_builtin(register: Callable[[str, ModelFactory], None]) -> None:
    """Register the providers that need nothing beyond the core."""
    register("artifact", open_artifact)
    register("openai", OpenAIModel)
    register("replay", ReplayModel)
    register("vllm", partial(EngineModel, "vllm"))
    register("transformers", partial(EngineModel, "transformers"))

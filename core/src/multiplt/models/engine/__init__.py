"""Models that run on this machine, in processes of their own: `vllm:MODEL` and `transformers:MODEL`."""

from __future__ import annotations

from multiplt.models.engine.model import EngineModel

__all__ = ["EngineModel"]

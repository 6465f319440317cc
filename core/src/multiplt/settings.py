"""The settings that commands, configuration files and stages share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from multiplt.execute.plan import MIB, Limits

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class Settings(BaseModel):
    """Settings that belong together: unknown keys and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PromptSettings(Settings):
    """How a model is asked: `canonical` puts the Python solution into the prompt, except at a benchmark's problem."""

    canonical: bool = True
    style: Literal["completion", "chat"] = "completion"


class SamplingSettings(Settings):
    """How the model is sampled; n, temperature and top-p are those of the MultiPL-T paper (OOPSLA 2024)."""

    n: Count = 50
    temperature: Annotated[float, Field(ge=0)] = 0.8
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.95
    max_tokens: Count = 512


class ExecuteSettings(Settings):
    """How completions are executed: `timeout` in seconds, `memory` in MiB; `workers` is by default one a core.

    With `warm` off every program is started for itself, never in a warm server.
    """

    timeout: Positive = 10.0
    workers: Count | None = None
    sandbox: str = "bubblewrap"
    memory: Count = 1024
    warm: bool = True

    @property
    def limits(self) -> Limits:
        """The limits of one program."""
        return Limits(wall_s=self.timeout, memory=self.memory * MIB)

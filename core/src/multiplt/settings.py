"""The settings that commands, configuration files and stages share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from multiplt.execute.plan import MIB, Limits
from multiplt.translate.near_duplicates import THRESHOLD

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


class TranslationSamplingSettings(SamplingSettings):
    """How many translations are asked for: `n` of each function, or with the method `adaptive` n at most.

    Then a function is done with `enough` translations that pass and are not near copies of each other, or where the
    odds that the next one is such are below `least_odds`. `budget` is for all functions of a language together.
    See `multiplt.translate.adaptive`.
    """

    method: Literal["fixed", "adaptive"] = "fixed"
    enough: Count = 10
    least_odds: Annotated[float, Field(ge=0, lt=1)] = 0.005
    budget: Count | None = None

    @property
    def adaptive(self) -> bool:
        """Whether it is."""
        return self.method == "adaptive"


class EvaluationSettings(SamplingSettings):
    """How a model is evaluated.

    `n`, temperature and top-p are those of the MultiPL-T paper (section 5), `max_tokens` is what its recorded
    completions have. With `compat` problems are judged by their suites as text, whatever else they carry.
    """

    n: Count = 20
    temperature: Annotated[float, Field(ge=0)] = 0.2
    max_tokens: Count = 1024
    seed: int = 0
    style: Literal["completion", "chat"] = "completion"
    compat: bool = False


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


FilterName = Literal[
    "triple-quotes", "returns", "parameters", "generator", "trivial", "ascii", "todo", "standard-library",
    "benchmark", "types", "duplicates",
]  # fmt: skip
"""Every filter of functions, in the order in which they work (`multiplt.source`)."""


class FilterSettings(Settings):
    """Which filters work: all but those in `skip`. `benchmarks` are those that no function may be taken from."""

    skip: tuple[FilterName, ...] = Field(default=(), strict=False)
    benchmarks: tuple[str, ...] = Field(default=("humaneval", "mbpp"), strict=False)

    def uses(self, name: FilterName) -> bool:
        """Whether the filter of that name works."""
        return name not in self.skip


class TestgenSettings(SamplingSettings):
    """How a model is asked for tests, with `n` answers for each function, and what is kept.

    A function needs `min_coverage` percent of its lines and `min_tests` tests, as in the MultiPL-T paper. At most
    `max_tests` are tried, each for `test_timeout` seconds.
    """

    __test__ = False  # it is no test, whatever its name says

    n: Count = 5
    style: Literal["completion", "chat"] = "completion"
    min_coverage: Annotated[float, Field(ge=0, le=100)] = 90.0
    min_tests: Count = 3
    max_tests: Count = 50
    test_timeout: Positive = 1.0


Strategy = Literal["dedup", "random", "all", "best"]
"""Which translations of a function go into a training set (`multiplt.dataset.strategies`)."""


class DatasetSettings(Settings):
    """How a training set is made; `threshold` is the ROUGE-Lsum above which two programs are near-duplicates."""

    strategy: Strategy = "dedup"
    threshold: Annotated[float, Field(ge=0, le=1)] = THRESHOLD

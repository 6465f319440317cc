"""The settings of `multiplt run`: one TOML file, checked before any work starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from multiplt.rows.benchmarks import benchmark_file, is_benchmark
from multiplt.rows.hub import is_hub_name
from multiplt.settings import (
    Count,
    DatasetSettings,
    EvaluationSettings,
    ExecuteSettings,
    FilterSettings,
    Positive,
    PromptSettings,
    Settings,
    TestgenSettings,
    TranslationSamplingSettings,
)
from multiplt.settings_file import absolute, absolute_unless_named, explain_option, load_settings

REPLAY = "replay:"
ENGINES = ("vllm:", "transformers:")

TAG = "{tag}"


class RunSection(Settings):
    """What is made, and how the work is cut. `shard_size` is in rows.

    The `engine` is this machine (`local`) or a Ray cluster (`ray`): the one at `ray_address`, HOST:PORT or `auto` for
    the one that this machine belongs to, or one that is started here.

    What is finished is sent to the `mirror`, a URL that fsspec knows, every `mirror_every` seconds; see
    `multiplt.mirror.mirroring`.
    """

    output: Path = Field(strict=False)
    languages: tuple[str, ...] = Field(strict=False, min_length=1)
    seed: int = 0
    shard_size: Count = 100
    engine: Literal["local", "ray"] = "local"
    ray_address: str | None = None
    mirror: Annotated[str, Field(min_length=1)] | None = None
    mirror_every: Positive = 60.0

    @model_validator(mode="after")
    def _address_of_ray(self) -> RunSection:
        if self.ray_address is not None and self.engine != "ray":
            raise ValueError('should have engine = "ray" beside ray_address')
        return self


class SourceSection(Settings):
    """Where functions come from: tested ones in `functions` (a path, or the name of a Hub dataset or a benchmark),
    or Python code (see `multiplt.source.files`), whose functions are filtered and tested first."""

    functions: str | None = None
    code: tuple[str, ...] = Field(default=(), strict=False)

    @model_validator(mode="after")
    def _one(self) -> SourceSection:
        if (self.functions is None) == (not self.code):
            raise ValueError("should have either functions or code")
        return self


class TestgenSection(TestgenSettings):
    """The same, and which `model` is asked: by default the one that translates."""

    __test__ = False

    model: str | None = None


class ModelSection(Settings):
    """The model, such as `vllm:MODEL` or `openai:MODEL@URL`; `request_timeout` is in seconds.

    A request that fails for a reason that may pass is tried again `retries` times, with growing waits.

    A model that is lost on the way, its server or its engine, is waited for and started again for `wait` seconds;
    with 0 the run stops at once, and the same command goes on later. `options` are handed to the provider as they
    are: fields of a request's body, or an engine's settings.
    """

    name: str = Field(pattern=r"^[\w.-]+:.+", description="like replay:FILE, vllm:MODEL or openai:MODEL@URL")
    concurrency: Count | None = None
    request_timeout: Positive = 600.0
    retries: Annotated[int, Field(ge=0)] = 6
    wait: Annotated[float, Field(ge=0)] = 0.0
    options: dict[str, Any] = Field(default_factory=dict)


class TrainSection(Settings):
    """What is fine-tuned on the translations: a `recipe` of `multiplt train`, with each `set` as its `--set` says.

    The recipe's dataset, output and language are the run's.
    """

    recipe: Path = Field(strict=False)
    set: tuple[str, ...] = Field(default=(), strict=False)


class EvaluateSection(EvaluationSettings):
    """How the recipe's model and what it became are evaluated, as `multiplt evaluate` does it.

    `benchmark` is any that it takes, `{tag}` in it being the language's tag in MultiPL-E. The models are run by the
    `engine`, with `options` for it. `checkpoints` are those of all epochs, of which the best is chosen on a part of the
    problems, or the last alone.
    """

    benchmark: str = Field(min_length=1)
    engine: Literal["vllm", "transformers"] = "vllm"
    checkpoints: Literal["all", "last"] = "all"
    concurrency: Count | None = None
    options: dict[str, Any] = Field(default_factory=dict)

    def benchmark_in(self, tag: str) -> str:
        """The benchmark in the language of that tag."""
        return self.benchmark.replace(TAG, tag)

    @property
    def evaluation(self) -> EvaluationSettings:
        """The settings of each evaluation."""
        return EvaluationSettings(**self.model_dump(include=set(EvaluationSettings.model_fields)))


class Config(Settings):
    """All settings of a run; what has no section of the last three is left out."""

    run: RunSection
    source: SourceSection
    filter: FilterSettings = FilterSettings()
    testgen: TestgenSection = TestgenSection()
    prompts: PromptSettings = PromptSettings()
    model: ModelSection
    sampling: TranslationSamplingSettings = TranslationSamplingSettings()
    execute: ExecuteSettings = ExecuteSettings()
    dataset: DatasetSettings | None = None
    train: TrainSection | None = None
    evaluate: EvaluateSection | None = None


def load_config(path: Path, overrides: Sequence[str] = ()) -> Config:
    """The settings in the TOML file at `path`, with each override `section.key=value` in place.

    A value is read as TOML, or as text where it is none. Relative paths are relative to the file that
    holds them; in an override, to the current folder.

    Raises `MultipltError` for a file that is missing, is no TOML or holds a wrong key or value, and
    `UsageError` for a wrong override.
    """
    return load_settings(Config, path, overrides, _anchor)


def _anchor(settings: dict[str, Any], folder: Path) -> None:
    """Make the paths in `settings` absolute, those relative being relative to `folder`."""
    match settings:
        case {"run": {"output": str(output)}}:
            settings["run"]["output"] = absolute(output, folder)
    match settings:
        case {"run": {"mirror": str(mirror)}} if mirror and "://" not in mirror:
            settings["run"]["mirror"] = absolute(mirror, folder)
    for section, key in (("source", "functions"), ("evaluate", "benchmark")):
        values = settings.get(section)
        if isinstance(values, dict) and isinstance(values.get(key), str):
            values[key] = _anchored_rows(values[key], folder)
    match settings:
        case {"train": {"recipe": str(recipe)}}:
            settings["train"]["recipe"] = absolute(recipe, folder)
    match settings:
        case {"source": {"code": list(names)}}:
            paths = [absolute(str(name), folder) for name in names]
            settings["source"]["code"] = [
                path if Path(path).exists() else name for path, name in zip(paths, names, strict=True)
            ]
    match settings:
        case {"model": {"name": str(name)}} if name.startswith(REPLAY) and name != REPLAY:
            settings["model"]["name"] = REPLAY + absolute(name.removeprefix(REPLAY), folder)
        case {"model": {"name": str(name)}} if name.startswith(ENGINES):
            kind, _, where = name.partition(":")
            if Path(absolute(where, folder)).is_dir():
                settings["model"]["name"] = f"{kind}:{absolute(where, folder)}"


def _anchored_rows(name: str, folder: Path) -> str:
    """The source of rows `name`, a path in it made absolute."""
    if is_benchmark(name):
        found = benchmark_file(name)
        return f"{found[0]}:{absolute(found[1], folder)}" if found else name
    named = name in ("", "-") or (TAG in name and is_hub_name(name.replace(TAG, "")))
    return name if named else absolute_unless_named(name, folder)


def build_config(**sections: Mapping[str, Any]) -> Config:
    """The settings of a run from a command's options, each section by its name.

    Raises `UsageError` for a wrong value.
    """
    try:
        return Config.model_validate(sections)
    except ValidationError as error:
        raise explain_option(error, Config) from None

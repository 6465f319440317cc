"""The settings of `multiplt run`: one TOML file, checked before any work starts."""

from __future__ import annotations

import difflib
import reprlib
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from multiplt.errors import MultipltError, UsageError
from multiplt.rows.benchmarks import benchmark_file, is_benchmark
from multiplt.rows.hub import is_hub_name
from multiplt.settings import (
    Count,
    ExecuteSettings,
    FilterSettings,
    Positive,
    PromptSettings,
    Settings,
    TestgenSettings,
    TranslationSamplingSettings,
)

REPLAY = "replay:"
ENGINES = ("vllm:", "transformers:")


class RunSection(Settings):
    """What is made, and how the work is cut. `shard_size` is in rows.

    The `engine` is this machine (`local`) or a Ray cluster (`ray`): the one at `ray_address`, HOST:PORT or `auto` for
    the one that this machine belongs to, or one that is started here.
    """

    output: Path = Field(strict=False)
    languages: tuple[str, ...] = Field(strict=False, min_length=1)
    seed: int = 0
    shard_size: Count = 100
    engine: Literal["local", "ray"] = "local"
    ray_address: str | None = None


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

    A model that is lost on the way, its server or its engine, is waited for and started again for `wait` seconds;
    with 0 the run stops at once, and the same command goes on later. `options` are handed to the provider as they
    are: fields of a request's body, or an engine's settings.
    """

    name: str = Field(pattern=r"^[\w.-]+:.+")
    concurrency: Count | None = None
    request_timeout: Positive = 600.0
    wait: Annotated[float, Field(ge=0)] = 0.0
    options: dict[str, Any] = Field(default_factory=dict)


class Config(Settings):
    """All settings of a run."""

    run: RunSection
    source: SourceSection
    filter: FilterSettings = FilterSettings()
    testgen: TestgenSection = TestgenSection()
    prompts: PromptSettings = PromptSettings()
    model: ModelSection
    sampling: TranslationSamplingSettings = TranslationSamplingSettings()
    execute: ExecuteSettings = ExecuteSettings()


def load_config(path: Path, overrides: Sequence[str] = ()) -> Config:
    """The settings in the TOML file at `path`, with each override `section.key=value` in place.

    A value is read as TOML, or as text where it is none. Relative paths are relative to the file that
    holds them; in an override, to the current folder.

    Raises `MultipltError` for a file that is missing, is no TOML or holds a wrong key or value, and
    `UsageError` for a wrong override.
    """
    settings = _read_toml(path)
    _anchor(settings, path.absolute().parent)
    given: dict[str, Any] = {}
    for override in overrides:
        section, key, value = _parse_override(override)
        given.setdefault(section, {})[key] = value
    _anchor(given, Path.cwd())
    for section, values in given.items():
        kept = settings.get(section, {})
        settings[section] = (kept if isinstance(kept, dict) else {}) | values
    try:
        return Config.model_validate(settings)
    except ValidationError as error:
        keys = {(section, key) for section, values in given.items() for key in values}
        raise _explain(error, path, keys) from None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MultipltError(f"cannot read the configuration {path} ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise MultipltError(f"{path} is not UTF-8 text ({error.reason}); save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise MultipltError(f"{path} is not TOML: {error}; mend that line") from error


def _parse_override(override: str) -> tuple[str, str, Any]:
    name, equals, text = override.partition("=")
    section, dot, key = name.strip().partition(".")
    if not (equals and dot and section and key):
        raise UsageError(f"--set {override} is no setting; write it as section.key=value")
    return section, key, parse_value(text)


def parse_value(text: str) -> Any:
    """A value as TOML, or as the text that it is.

    >>> parse_value("0.5"), parse_value("[1, 2]"), parse_value("bfloat16")
    (0.5, [1, 2], 'bfloat16')
    """
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text.strip()


def _anchor(settings: dict[str, Any], folder: Path) -> None:
    """Make the paths in `settings` absolute, those relative being relative to `folder`."""

    def absolute(text: str) -> str:
        return str(folder / (Path(text).expanduser() if text.startswith("~/") else text))

    match settings:
        case {"run": {"output": str(output)}}:
            settings["run"]["output"] = absolute(output)
    match settings:
        case {"source": {"functions": str(name)}} if is_benchmark(name):
            found = benchmark_file(name)
            settings["source"]["functions"] = f"{found[0]}:{absolute(found[1])}" if found else name
        case {"source": {"functions": str(name)}} if name not in ("", "-"):
            is_path = Path(absolute(name)).exists() or not is_hub_name(name)
            settings["source"]["functions"] = absolute(name) if is_path else name
    match settings:
        case {"source": {"code": list(names)}}:
            settings["source"]["code"] = [absolute(n) if Path(absolute(str(n))).exists() else n for n in names]
    match settings:
        case {"model": {"name": str(name)}} if name.startswith(REPLAY) and name != REPLAY:
            settings["model"]["name"] = REPLAY + absolute(name.removeprefix(REPLAY))
        case {"model": {"name": str(name)}} if name.startswith(ENGINES):
            kind, _, where = name.partition(":")
            if Path(absolute(where)).is_dir():
                settings["model"]["name"] = f"{kind}:{absolute(where)}"


def _explain(error: ValidationError, path: Path, overridden: set[tuple[str, str]]) -> MultipltError:
    """The first fault that was found, as one sentence; unknown keys first, since they explain missing ones."""
    faults = sorted(error.errors(include_url=False), key=lambda fault: fault["type"] != "extra_forbidden")
    fault = faults[0]
    place = [str(part) for part in fault["loc"]]
    by_override = any(key[: len(place)] == tuple(place[:2]) for key in overridden)
    where = "--set" if by_override else f"{path}:"
    kind = UsageError if by_override else MultipltError
    name = ".".join(place)
    match fault["type"]:
        case "extra_forbidden":
            return kind(f"{where} {name} is no setting; {_suggest(place)}")
        case "missing":
            return kind(f"{where} {name} is missing; add {_entry(place)}")
        case "model_type" | "model_attributes_type":
            return kind(f"{where} {name} is {reprlib.repr(fault['input'])} and should be a section; write [{name}]")
    return kind(f"{where} {name} is {reprlib.repr(fault['input'])} and should {_should(fault)}")


def _should(fault: Mapping[str, Any]) -> str:
    """What a wrong value should be: pydantic says "Input should be …", of what in Python's terms."""
    if fault["type"] == "string_pattern_mismatch":
        return "be like replay:FILE, vllm:MODEL or openai:MODEL@URL"
    said: str = fault["msg"]
    return said.partition(" should ")[2].replace("tuple", "list") or said


def _entry(place: Sequence[str]) -> str:
    return f"the section [{place[0]}]" if len(place) == 1 else f"{place[-1]} = … to [{place[0]}]"


def _suggest(place: Sequence[str]) -> str:
    fields: Mapping[str, Any] = Config.model_fields
    if len(place) > 1 and place[0] in fields:
        section = fields[place[0]].annotation
        fields = section.model_fields
    close = difflib.get_close_matches(place[-1], fields, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(fields)}"


def build_config(**sections: Mapping[str, Any]) -> Config:
    """The settings of a run from a command's options, each section by its name.

    Raises `UsageError` for a wrong value.
    """
    try:
        return Config.model_validate(sections)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        name = ".".join(map(str, fault["loc"]))
        raise UsageError(f"{name} is {reprlib.repr(fault['input'])} and should {_should(fault)}") from None

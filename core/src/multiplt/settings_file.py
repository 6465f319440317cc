"""Settings in a TOML file: read, overridden by `--set`, checked, and each mistake said in one sentence."""

from __future__ import annotations

import difflib
import reprlib
import tomllib
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from multiplt.errors import MultipltError, UsageError
from multiplt.rows.hub import is_hub_name

S = TypeVar("S", bound=BaseModel)

Anchor = Callable[[dict[str, Any], Path], None]
"""Makes the paths in settings, given as sections, absolute: those that are relative are so to a folder."""


def load_settings(kind: type[S], path: Path, overrides: Sequence[str], anchor: Anchor) -> S:
    """The settings in the TOML file at `path`, with each override `section.key=value` in place.

    A value is read as TOML, or as text where it is none. Relative paths are relative to the file that
    holds them; in an override, to the current folder.

    Raises `MultipltError` for a file that is missing, is no TOML or holds a wrong key or value, and
    `UsageError` for a wrong override.
    """
    settings = read_toml(path)
    anchor(settings, path.absolute().parent)
    given: dict[str, Any] = {}
    for override in overrides:
        section, key, value = parse_override(override)
        given.setdefault(section, {})[key] = value
    anchor(given, Path.cwd())
    for section, values in given.items():
        kept = settings.get(section, {})
        settings[section] = (kept if isinstance(kept, dict) else {}) | values
    try:
        return kind.model_validate(settings)
    except ValidationError as error:
        keys = {(section, key) for section, values in given.items() for key in values}
        raise explain(error, kind, path, keys) from None


def read_toml(path: Path) -> dict[str, Any]:
    """What the file holds. Raises `MultipltError` where it cannot be read or is no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MultipltError(f"cannot read the configuration {path} ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise MultipltError(f"{path} is not UTF-8 text ({error.reason}); save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise MultipltError(f"{path} is not TOML: {error}; mend that line") from error


def parse_override(override: str) -> tuple[str, str, Any]:
    """The section, the key and the value of `section.key=value`. Raises `UsageError` for anything else."""
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


def absolute(text: str, folder: Path) -> str:
    """The path `text`, relative to `folder` unless it is absolute or begins with `~/`."""
    return str(folder / (Path(text).expanduser() if text.startswith("~/") else text))


def absolute_unless_named(text: str, folder: Path) -> str:
    """The same, but for the name of a Hub dataset, which stays unless there is such a path or `FOLDER:SPLIT`."""
    path = absolute(text, folder)
    is_there = Path(path).exists() or (":" in text and Path(path.rpartition(":")[0]).is_dir())
    return path if is_there or not is_hub_name(text) else text


def explain(
    error: ValidationError, kind: type[BaseModel], path: Path, overridden: set[tuple[str, str]]
) -> MultipltError:
    """The first fault that was found, as one sentence; unknown keys first, since they explain missing ones."""
    faults = sorted(error.errors(include_url=False), key=lambda fault: fault["type"] != "extra_forbidden")
    fault = faults[0]
    place = [str(part) for part in fault["loc"]]
    by_override = any(key[: len(place)] == tuple(place[:2]) for key in overridden)
    where = "--set" if by_override else f"{path}:"
    raised = UsageError if by_override else MultipltError
    name = ".".join(place)
    match fault["type"]:
        case "extra_forbidden":
            return raised(f"{where} {name} is no setting; {_suggest(kind, place)}")
        case "missing":
            return raised(f"{where} {name} is missing; add {_entry(place)}")
        case "model_type" | "model_attributes_type":
            return raised(f"{where} {name} is {reprlib.repr(fault['input'])} and should be a section; write [{name}]")
    return raised(f"{where} {name} is {reprlib.repr(fault['input'])} and should {_should(fault, kind, place)}")


def explain_option(error: ValidationError, kind: type[BaseModel]) -> UsageError:
    """The same for settings that come from a command's options."""
    fault = error.errors(include_url=False)[0]
    place = [str(part) for part in fault["loc"]]
    return UsageError(f"{'.'.join(place)} is {reprlib.repr(fault['input'])} and should {_should(fault, kind, place)}")


def _should(fault: Mapping[str, Any], kind: type[BaseModel], place: Sequence[str]) -> str:
    """What a wrong value should be: pydantic says "Input should be …", of what in Python's terms."""
    if fault["type"] == "string_pattern_mismatch" and (field := _fields(kind, place[:-1]).get(place[-1])):
        return f"be {field.description}"
    said: str = fault["msg"]
    return said.partition(" should ")[2].replace("tuple", "list") or said


def _entry(place: Sequence[str]) -> str:
    return f"the section [{place[0]}]" if len(place) == 1 else f"{place[-1]} = … to [{place[0]}]"


def _suggest(kind: type[BaseModel], place: Sequence[str]) -> str:
    fields = _fields(kind, place[:-1])
    close = difflib.get_close_matches(place[-1], fields, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(fields)}"


def _fields(kind: type[BaseModel], sections: Sequence[str]) -> Mapping[str, Any]:
    """The fields of the settings, or of a section in them."""
    for name in sections:
        if (field := kind.model_fields.get(name)) is None:
            break
        annotation = field.annotation
        inner = next((a for a in (annotation, *typing.get_args(annotation)) if hasattr(a, "model_fields")), None)
        if inner is None:
            break
        kind = inner
    return kind.model_fields

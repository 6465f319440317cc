"""The settings that the rows of a run were made with, kept in its folder: `settings/LANGUAGE.json`."""

from __future__ import annotations

from pathlib import Path

from multiplt.rows.atomic import replacing
from multiplt.run.config import Config


def write_settings(run: Path, language: str, config: Config) -> None:
    """Keep the settings with which a run has finished a language."""
    with replacing(_path(run, language)) as file:
        file.write(config.model_dump_json(indent=2).encode() + b"\n")


def read_settings(run: Path, language: str) -> Config | None:
    """The settings with which a run finished a language; None where its folder does not say."""
    try:
        return Config.model_validate_json(_path(run, language).read_bytes())
    except (OSError, ValueError):
        return None


def _path(run: Path, language: str) -> Path:
    return run / "settings" / f"{language}.json"

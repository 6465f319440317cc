"""The published artifacts of the MultiPL-T paper by table and figure, from `artifacts.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any

from multiplt.errors import UsageError

EPOCH = re.compile(r"(?P<name>.+)/epoch(?P<epoch>[1-9]\d?)")


@dataclass(frozen=True)
class Artifact:
    """A dataset or a model as the paper's authors published it.

    A model without `revision` is that of the main branch; where `is_open` its best epoch is not known and one is
    named as `NAME/epochN`. Scores are pass@1 in percent, before fine-tuning and after.
    """

    name: str
    kind: str
    hub: str
    about: str = ""
    revision: str | None = None
    tokenizer: str | None = None
    epoch: int | None = None
    base_score: float | None = None
    score: float | None = None
    is_open: bool = False
    tag: str = ""
    commits: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@cache
def catalogue() -> Mapping[str, Artifact]:
    """Every artifact by its name, those of single epochs aside."""
    data = tomllib.loads(files(__package__).joinpath("artifacts.toml").read_text("utf-8"))
    models = (_model(entry, language, data) for entry in data["model"] for language in entry["languages"])
    return {artifact.name: artifact for artifact in (*(_dataset(entry, data) for entry in data["dataset"]), *models)}


def _dataset(entry: Mapping[str, Any], data: Mapping[str, Any]) -> Artifact:
    return Artifact(entry["name"], "dataset", entry["hub"], entry["about"], sources=_sources(entry, data))


def _model(entry: Mapping[str, Any], language: str, data: Mapping[str, Any]) -> Artifact:
    best = entry.get("best", {}).get(language)
    found = Artifact(
        name=f"{entry['place']}/{entry['name']}/{language}",
        kind="model",
        hub=entry["hub"],
        about=entry.get("about", ""),
        tokenizer=entry.get("tokenizer"),
        is_open=best is None,
        tag=entry.get("tag", "").replace("{tag}", data["tags"][language]),
        commits=tuple(entry.get("commits", {}).get(language, ())),
        sources=_sources(entry, data),
        **(best or {}),
    )
    spelling_seen = bool(found.revision or found.commits) or language in data["seen"]["languages"]
    return replace(found, unknown=(*entry.get("unknown", ()), *_unknown(found, spelling_seen)))


def _sources(entry: Mapping[str, Any], data: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(data["sources"][name] for name in entry["sources"])


def _unknown(artifact: Artifact, spelling_seen: bool) -> Iterator[str]:
    """What of a model's artifact the sources do not say."""
    if artifact.is_open and artifact.name.startswith("table"):
        yield "the best epoch, for which the paper refers to its Table 9"
    if artifact.score is None:
        yield "the score"
    if artifact.tokenizer is None:
        yield "whether each revision has a tokenizer, or it is the base model's"
    if artifact.tag and not spelling_seen:
        yield f"whether the tags begin with {artifact.tag.partition('-')[0]}"


def find_artifact(name: str) -> Artifact:
    """The artifact of that name, such as `table2/MODEL/LANGUAGE` or `figure8/MODEL/LANGUAGE/epoch3`.

    Raises `UsageError` where there is none.
    """
    known = catalogue()
    if name in known:
        return known[name]
    match = EPOCH.fullmatch(name)
    found = known.get(match["name"]) if match else None
    if match is None or found is None:
        close = get_close_matches(name, known, 1)
        hint = f"did you mean {close[0]}?" if close else "see: multiplt artifacts list"
        raise UsageError(f"there is no artifact {name}; {hint}")
    epoch = int(match["epoch"])
    if not found.tag or (found.commits and epoch > len(found.commits)):
        raise UsageError(f"{found.name} has no epoch {epoch}; see: multiplt artifacts show {found.name}")
    revision = found.commits[epoch - 1] if found.commits else found.tag.replace("{epoch}", str(epoch))
    scores: dict[str, Any] = {} if epoch == found.epoch else {"base_score": None, "score": None}
    return replace(found, name=name, revision=revision, epoch=epoch, is_open=False, **scores)

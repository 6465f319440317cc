"""What the folders of runs say of how a training set came about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from multiplt.dataset.folder import data_path
from multiplt.errors import MultipltError
from multiplt.rows import Row
from multiplt.rows.parquet import read_parquet
from multiplt.run import StageSummary, read_shards
from multiplt.run.config import Config
from multiplt.run.manifest import read_manifest
from multiplt.run.record import read_settings
from multiplt.run.shards import shard_paths

SOURCE = ("extract", "filter", "types", "duplicates", "ask", "testgen")
FUNCTIONS = "functions"
STAGES = ("prompts", "attempts", "translations")
"""Folders of a run, in order: of the stages in `source`, of its functions, of the stages that each language has."""

SAMPLING = ("temperature", "top_p", "max_tokens")


@dataclass(frozen=True)
class RunFacts:
    """What a run says of one language: its funnel, how the model was sampled, what executed the programs.

    `functions` are those to be translated, `solved` those with a validated translation. What the folder does not
    hold is empty.
    """

    functions: int
    stages: Sequence[StageSummary]
    sampling: Mapping[str, Any]
    toolchain: str
    solved: int
    settings: Config | None

    @property
    def completions(self) -> int:
        """How many completions were looked at."""
        last = self.stages[-1]
        return last.rows_in + last.expanded


def facts(run: Path, language: str) -> RunFacts | None:
    """What the folder of a run says of a language; None where it says nothing."""
    of_language = (run / stage / language for stage in STAGES)
    folders = [*(run / "source" / stage for stage in SOURCE), run / FUNCTIONS, *of_language]
    stages = [summary for folder in folders if (summary := _summary(folder))]
    if not stages or stages[-1].stage != STAGES[-1]:
        return None
    attempted = _first(run / "attempts" / language)
    results = [result for result in attempted.get("results") or () if result]
    functions = _summary(run / FUNCTIONS)
    return RunFacts(
        functions=functions.rows_kept if functions else 0,
        stages=stages,
        sampling={name: attempted[name] for name in SAMPLING if name in attempted},
        toolchain=results[0].get("toolchain", "") if results else "",
        settings=read_settings(run, language),
        solved=len({row["name"] for row in read_shards(run / STAGES[-1] / language)}),
    )


def _summary(folder: Path) -> StageSummary | None:
    """What a stage came to, by the manifests of its shards."""
    manifests = [manifest for path in shard_paths(folder) if (manifest := read_manifest(path))]
    if not manifests:
        return None
    summary = StageSummary(manifests[0].stage)
    for manifest in manifests:
        summary.add(manifest, made=False)
    return summary


def _first(folder: Path) -> Row:
    return next(read_shards(folder), {})


def facts_of(runs: Sequence[Path], languages: Sequence[str]) -> dict[str, list[RunFacts]]:
    """For each language what the runs that translated to it say.

    Raises `MultipltError` for a run that translated to none of them.
    """
    found: dict[str, list[RunFacts]] = {language: [] for language in languages}
    for run in runs:
        said = {language: fact for language in languages if (fact := facts(run, language))}
        if not said:
            raise MultipltError(f"{run} holds no translations to {' or '.join(languages)}; give the run's folder")
        for language, fact in said.items():
            found[language].append(fact)
    return found


def licences(folder: Path, runs: Sequence[Path], languages: Sequence[str]) -> Counter[str | None]:
    """How many rows of a training set come of functions under each licence; None where the runs do not say."""
    known: dict[str, str] = {}
    for run in runs:
        for function in read_shards(run / FUNCTIONS):
            if licence := _licence(function.get("licence")):
                known[str(function.get("id"))] = licence
    rows = chain.from_iterable(read_parquet(folder / data_path(language)) for language in languages)
    return Counter(known.get(str(row["original_id"])) for row in rows)


def _licence(said: Any) -> str:
    """A licence as text; several that a file is under are one.

    >>> _licence(["MIT", "Apache-2.0"]), _licence(None)
    ('Apache-2.0, MIT', '')
    """
    names: Iterator[str] = map(str, said if isinstance(said, list) else [said] if said else [])
    return ", ".join(sorted(set(names)))

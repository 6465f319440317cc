"""The pipeline of `multiplt run`: from tested functions to validated translations, language by language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from multiplt.models import ModelOptions, Sampling
from multiplt.plugins import BoundLanguage, installed
from multiplt.rows import read_rows, write_rows
from multiplt.rows.atomic import remove_leftovers
from multiplt.run.config import Config
from multiplt.run.engine import LocalEngine, Stage
from multiplt.run.lock import exclusive
from multiplt.run.manifest import code_versions
from multiplt.run.resources import ModelSession, open_executor, open_judge
from multiplt.run.shards import StageSummary, import_rows, read_shards, run_stage
from multiplt.translate.generation import Generate
from multiplt.translate.prompting import Prompts, refuse_benchmark
from multiplt.translate.translations import Translations
from multiplt.translate.validation import Execute


@dataclass
class LanguageSummary:
    """What a run came to in one language."""

    language: str
    dataset: Path
    functions: int = 0
    problems: int = 0
    completions: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    validated: int = 0
    resumed: bool = False
    stages: list[StageSummary] = field(default_factory=list)


@dataclass(frozen=True)
class Prepared:
    """What was looked at before any work: languages with their toolchains, and the model's version."""

    toolchains: dict[str, str]
    model_version: str


def run_pipeline(config: Config) -> Iterator[LanguageSummary]:
    """Run what is not done yet, yielding each language's summary as it is complete.

    The run's folder holds a folder for each stage and language, and `dataset/LANGUAGE.parquet`.

    Raises `MultipltError` before any work where a language, its toolchain, the sandbox, the model or
    the functions are not there.
    """
    output = config.run.output
    languages = [installed().language(name) for name in config.run.languages]
    prepared = prepare(config, languages)
    rows = read_rows(config.source.functions)
    with exclusive(output):
        functions = import_rows(rows, output / "functions", shard_size=config.run.shard_size)
        for language in languages:
            yield _run_language(config, language, prepared, functions)


def prepare(config: Config, languages: list[BoundLanguage]) -> Prepared:
    """Check, before any work, that everything the run needs is there and works."""
    if config.prompts.canonical and "canonical" in config.prompts.model_fields_set:
        refuse_benchmark(config.source.functions)
    session = ModelSession(config.model.name, model_options(config))
    try:
        session.run(session.model.check())
        version = session.model.version
    finally:
        session.close()
    with open_executor(config.execute) as executor:
        names = [language.spec.name for language in languages]
        toolchains = {name: open_judge(name, executor, config.execute).toolchain for name in names}
    return Prepared(toolchains, version)


def model_options(config: Config) -> ModelOptions:
    """How the model is treated."""
    model = config.model
    return ModelOptions(concurrency=model.concurrency, timeout_s=model.request_timeout, extra=model.options)


def stages(config: Config, language: str, prepared: Prepared) -> list[Stage]:
    """The stages of one language, in order."""
    sampling = config.sampling
    return [
        Prompts(language, config.prompts, config.execute),
        Generate(
            language=language,
            model=config.model.name,
            version=prepared.model_version,
            options=model_options(config),
            sampling=Sampling(sampling.temperature, sampling.top_p, sampling.max_tokens),
            n=sampling.n,
            seed=config.run.seed,
            chat=config.prompts.style == "chat",
        ),
        Execute(language, config.execute, prepared.toolchains[language]),
        Translations(language),
    ]


def _run_language(
    config: Config, language: BoundLanguage, prepared: Prepared, functions: StageSummary
) -> LanguageSummary:
    output, name = config.run.output, language.spec.name
    dataset = output / "dataset" / f"{name}.parquet"
    summary = LanguageSummary(name, dataset, functions=functions.rows_in, stages=[functions])
    source = output / "functions"
    for stage in stages(config, name, prepared):
        folder = output / stage.name / name
        versions = code_versions(language.distribution)
        summary.stages.append(run_stage(stage, source, folder, engine=LocalEngine(), versions=versions))
        source = folder
    summary.resumed = all(stage.shards_made == 0 for stage in summary.stages)
    remove_leftovers(summary.dataset.parent, summary.dataset.name)
    write_rows(read_shards(source), summary.dataset)  # always: the last run may have been killed just before
    _count(summary, output)
    return summary


def _count(summary: LanguageSummary, output: Path) -> None:
    for row in read_shards(output / "execute" / summary.language):
        summary.problems += 1
        summary.completions += len(row["samples"])
        summary.verdicts.update(result["status"] if result else "no verdict" for result in row["results"])
    summary.validated = summary.stages[-1].rows_kept


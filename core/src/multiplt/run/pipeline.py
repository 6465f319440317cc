"""The pipeline of `multiplt run`: from functions, tested here or before, to validated translations by language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from multiplt.models import ModelOptions
from multiplt.plugins import BoundLanguage, installed
from multiplt.rows import read_rows, write_rows
from multiplt.rows.atomic import remove_leftovers
from multiplt.run.chain import run_stages
from multiplt.run.config import Config
from multiplt.run.engine import Stage
from multiplt.run.engines import Engines, fit, open_engines
from multiplt.run.lock import exclusive
from multiplt.run.manifest import code_versions
from multiplt.run.record import write_settings
from multiplt.run.resources import open_executor, open_judge
from multiplt.run.sampling import ModelSettings, checked_model
from multiplt.run.shards import StageSummary, import_rows, read_shards, run_stage
from multiplt.run.shared import Resources
from multiplt.source.brief import Brief
from multiplt.source.extract import Extract
from multiplt.source.files import read_files
from multiplt.source.infer_types import InferTypes
from multiplt.source.stages import filter_stages, testgen_stages
from multiplt.translate.attempts import Attempts
from multiplt.translate.prompting import Prompts, refuse_benchmark
from multiplt.translate.rouge import import_compiled
from multiplt.translate.translations import Translations

FUNCTIONS = "functions"
"""The folder of tested functions, in a run's."""


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
    """What was looked at before any work: languages with their toolchains, and the models."""

    toolchains: dict[str, str]
    model: ModelSettings
    testgen: ModelSettings | None


def run_pipeline(
    config: Config, on_source: Callable[[list[StageSummary]], None] = lambda summaries: None
) -> Iterator[LanguageSummary]:
    """Run what is not done yet, yielding each language's summary as it is complete.

    The run's folder holds a folder for each stage and language, and `dataset/LANGUAGE.parquet`. `on_source` is told
    what the stages came to that made the functions, where they were made here.

    Raises `MultipltError` before any work where a language, its toolchain, the sandbox, a model or
    the functions are not there.
    """
    config = fit(config)
    output = config.run.output
    languages = [installed().language(name) for name in config.run.languages]
    prepared = prepare(config, languages)
    with open_engines(config) as engines:
        make_functions = _making_functions(config, prepared, engines)
        with exclusive(output), closing(Resources()) as shared:
            summaries = make_functions()
            if config.source.code:
                on_source(summaries)
            for language in languages:
                yield _run_language(config, language, prepared, summaries[-1], engines, shared)


def _making_functions(config: Config, prepared: Prepared, engines: Engines) -> Callable[[], list[StageSummary]]:
    """What puts the functions into the run's folder, in the stage named last; it has been looked at by now."""
    output, size = config.run.output, config.run.shard_size
    if config.source.functions is not None:
        rows = read_rows(config.source.functions)
        return lambda: [import_rows(rows, output / FUNCTIONS, shard_size=size)]
    files = read_files(config.source.code)
    stages = source_stages(config, prepared)
    return lambda: run_stages(stages, files, output / FUNCTIONS, output / "source", size, engines)


def source_stages(config: Config, prepared: Prepared) -> list[Stage]:
    """The stages that make tested, typed functions of Python files; rejected rows are brief."""
    model = prepared.testgen
    assert model is not None
    stages = [
        Extract(),
        *filter_stages(config.filter),
        *testgen_stages(config.testgen, model, config.execute, config.run.seed),
        InferTypes(config.execute),
    ]
    return [Brief(stage) for stage in stages]


def prepare(config: Config, languages: list[BoundLanguage]) -> Prepared:
    """Check, before any work, that everything the run needs is there and works."""
    if config.source.functions and config.prompts.canonical and "canonical" in config.prompts.model_fields_set:
        refuse_benchmark(config.source.functions)
    if config.sampling.adaptive:
        import_compiled()
    options = model_options(config)
    model, testgen = checked_model(config.model.name, options), None
    if config.source.code:
        other = config.testgen.model
        testgen = checked_model(other, options) if other and other != model.name else model
    with open_executor(config.execute) as executor:
        names = [language.spec.name for language in languages]
        toolchains = {name: open_judge(name, executor, config.execute).toolchain for name in names}
    return Prepared(toolchains, model, testgen)


def model_options(config: Config) -> ModelOptions:
    """How the model is treated."""
    model = config.model
    return ModelOptions(
        model.concurrency, model.retries, model.request_timeout, wait_s=model.wait, extra=model.options
    )


def attempts(config: Config, language: str, prepared: Prepared, problems: int) -> Attempts:
    """The stage in which the model translates."""
    return Attempts(
        language=language,
        model=prepared.model,
        sampling=config.sampling,
        execute=config.execute,
        toolchain=prepared.toolchains[language],
        problems=problems,
        seed=config.run.seed,
        chat=config.prompts.style == "chat",
    )


def _run_language(
    config: Config, language: BoundLanguage, prepared: Prepared, functions: StageSummary, engines: Engines,
    shared: Resources,
) -> LanguageSummary:  # fmt: skip
    output, name = config.run.output, language.spec.name
    dataset = output / "dataset" / f"{name}.parquet"
    summary = LanguageSummary(name, dataset, functions=functions.rows_in, stages=[functions])
    source = output / FUNCTIONS
    versions = code_versions(language.distribution)

    def run(stage: Stage) -> StageSummary:
        nonlocal source
        folder = output / stage.name / name
        summary.stages.append(run_stage(stage, source, folder, engine=engines(stage), versions=versions, shared=shared))
        source = folder
        return summary.stages[-1]

    problems = run(Prompts(name, config.prompts, config.execute)).rows_kept
    run(attempts(config, name, prepared, problems))
    run(Translations(name))
    summary.resumed = all(stage.shards_made == 0 for stage in summary.stages)
    remove_leftovers(summary.dataset.parent, summary.dataset.name)
    write_rows(read_shards(source), summary.dataset)  # always: the last run may have been killed just before
    write_settings(output, name, config)
    _count(summary, output)
    return summary


def _count(summary: LanguageSummary, output: Path) -> None:
    for row in read_shards(output / "attempts" / summary.language):
        summary.problems += 1
        summary.completions += len(row["samples"])
        summary.verdicts.update(result["status"] if result else "no verdict" for result in row["results"])
    summary.validated = summary.stages[-1].rows_kept

"""What closes a run: a training set of its translations, a model fine-tuned on it, and its score beside the base's.

Each step is a section of the configuration, and each has a folder in the run's: `training-set`, `training/LANGUAGE`,
`scores/LANGUAGE`. It comes after all translations, when their model has left the GPUs.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from multiplt.dataset.build import build
from multiplt.dataset.folder import data_path, read_about
from multiplt.errors import MultipltError
from multiplt.evaluate.evaluation import evaluate
from multiplt.models import ModelOptions
from multiplt.parent import die_with_parent
from multiplt.plugins import BoundLanguage, installed
from multiplt.rows import read_rows
from multiplt.rows.atomic import replacing
from multiplt.run.config import Config, EvaluateSection, TrainSection
from multiplt.run.lock import exclusive
from multiplt.run.manifest import code_versions
from multiplt.run.pipeline import LanguageSummary
from multiplt.run.sampling import checked_model
from multiplt.settings import DatasetSettings
from multiplt.train.checkpoints import found
from multiplt.train.launching import check_gpus, must_launch
from multiplt.train.preflight import check_installed
from multiplt.train.recipe import Recipe, load_recipe
from multiplt.translate.rouge import import_compiled

BASE = "base"
"""The folder of the scores of the recipe's own model."""

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Scores:
    """The folders of results in one language: the base's, and those of its checkpoints, in order."""

    language: str
    base: Path
    tuned: list[Path]


def check_closing(config: Config) -> None:
    """Look, before any work, whether the recipe, the packages, the GPUs, the base and the benchmark are there.

    Raises `MultipltError` where one is not.
    """
    train, scored = config.train, config.evaluate
    if config.dataset is not None and config.dataset.strategy == "dedup":
        import_compiled()
    if train is None:
        if scored is not None:
            raise MultipltError(
                "the section evaluate sets a tuned model beside its base, and there is no section train; add one, or "
                "score one model with multiplt evaluate"
            )
        return
    check_installed()
    for language in map(installed().language, config.run.languages):
        recipe = load_recipe(train.recipe, _overrides(config, train, language))
        recipe.accumulation(recipe.hardware.gpus)
        if must_launch(recipe.hardware):
            check_gpus(recipe.hardware)
        if scored is not None:
            read_rows(scored.benchmark_in(language.spec.tag))
    if scored is not None:
        if recipe.lora is not None and scored.engine == "vllm":
            raise MultipltError(
                'the recipe trains adapters, which vllm does not load; set evaluate.engine to "transformers"'
            )
        checked_model(*_base(recipe, scored))


def close_run(config: Config, summaries: Sequence[LanguageSummary], tell: Tell) -> Iterator[Scores]:
    """Do what is not done yet of the steps that have a section, yielding the scores of each language.

    A language without a translation is left out. Raises `MultipltError` where none has one, and `SystemExit` where a
    training fails, which has said why.
    """
    if config.dataset is None and config.train is None:
        return
    with exclusive(config.run.output):
        translated = [summary for summary in summaries if summary.validated]
        for summary in summaries:
            if summary not in translated:
                tell(f"{summary.language}: no translation passed, there is nothing to train on")
        if not translated:
            raise MultipltError("no translation passed, so there is no training set; see the verdicts above")
        if config.dataset is not None:
            _make_training_set(config, config.dataset, translated, tell)
        for summary in translated:
            language = installed().language(summary.language)
            if config.train is not None:
                recipe = _train(config, config.train, language, tell)
                if config.evaluate is not None:
                    yield _evaluate(config, config.evaluate, recipe, language)


def _make_training_set(
    config: Config, settings: DatasetSettings, translated: Sequence[LanguageSummary], tell: Tell
) -> None:
    out = _training_set(config)
    distributions = (installed().language(summary.language).distribution for summary in translated)
    asked = {
        **settings.model_dump(),
        "seed": config.run.seed,
        "versions": dict(code_versions(*distributions)),
        "translations": {summary.language: _digest(summary.dataset) for summary in translated},
    }
    made = _Made(out.with_suffix(".json"))
    if made.of(asked) and all((out / data_path(summary.language)).exists() for summary in translated):
        tell(f"{out}: was made before")
        return
    sources = [str(summary.dataset) for summary in translated]
    build(sources, out, settings.strategy, config.run.seed, settings.threshold)
    made.keep(asked)
    rows = ", ".join(f"{split.rows:,} in {language}" for language, split in read_about(out).splits.items())
    tell(f"{out}: rows {rows}")


def _train(config: Config, train: TrainSection, language: BoundLanguage, tell: Tell) -> Recipe:
    """Train in a process of its own, which leaves nothing on the GPUs and can become a launcher of several."""
    overrides = _overrides(config, train, language)
    recipe = load_recipe(train.recipe, overrides)
    asked = {**recipe.model_dump(mode="json"), "texts": _digest(Path(recipe.data.dataset))}
    made = _Made(recipe.train.output.with_suffix(".json"))
    if made.of(asked) and max(found(recipe), default=0) >= recipe.train.epochs:
        tell(f"{recipe.train.output}: was trained before")
        return recipe
    options = [part for override in overrides for part in ("--set", override)]
    command = [sys.executable, "-m", "multiplt", "train", str(train.recipe), *options]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False, preexec_fn=die_with_parent)
    if done.returncode < 0:
        raise MultipltError(f"the training was killed by signal {-done.returncode}; start again to go on")
    if done.returncode:
        raise SystemExit(done.returncode)
    made.keep(asked)
    return recipe


def _evaluate(config: Config, scored: EvaluateSection, recipe: Recipe, language: BoundLanguage) -> Scores:
    checkpoints = [*found(recipe).values()][: recipe.train.epochs]
    models = {BASE: _base(recipe, scored)}
    for path in checkpoints if scored.checkpoints == "all" else checkpoints[-1:]:
        models[path.name] = _model(str(path), scored, {})
    folder, benchmark = config.run.output / "scores" / language.spec.name, scored.benchmark_in(language.spec.tag)
    for name, model in models.items():
        came_to = evaluate(benchmark, language, model, scored.evaluation, config.execute, folder / name)
        came_to.check_complete(model[0])
    base, *tuned = (folder / name for name in models)
    return Scores(language.spec.name, base, tuned)


def _overrides(config: Config, train: TrainSection, language: BoundLanguage) -> list[str]:
    """What the recipe's settings are set to: what the section says, then what is the run's."""
    output, name = config.run.output.absolute(), language.spec.name
    texts = (
        output / "dataset" / f"{name}.parquet" if config.dataset is None else _training_set(config) / data_path(name)
    )
    own = {
        "data.dataset": texts.absolute(),
        "train.output": output / "training" / name,
        "train.language": language.spec.tag,
    }
    return [*train.set, *(f"{key}={json.dumps(str(value), ensure_ascii=False)}" for key, value in own.items())]


def _training_set(config: Config) -> Path:
    return config.run.output / "training-set"


def _base(recipe: Recipe, scored: EvaluateSection) -> tuple[str, ModelOptions]:
    given = {"revision": recipe.model.revision, "tokenizer": recipe.model.tokenizer}
    return _model(recipe.model.name, scored, {name: value for name, value in given.items() if value})


def _model(where: str, scored: EvaluateSection, given: Mapping[str, Any]) -> tuple[str, ModelOptions]:
    return f"{scored.engine}:{where}", ModelOptions(concurrency=scored.concurrency, extra={**given, **scored.options})


class _Made:
    """The account of what a step was made of, in a file beside its folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, asked: Mapping[str, Any]) -> bool:
        """Whether it was made of that."""
        return self._path.exists() and json.loads(self._path.read_bytes()) == asked

    def keep(self, asked: Mapping[str, Any]) -> None:
        with replacing(self._path) as file:
            file.write(json.dumps(asked, indent=2).encode() + b"\n")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""The stages of step 1, in order, and the settings of those that ask a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from multiplt.models import Sampling
from multiplt.run.engine import Stage
from multiplt.run.sampling import ModelSettings
from multiplt.settings import Count, ExecuteSettings
from multiplt.source.asking import AskForTests, Style
from multiplt.source.coverage import import_coverage
from multiplt.source.duplicates import Deduplicate
from multiplt.source.filter import DUPLICATES, TYPES, Filter, FilterSettings, open_benchmarks
from multiplt.source.typecheck import TypeCheck, checker_version
from multiplt.source.validation import KeepTests, ValidationSettings


class TestgenSettings(ValidationSettings):
    """How a model is asked for tests, `n` answers for each function, and which functions and tests are kept."""

    __test__ = False  # it is no test, whatever pytest thinks of its name

    n: Count = 5
    temperature: Annotated[float, Field(ge=0)] = 0.8
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.95
    max_tokens: Count = 512
    style: Style = "completion"


def filter_stages(settings: FilterSettings) -> list[Stage]:
    """The filters: those that look at one function alone first, then what costs more.

    Raises `MultipltError` where a benchmark or the type checker is not here.
    """
    open_benchmarks(settings)
    stages: list[Stage] = [Filter(settings)]
    if settings.uses(TYPES):
        checker_version()
        stages.append(TypeCheck())
    if settings.uses(DUPLICATES):
        stages.append(Deduplicate())
    return stages


def testgen_stages(
    settings: TestgenSettings, model: ModelSettings, execute: ExecuteSettings, seed: int
) -> list[Stage]:
    """A model writes tests, and those that hold are kept.

    Raises `MultipltError` where the package coverage is not here.
    """
    import_coverage()
    values: Mapping[str, Any] = settings.model_dump()
    validation = ValidationSettings(**{name: values[name] for name in ValidationSettings.model_fields})
    sampling = Sampling(settings.temperature, settings.top_p, settings.max_tokens)
    return [
        AskForTests(model, sampling, settings.n, settings.style, seed),
        KeepTests(validation, execute, settings.style),
    ]

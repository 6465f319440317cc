"""The stages of step 1, in order."""

from __future__ import annotations

from multiplt.models import Sampling
from multiplt.run.engine import Stage
from multiplt.run.sampling import ModelSettings
from multiplt.settings import ExecuteSettings, FilterSettings, TestgenSettings
from multiplt.source.asking import AskForTests
from multiplt.source.coverage import import_coverage
from multiplt.source.duplicates import Deduplicate
from multiplt.source.filter import Filter, benchmark_names
from multiplt.source.typecheck import TypeCheck, checker_version
from multiplt.source.validation import KeepTests


def filter_stages(settings: FilterSettings) -> list[Stage]:
    """The filters: those that look at one function alone first, then what costs more.

    Raises `MultipltError` where a benchmark or the type checker is not here.
    """
    benchmark_names(settings)
    stages: list[Stage] = [Filter(settings)]
    if settings.uses("types"):
        checker_version()
        stages.append(TypeCheck())
    if settings.uses("duplicates"):
        stages.append(Deduplicate())
    return stages


def testgen_stages(
    settings: TestgenSettings, model: ModelSettings, execute: ExecuteSettings, seed: int
) -> list[Stage]:
    """A model writes tests, and those that hold are kept.

    Raises `MultipltError` where the package coverage is not here.
    """
    import_coverage()
    sampling = Sampling(settings.temperature, settings.top_p, settings.max_tokens)
    return [
        AskForTests(model, sampling, settings.n, settings.style, seed),
        KeepTests(settings, execute),
    ]

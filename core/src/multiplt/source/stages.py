"""The stages of step 1, in order."""

from __future__ import annotations

from multiplt.run.engine import Stage
from multiplt.source.duplicates import Deduplicate
from multiplt.source.filter import DUPLICATES, TYPES, Filter, FilterSettings, open_benchmarks
from multiplt.source.typecheck import TypeCheck, checker_version


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

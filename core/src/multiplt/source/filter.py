"""Stage `filter`: functions that are worth testing, and that are in no benchmark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from multiplt.errors import MultipltError, Refused
from multiplt.rows import Row, read_rows, set_aside
from multiplt.run.engine import StageContext, StageResult
from multiplt.settings import FilterSettings
from multiplt.source.decontamination import Benchmarks
from multiplt.source.definition import ParsedFunction
from multiplt.source.extract import parsing
from multiplt.source.filters import FILTERS, Reason


@dataclass(frozen=True)
class Filter:
    """Functions → those that pass the filters; what is set aside has the first reason that was found."""

    filters: FilterSettings
    name: str = "filter"
    parallel: bool = True

    def settings(self) -> Mapping[str, Any]:
        """What decides the rows."""
        return self.filters.model_dump()

    def __call__(self, rows: list[Row], context: StageContext) -> StageResult:
        """Each row, kept or set aside."""
        benchmarks = context.resource("benchmarks", lambda: Benchmarks(benchmark_names(self.filters)))
        kept: list[Row] = []
        rejected: list[Row] = []
        with parsing():
            for row in rows:
                reason = next(_reasons(row, self.filters, benchmarks), None)
                if reason is None:
                    kept.append(row)
                else:
                    rejected.append(set_aside(row | {"detail": reason[1]}, self.name, reason[0]))
                context.advance()
        return StageResult(kept, rejected)


def benchmark_names(settings: FilterSettings) -> tuple[str, ...]:
    """The benchmarks that no function may be taken from. Raises `MultipltError` where one is not here."""
    names = settings.benchmarks if settings.uses("benchmark") else ()
    try:
        for name in names:
            read_rows(name)
    except MultipltError as error:
        raise MultipltError(f"{error}; or say which file it is in (mbpp:FILE), or leave that benchmark out") from error
    return names


def _reasons(row: Row, settings: FilterSettings, benchmarks: Benchmarks) -> Iterator[Reason]:
    return (reason for _, reason in explain(row, settings, benchmarks) if reason is not None)


def explain(row: Row, settings: FilterSettings, benchmarks: Benchmarks) -> Iterator[tuple[str, Reason | None]]:
    """What each filter says of a function, one after the other."""
    try:
        function = ParsedFunction.of(row)
    except Refused as error:
        yield "source", ("there is no such function in the source", str(error))
        return
    for name, keeps in FILTERS.items():
        if settings.uses(name):
            yield name, keeps(function)
    if settings.uses("benchmark"):
        found = benchmarks.source_of(function)
        yield "benchmark", ("it was taken from a benchmark", found) if found else None

"""Samples of a model for the requests of a stage: each is kept in the stage's log as it arrives."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from typing import Any

from multiplt.models import ModelOptions, Request, Sample
from multiplt.rows.jsonl import Row
from multiplt.run.completions import CompletionLog, generation_key
from multiplt.run.engine import StageContext
from multiplt.run.model_session import ModelSession

LOG = "completions.jsonl"

@dataclass(frozen=True)
class ModelSettings:
    """A model as a stage uses it; `version` tells apart models of one name."""

    name: str
    version: str
    options: ModelOptions

    def settings(self) -> Mapping[str, Any]:
        """What decides its samples, beside how they are drawn."""
        options = {"options": dict(self.options.extra)} if self.options.extra else {}
        return {"model": self.name, "version": self.version, **options}

    def sample(self, requests: Sequence[Request], n: int, context: StageContext) -> list[list[Row]]:
        """For each request its samples 0 … n-1 as rows; see `arriving`."""
        samples: list[dict[int, Row]] = [{} for _ in requests]
        for number, index, sample in self.arriving([replace(r, indexes=range(n)) for r in requests], context):
            samples[number][index] = sample
            if len(samples[number]) == n:
                context.advance()
        return [[found[index] for index in range(n)] for found in samples]

    def arriving(self, requests: Sequence[Request], context: StageContext) -> Iterator[tuple[int, int, Row]]:
        """The samples that the requests want as they arrive: the number of the request, the index, and a row.

        `text` in it is what the model said, `error` why there is none. What is in the log of the stage's folder
        comes first and is not asked for; what is asked for is kept there. The requests' `id` does not matter.
        """
        log = context.resource("log", lambda: CompletionLog(context.folder / LOG))
        missing = []
        for number, request in enumerate(requests):
            key = self._key(request)
            lacking = set(log.missing(key, max(request.indexes, default=-1) + 1))
            for index in request.indexes:
                if index not in lacking:
                    yield number, index, log.get(key, index)
            indexes = [index for index in request.indexes if index in lacking]
            missing.append(replace(request, id=str(number), indexes=indexes))
        if not any(request.n for request in missing):
            return
        session = context.shared(f"model {self.name} {self._extra}", lambda: ModelSession(self.name, self.options))
        keys = [self._key(request) for request in requests]
        with closing(session.samples(missing)) as samples:
            for sample in samples:
                number, row = int(sample.id), _sample_row(sample)
                if sample.error is None:  # what failed may be asked for again
                    log.append(keys[number], sample.index, row)
                yield number, sample.index, row

    @property
    def _extra(self) -> str:
        return json.dumps(dict(self.options.extra), sort_keys=True) if self.options.extra else ""

    def _key(self, request: Request) -> str:
        return generation_key(
            model=" ".join([self.name, self.version, *([self._extra] if self._extra else [])]),
            prompt=request.prompt,
            seed=request.seed,
            sampling=asdict(request.sampling) | {"problem": request.problem},
        )


def checked_model(name: str, options: ModelOptions) -> ModelSettings:
    """The model of that name, known to be there. Raises `MultipltError` where it is not."""
    with closing(ModelSession(name, options)) as session:
        session.run(session.model.check())
        return ModelSettings(name, session.model.version, options)


def _sample_row(sample: Sample) -> Row:
    row = asdict(sample)
    del row["id"], row["index"]
    return {field: value for field, value in row.items() if value is not None}

"""Samples of a model for the requests of a stage: each is kept in the stage's log as it arrives."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from multiplt.models import ModelOptions, Request, Sample
from multiplt.rows.jsonl import Row
from multiplt.run.completions import CompletionLog, Completions, generation_key
from multiplt.run.engine import StageContext
from multiplt.run.model_session import ModelSession

LOG = "completions.jsonl"
"""The log's file in a stage's folder, and its name among the stage's resources."""

PLACEMENT = ("replicas", "tensor_parallel_size")
"""Options that say on how many GPUs a model is, and do not decide what it says."""


class Session(Protocol):
    """A model that is asked."""

    def batches(self, requests: Sequence[Request]) -> Generator[list[Sample], None, None]:
        """See `ModelSession`."""


@dataclass(frozen=True)
class ModelSettings:
    """A model as a stage uses it; `version` tells apart models of one name, `gpus` is what one copy of it needs."""

    name: str
    version: str
    options: ModelOptions
    gpus: int = 0

    @property
    def resource(self) -> str:
        """Its name among the resources that stages share."""
        return f"model {self.name} {_as_text(self.options.extra)}"

    def settings(self) -> Mapping[str, Any]:
        """What decides its samples, beside how they are drawn."""
        options = {"options": self._deciding} if self._deciding else {}
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
        log: Completions = context.resource(LOG, lambda: CompletionLog(context.folder / LOG))
        keys = [self._key(request) for request in requests]
        missing = []
        for number, request in enumerate(requests):
            found = log.found(keys[number], request.indexes)
            for index, row in found.items():
                yield number, index, row
            indexes = [index for index in request.indexes if index not in found]
            missing.append(replace(request, id=str(number), indexes=indexes))
        if not any(request.n for request in missing):
            return
        session: Session = context.shared(self.resource, lambda: ModelSession(self.name, self.options))
        with closing(session.batches(missing)) as batches:
            for batch in batches:
                rows = [(int(sample.id), sample.index, _sample_row(sample)) for sample in batch]
                # What failed may be asked for again.
                log.extend([(keys[number], index, row) for number, index, row in rows if "error" not in row])
                yield from rows

    @property
    def _deciding(self) -> dict[str, Any]:
        return {name: value for name, value in self.options.extra.items() if name not in PLACEMENT}

    def _key(self, request: Request) -> str:
        return generation_key(
            model=" ".join([self.name, self.version, *([_as_text(self._deciding)] if self._deciding else [])]),
            prompt=request.prompt,
            seed=request.seed,
            sampling=asdict(request.sampling) | {"problem": request.problem},
        )


def _as_text(options: Mapping[str, Any]) -> str:
    return json.dumps(dict(options), sort_keys=True)


def checked_model(name: str, options: ModelOptions) -> ModelSettings:
    """The model of that name, known to be there. Raises `MultipltError` where it is not."""
    with closing(ModelSession(name, options)) as session:
        session.run(session.model.check())
        return ModelSettings(name, session.model.version, options, session.model.gpus)


def _sample_row(sample: Sample) -> Row:
    row = asdict(sample)
    del row["id"], row["index"]
    return {field: value for field, value in row.items() if value is not None}

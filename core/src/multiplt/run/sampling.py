"""Samples of a model for the requests of a stage: each is kept in the stage's log as it arrives."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import aclosing, closing
from dataclasses import asdict, dataclass, replace
from typing import Any

from multiplt.models import ModelOptions, Request, Sample
from multiplt.run.completions import CompletionLog, generation_key
from multiplt.run.engine import StageContext
from multiplt.run.resources import ModelSession

LOG = "completions.jsonl"

Failed = dict[tuple[str, int], dict[str, Any]]
"""Samples that cannot be had, by key and index."""


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

    def sample(self, requests: Sequence[Request], n: int, context: StageContext) -> list[list[dict[str, Any]]]:
        """For each request its samples 0 … n-1 as rows; `text` is what the model said, `error` why there is none.

        Only those that are not in the log of the stage's folder are asked for. The requests' `id` and `indexes`
        do not matter.
        """
        log = context.resource("log", lambda: CompletionLog(context.folder / LOG))
        session = context.resource("model", lambda: ModelSession(self.name, self.options))
        asked = [self._missing(request, n, log) for request in requests]
        context.advance(sum(not request.n for request in asked))
        failed = session.run(_ask(session, [request for request in asked if request.n], log, context))
        return [[failed.get((r.id, index)) or log.get(r.id, index) for index in range(n)] for r in asked]

    def _missing(self, request: Request, n: int, log: CompletionLog) -> Request:
        options = [json.dumps(dict(self.options.extra), sort_keys=True)] if self.options.extra else []
        key = generation_key(
            model=" ".join([self.name, self.version, *options]),
            prompt=request.prompt,
            seed=request.seed,
            sampling=asdict(request.sampling) | {"problem": request.problem},
        )
        return replace(request, id=key, indexes=log.missing(key, n))


def checked_model(name: str, options: ModelOptions) -> ModelSettings:
    """The model of that name, known to be there. Raises `MultipltError` where it is not."""
    with closing(ModelSession(name, options)) as session:
        session.run(session.model.check())
        return ModelSettings(name, session.model.version, options)


async def _ask(session: ModelSession, requests: list[Request], log: CompletionLog, context: StageContext) -> Failed:
    """Log the samples of all requests; those that failed are returned, and not logged: they may be asked again."""
    missing = {request.id: request.n for request in requests}
    failed: Failed = {}
    async with aclosing(session.model.generate(requests)) as samples:
        async for sample in samples:
            if sample.error is None:
                log.append(sample.id, sample.index, _sample_row(sample))
            else:
                failed[sample.id, sample.index] = _sample_row(sample)
            missing[sample.id] -= 1
            if not missing[sample.id]:
                context.advance()
    return failed


def _sample_row(sample: Sample) -> dict[str, Any]:
    row = asdict(sample)
    del row["id"], row["index"]
    return {field: value for field, value in row.items() if value is not None}

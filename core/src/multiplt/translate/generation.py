"""Stage `generate`: a model completes problems."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from typing import Any

from multiplt.models import ModelOptions, Request, Sample, Sampling, derive_seed
from multiplt.plugins import installed
from multiplt.problems import Problem
from multiplt.rows import Row
from multiplt.run.completions import CompletionLog, generation_key
from multiplt.run.engine import StageContext, StageResult
from multiplt.run.resources import ModelSession

LOG = "completions.jsonl"

Failed = dict[tuple[str, int], dict[str, Any]]
"""Samples that cannot be had, by key and index."""


@dataclass(frozen=True)
class Generate:
    """Problems → problems with `n` completions each, as the model `model` gives them.

    Every completion is kept in the log of the stage's folder as it arrives, so that a killed run asks
    again only for what was in flight, with the same seeds. `version` tells apart models of one name.
    """

    language: str
    model: str
    version: str
    options: ModelOptions
    sampling: Sampling
    n: int
    seed: int = 0
    chat: bool = False
    name: str = "generate"

    def settings(self) -> Mapping[str, Any]:
        """What decides the rows."""
        return {
            "model": self.model,
            "version": self.version,
            "sampling": asdict(self.sampling),
            "n": self.n,
            "seed": self.seed,
            "chat": self.chat,
        }

    def __call__(self, rows: list[Row], context: StageContext) -> StageResult:
        """Each row with its `samples`, in the order of their indexes."""
        log = context.resource("log", lambda: CompletionLog(context.folder / LOG))
        session = context.resource("model", lambda: ModelSession(self.model, self.options))
        requests = [self._request(Problem.from_row(row), log) for row in rows]
        context.advance(sum(not request.n for request in requests))
        failed = session.run(self._ask(session, [request for request in requests if request.n], log, context))
        return StageResult(
            [self._completed(row, request.id, log, failed) for row, request in zip(rows, requests, strict=True)]
        )

    def _request(self, problem: Problem, log: CompletionLog) -> Request:
        prompt = problem.multiplt.chat_prompt if self.chat and problem.multiplt else problem.prompt
        sampling = self.sampling if self.chat else replace(self.sampling, stop=problem.stop_tokens)
        seed = derive_seed(self.seed, self.language, problem.name)
        model = f"{self.model} {self.version}"
        key = generation_key(
            model=model, prompt=prompt, seed=seed, sampling=asdict(sampling) | {"problem": problem.name}
        )
        return Request(
            id=key,
            prompt=prompt,
            indexes=log.missing(key, self.n),
            seed=seed,
            sampling=sampling,
            chat=self.chat,
            problem=problem.name,
            languages=installed().language(self.language).spec.names,
        )

    async def _ask(
        self, session: ModelSession, requests: list[Request], log: CompletionLog, context: StageContext
    ) -> Failed:
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

    def _completed(self, row: Row, key: str, log: CompletionLog, failed: Failed) -> Row:
        samples = [failed.get((key, index)) or log.get(key, index) for index in range(self.n)]
        sampling = {"temperature": self.sampling.temperature, "top_p": self.sampling.top_p}
        return {**row, **sampling, "max_tokens": self.sampling.max_tokens, "samples": samples}


def _sample_row(sample: Sample) -> dict[str, Any]:
    row = asdict(sample)
    del row["id"], row["index"]
    return {field: value for field, value in row.items() if value is not None}


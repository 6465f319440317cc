"""Stage `generate`: a model completes problems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from multiplt.models import Request, Sampling, derive_seed
from multiplt.plugins import installed
from multiplt.problems import Problem
from multiplt.rows import Row
from multiplt.run.engine import StageContext, StageResult
from multiplt.run.sampling import ModelSettings


@dataclass(frozen=True)
class Generate:
    """Problems → problems with `n` completions each.

    Every completion is kept in the log of the stage's folder as it arrives, so that a killed run asks
    again only for what was in flight, with the same seeds.
    """

    language: str
    model: ModelSettings
    sampling: Sampling
    n: int
    seed: int = 0
    chat: bool = False
    name: str = "generate"

    def settings(self) -> Mapping[str, Any]:
        """What decides the rows."""
        return {
            **self.model.settings(),
            "sampling": asdict(self.sampling),
            "n": self.n,
            "seed": self.seed,
            "chat": self.chat,
        }

    def __call__(self, rows: list[Row], context: StageContext) -> StageResult:
        """Each row with its `samples`, in the order of their indexes."""
        requests = [self._request(Problem.from_row(row)) for row in rows]
        drawn = {"temperature": self.sampling.temperature, "top_p": self.sampling.top_p}
        drawn["max_tokens"] = self.sampling.max_tokens
        samples = self.model.sample(requests, self.n, context)
        return StageResult([{**row, **drawn, "samples": found} for row, found in zip(rows, samples, strict=True)])

    def _request(self, problem: Problem) -> Request:
        prompt = problem.multiplt.chat_prompt if self.chat and problem.multiplt else problem.prompt
        return Request(
            id=problem.name,
            prompt=prompt,
            seed=derive_seed(self.seed, self.language, problem.name),
            sampling=self.sampling if self.chat else replace(self.sampling, stop=problem.stop_tokens),
            chat=self.chat,
            problem=problem.name,
            languages=installed().language(self.language).spec.names,
        )

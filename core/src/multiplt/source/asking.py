"""Stage `ask`: a model writes tests for functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

from multiplt.models import Request, Sampling, derive_seed
from multiplt.rows import Row
from multiplt.run.engine import StageContext, StageResult
from multiplt.run.sampling import ModelSettings

Style = Literal["completion", "chat"]

STOP = ("\ndef ", "\nclass ", "\nif __name__", "\nprint(", '\n"""', "\n```")
"""Where a completion ends: at what is no test any more."""

LANGUAGES = ("python", "py")


@dataclass(frozen=True)
class AskForTests:
    """Functions → the same with `samples`, `n` answers of a model each, kept in a log as they arrive."""

    model: ModelSettings
    sampling: Sampling
    n: int
    style: Style = "completion"
    seed: int = 0
    name: str = "ask"

    threads: ClassVar[int] = 4
    """So that the last answers of one shard do not keep the model waiting."""

    def settings(self) -> Mapping[str, Any]:
        """What decides the rows."""
        settings = {"sampling": asdict(self.sampling), "n": self.n, "style": self.style, "seed": self.seed}
        return {**self.model.settings(), **settings, "prompt": build_prompt("", "f", self.style)}

    def __call__(self, rows: list[Row], context: StageContext) -> StageResult:
        """Each row with its answers, in the order of their indexes."""
        samples = self.model.sample([self._request(row) for row in rows], self.n, context)
        return StageResult([row | {"samples": found} for row, found in zip(rows, samples, strict=True)])

    def _request(self, row: Row) -> Request:
        sampling = asdict(self.sampling) | {"stop": () if self.style == "chat" else STOP}
        return Request(
            id=str(row["id"]),
            prompt=build_prompt(row["content"], row["entrypoint"], self.style),
            seed=derive_seed(self.seed, "testgen", str(row["id"])),
            sampling=Sampling(**sampling),
            chat=self.style == "chat",
            problem=str(row["id"]),
            languages=LANGUAGES,
        )


def build_prompt(content: str, entrypoint: str, style: Style) -> str:
    """What a model is given for a function.

    In completion style it ends in the middle of the first test (`opening`), which the completion goes on with.

    >>> print(build_prompt("def half(n): return n / 2", "half", "completion"))
    def half(n): return n / 2
    <BLANKLINE>
    <BLANKLINE>
    # Unit tests of half: one call each, with the value that it returns, all of them literals.
    assert half(
    """
    if style == "completion":
        about = f"# Unit tests of {entrypoint}: one call each, with the value that it returns, all of them literals."
        return f"{content.rstrip()}\n\n\n{about}\n{opening(entrypoint, style)}"
    fence = "````" if "```" in content else "```"
    return (
        f"Write unit tests for this Python function:\n\n{fence}python\n{content.rstrip()}\n{fence}\n\n"
        f"Answer with one code block of at least ten lines, each of the form `assert {entrypoint}(...) == ...`, in "
        "which arguments and result are literals. Cover every branch and the edge cases. Define and import nothing."
    )


def opening(entrypoint: str, style: Style) -> str:
    """What of the first test stands in the prompt already."""
    return f"assert {entrypoint}(" if style == "completion" else ""

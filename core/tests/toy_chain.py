"""A chain of toy stages, run by tests in processes of their own: `python toy_chain.py OUT ROWS [SCALE] [PROCESSES]`."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from multiplt.errors import MultipltError
from multiplt.rows import Row, set_aside
from multiplt.run import (
    CompletionLog,
    LocalEngine,
    StageContext,
    StageResult,
    StageSummary,
    exclusive,
    generation_key,
    import_rows,
    run_stage,
)

SAMPLES = 3


@dataclass(frozen=True)
class Scale:
    """Multiplies; sets multiples of seven aside."""

    scale: int
    name: str = "scale"

    def settings(self) -> Mapping[str, Any]:
        return {"scale": self.scale}

    def __call__(self, rows: list[Row], context: StageContext) -> StageResult:
        time.sleep(0.01)
        scaled = [row | {"scaled": (row["n"] + 1) * self.scale} for row in rows]
        rejected = [set_aside(row, self.name, "a multiple of 7") for row in scaled if not row["n"] % 7]
        return StageResult([row for row in scaled if row["n"] % 7], rejected)


@dataclass(frozen=True)
class Generate:
    """Asks a slow model for samples, through the log."""

    name: str = "generate"

    def settings(self) -> Mapping[str, Any]:
        return {"n": SAMPLES}

    def __call__(self, rows: list[Row], context: StageContext) -> StageResult:
        log = context.resource("log", lambda: CompletionLog(context.folder / "completions.jsonl"))
        kept = []
        for row in rows:
            key = generation_key(model="toy", prompt=str(row["scaled"]), seed=0, sampling={"temperature": 1.0})
            for index in log.missing(key, SAMPLES):
                time.sleep(0.002)
                log.append(key, index, {"text": f"{row['scaled']}/{index}"})
            kept.append(row | {"completions": [sample["text"] for sample in (log.get(key, i) for i in range(SAMPLES))]})
            context.advance()
        return StageResult(kept)


@dataclass(frozen=True)
class Unfold:
    """One row for each completion."""

    name: str = "unfold"

    def settings(self) -> Mapping[str, Any]:
        return {}

    def __call__(self, rows: list[Row], context: StageContext) -> StageResult:
        time.sleep(0.01)
        kept = [{"n": row["n"], "content": text} for row in rows for text in row["completions"]]
        return StageResult(kept, expanded=len(kept) - len(rows))


def run_chain(out: Path, count: int, scale: int = 2, processes: int = 1) -> list[StageSummary]:
    with exclusive(out):
        summaries = [import_rows(({"n": n} for n in range(count)), out / "import", shard_size=5)]
        source = out / "import"
        for stage in (Scale(scale), Generate(), Unfold()):
            engine = LocalEngine(1 if stage.name == "generate" else processes)
            summaries.append(run_stage(stage, source, out / stage.name, engine=engine))
            source = out / stage.name
    return summaries


if __name__ == "__main__":
    try:
        run_chain(Path(sys.argv[1]), *map(int, sys.argv[2:]))
    except MultipltError as error:
        sys.exit(f"Error: {error}")

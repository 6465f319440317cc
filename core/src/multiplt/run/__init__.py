"""The machinery of a run: configuration, stages over shards, and what makes it go on after a kill."""

from __future__ import annotations

from multiplt.run.completions import CompletionLog, generation_key
from multiplt.run.config import Config, load_config
from multiplt.run.engine import Engine, LocalEngine, Stage, StageContext, StageResult
from multiplt.run.lock import exclusive, exclusive_file
from multiplt.run.manifest import code_versions, fingerprint
from multiplt.run.progress import Progress
from multiplt.run.shards import StageSummary, import_rows, read_shards, run_first_stage, run_stage

__all__ = [
    "CompletionLog",
    "Config",
    "Engine",
    "LocalEngine",
    "Progress",
    "Stage",
    "StageContext",
    "StageResult",
    "StageSummary",
    "code_versions",
    "exclusive",
    "exclusive_file",
    "fingerprint",
    "generation_key",
    "import_rows",
    "load_config",
    "read_shards",
    "run_first_stage",
    "run_stage",
]

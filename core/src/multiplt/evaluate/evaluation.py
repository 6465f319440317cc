"""Evaluating a model: problems, completions, verdicts, and MultiPL-E's files of them in one folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from multiplt.errors import MultipltError
from multiplt.evaluate.benchmark_problems import BenchmarkProblems
from multiplt.evaluate.reachable import Reachable
from multiplt.evaluate.results import score, usual_ks
from multiplt.execute.rows import result_row
from multiplt.execute.verdicts import Judged
from multiplt.models import ModelOptions
from multiplt.plugins import BoundLanguage
from multiplt.problems import Failure, Problem, Status, Verdict
from multiplt.rows import Row, read_rows
from multiplt.rows.atomic import remove_leftovers
from multiplt.rows.multipl_e import completions_files, results_path, write_completions_file, write_results_file
from multiplt.rows.parquet import read_parquet
from multiplt.run.lock import exclusive
from multiplt.run.manifest import code_versions
from multiplt.run.resources import open_executor, open_judge
from multiplt.run.sampling import ModelSettings, checked_model
from multiplt.run.shards import StageSummary, read_shards, run_first_stage, run_stage, shard_paths
from multiplt.run.shared import Resources
from multiplt.settings import EvaluationSettings, ExecuteSettings, TranslationSamplingSettings
from multiplt.translate.attempts import Attempts

STAGES = "stages"
"""The folder of the stages' shards, in that of the evaluation."""

SHARD = 50
"""Problems that are worked on together."""

OF_STAGES = ("samples", "results", "refused_tests")
"""Fields that stages add to a problem and files do not have."""


@dataclass
class Evaluation:
    """What an evaluation came to.

    `counts` are the completions and right ones of each problem, `causes` why a problem cannot be passed, by the
    problem's name. `truncated` completions reached the limit on tokens, `whole` ones are programs of their own
    instead of continuing the prompt, `lost` ones have no verdict, for a reason.
    """

    language: str
    counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    causes: dict[str, str] = field(default_factory=dict)
    modes: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    truncated: int = 0
    whole: int = 0
    set_aside: Counter[str] = field(default_factory=Counter)

    @property
    def ceiling(self) -> float:
        """The share of problems that a completion could pass: the best score that there could be."""
        return 1 - len(self.causes) / len(self.counts)

    def check_complete(self, model: str) -> None:
        """Raise `MultipltError` where a completion of `model` has no verdict."""
        if self.lost:
            reason, count = self.lost.most_common(1)[0]
            raise MultipltError(
                f"{model}: {self.lost.total()} completions have no verdict, {count} of them because: {reason}; "
                "the same command asks for them again"
            )

    def as_dict(self) -> dict[str, Any]:
        """The same as JSON, with pass@k and its 95% interval for each k that there are enough completions for."""
        scores = {k: score(self.counts, k) for k in usual_ks(self.counts)}
        return {
            "language": self.language,
            "judged": dict(self.modes),
            "problems": len(self.counts),
            "completions": self.statuses.total(),
            "pass": [{"k": k, "mean": s.mean, "lower": s.lower, "upper": s.upper} for k, s in scores.items()],
            "ceiling": self.ceiling,
            "unreachable": self.causes,
            "statuses": dict(self.statuses.most_common()),
            "truncated": self.truncated,
            "whole": self.whole,
            "lost": dict(self.lost),
            "set_aside": dict(self.set_aside),
        }


def evaluate(
    benchmark: str,
    language: BoundLanguage,
    model: tuple[str, ModelOptions],
    settings: EvaluationSettings,
    execute: ExecuteSettings,
    folder: Path,
) -> Evaluation:
    """Have a model complete the problems of `benchmark` (anything `read_rows` reads), and judge the completions.

    `folder` gets a completions file and a results file for each problem; in its folder `stages` is what an
    interrupted evaluation goes on from.

    Raises `MultipltError`, before any work, where the benchmark, the model, the sandbox or the toolchain is not
    there, or `folder` holds something else.
    """
    if folder.is_dir() and completions_files(folder) and not (folder / STAGES).exists():
        raise MultipltError(f"{folder} holds files of something else; choose another folder")
    rows = read_rows(benchmark)
    checked = checked_model(*model)
    with open_executor(execute) as executor:
        toolchain = open_judge(language.spec.name, executor, execute).toolchain
    run = _Run(language, settings, execute, toolchain, checked, folder)
    with exclusive(folder):
        problems = run.problems(rows, benchmark)
        run.answer()
        evaluation = run.results()
    evaluation.set_aside = problems.reasons
    return evaluation


@dataclass(frozen=True)
class _Run:
    """The stages of one evaluation, and the files that come of them."""

    language: BoundLanguage
    evaluation: EvaluationSettings
    execute: ExecuteSettings
    toolchain: str
    model: ModelSettings
    folder: Path

    @property
    def stages(self) -> Path:
        return self.folder / STAGES

    def problems(self, rows: Iterable[Row], benchmark: str) -> StageSummary:
        """Make the problems, each with a name of its own."""
        name = self.language.spec.name
        stage = BenchmarkProblems(name, self.evaluation, self.execute)
        versions = code_versions(self.language.distribution)
        summary = run_first_stage(stage, rows, self.stages / stage.name, shard_size=SHARD, versions=versions)
        names = Counter(row["name"] for row in read_shards(self.stages / stage.name))
        if not names:
            reason = summary.reasons.most_common(1)[0][0]
            raise MultipltError(f"no row of {benchmark} can be evaluated in {name}: {reason}")
        twice, count = names.most_common(1)[0]
        if count > 1:
            raise MultipltError(f"{benchmark} holds problem {twice} twice; leave one out")
        for path in completions_files(self.folder):
            if (other := path.name.removesuffix(".gz").removesuffix(".json")) not in names:
                raise MultipltError(f"{self.folder} holds {other}, which is not in {benchmark}; choose another folder")
        return summary

    def answer(self) -> None:
        """See what can be passed, have the model complete the problems, and judge its completions."""
        name, drawn = self.language.spec.name, self.evaluation
        sampling = TranslationSamplingSettings(**drawn.model_dump(include={"n", "temperature", "top_p", "max_tokens"}))
        attempts = Attempts(
            name, self.model, sampling, self.execute, self.toolchain, seed=drawn.seed, chat=drawn.style == "chat"
        )
        with closing(Resources()) as shared:
            for stage in (Reachable(name, self.execute, self.toolchain), attempts):
                versions = code_versions(self.language.distribution)
                run_stage(
                    stage, self.stages / "problems", self.stages / stage.name, versions=versions, shared=shared
                )

    def results(self) -> Evaluation:
        """Write the files, and count what is in them."""
        found = Evaluation(self.language.spec.name)
        remove_leftovers(self.folder)
        for shard in shard_paths(self.stages / "attempts"):
            lost = found.lost.total()
            for row in read_parquet(shard):
                self._write(row, int(shard.stat().st_mtime), found)
            if found.lost.total() > lost:  # the next call asks again for what could not be had
                shard.unlink()
        ceiling = read_shards(self.stages / "ceiling")
        found.causes = {row["name"]: row["cause"] for row in ceiling if not row["reachable"]}
        return found

    def _write(self, row: Row, timestamp: int, found: Evaluation) -> None:
        """Write the files of one problem, with those of its completions that have a verdict."""
        problem = Problem.from_row(row)
        completions, results = [], []
        for sample, result in zip(row["samples"], row["results"], strict=True):
            if result is None:
                found.lost[sample["error"]] += 1
                continue
            completion = self.language.extract_completion(problem, sample["text"])
            completions.append(completion.code)
            results.append(result_row(_judged(result)) | {"timestamp": timestamp})
            found.whole += completion.whole
            found.truncated += sample["finish_reason"] == "length"
            found.statuses[result["status"]] += 1
        fields = {name: value for name, value in row.items() if name not in OF_STAGES}
        path = self.folder / f"{problem.name}.json.gz"
        write_completions_file(path, fields, completions)
        write_results_file(results_path(self.folder, path), fields, results)
        right = sum(result["status"] == Status.OK for result in results)
        found.counts[problem.name] = (len(results), right)
        found.modes[problem.mode] += 1


def _judged(result: Row) -> Judged:
    """The verdict in a row of the stage `attempts`."""
    failure = Failure(**result["failure"]) if result["failure"] else None
    fields = {name: value for name, value in result.items() if name != "program"}
    return Judged(Verdict(**fields | {"status": Status(result["status"]), "failure": failure}), result["program"])

"""Stage `attempts`: a model completes problems, and every completion is executed as it arrives."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any, ClassVar

from multiplt.errors import Refused
from multiplt.execute.verdicts import Judge, Judged, Submission, Submitted
from multiplt.models import Request, Sampling, derive_seed
from multiplt.plugins import installed
from multiplt.problems import Problem, Status
from multiplt.rows import Row
from multiplt.run.completions import CompletionLog
from multiplt.run.engine import StageContext, StageResult
from multiplt.run.manifest import fingerprint
from multiplt.run.resources import shared_judge
from multiplt.run.sampling import ModelSettings
from multiplt.settings import ExecuteSettings, TranslationSamplingSettings
from multiplt.translate.adaptive import Rule, Tally
from multiplt.translate.near_duplicates import Distinct


@dataclass(frozen=True)
class Attempts:
    """Problems → the same with `samples` of a model and `results`, the verdict on each; one with an `error` has none.

    Every completion is kept in the log of the stage's folder as it arrives, and so is every verdict until its shard
    is written: a killed run asks again only for what was in flight, with the same seeds. `problems` are those of all
    shards together, which share a budget.
    """

    language: str
    model: ModelSettings
    sampling: TranslationSamplingSettings
    execute: ExecuteSettings
    toolchain: str
    problems: int = 0
    seed: int = 0
    chat: bool = False
    name: str = "attempts"

    threads: ClassVar[int] = 4
    """While one shard waits for its last completions or verdicts, the others keep model and cores busy."""

    def settings(self) -> Mapping[str, Any]:
        """What decides the rows."""
        sampling = self.sampling
        settings = {
            **self.model.settings(),
            "sampling": self._drawn,
            "n": sampling.n,
            "seed": self.seed,
            "chat": self.chat,
            "timeout": self.execute.timeout,
            "memory": self.execute.memory,
            "toolchain": self.toolchain,
        }
        if sampling.adaptive:
            budget = {"budget": sampling.budget, "problems": self.problems} if sampling.budget else {}
            settings["adaptive"] = sampling.model_dump(include={"enough", "least_odds"}) | budget
        return settings

    def __call__(self, rows: list[Row], context: StageContext) -> StageResult:
        """Each row with its samples, in the order of their indexes, and their results."""
        judge = shared_judge(context, self.language, self.toolchain, self.execute)
        problems = [Problem.from_row(row) for row in rows]
        tries = [Tries(row, problem, self._request(problem)) for row, problem in zip(rows, problems, strict=True)]
        rule = self._rule(len(rows))
        with _verdicts(context) as verdicts:
            work = _Work(self, judge, context, verdicts)
            while any(wanted := rule.next_round([each.tally for each in tries]) if rule else self._lacking(tries)):
                work.do_round(tries, wanted)
        return StageResult([each.row | self._drawn | each.found for each in tries])

    @property
    def _drawn(self) -> dict[str, Any]:
        """How completions are drawn, as rows say it."""
        return self.sampling.model_dump(include={"temperature", "top_p", "max_tokens"})

    def _rule(self, problems: int) -> Rule | None:
        sampling = self.sampling
        if not sampling.adaptive:
            return None
        return Rule(sampling.n, sampling.enough, sampling.least_odds, self._budget(problems))

    def _budget(self, problems: int) -> int:
        """The share of so many problems in the budget."""
        budget = self.sampling.budget
        most = self.sampling.n * problems
        return most if budget is None else min(most, budget * problems // max(1, self.problems))

    def _lacking(self, tries: Sequence[Tries]) -> list[int]:
        return [self.sampling.n - each.tally.asked for each in tries]

    def _request(self, problem: Problem) -> Request:
        prompt = problem.multiplt.chat_prompt if self.chat and problem.multiplt else problem.prompt
        sampling = Sampling(**self._drawn)
        return Request(
            id=problem.name,
            prompt=prompt,
            seed=derive_seed(self.seed, self.language, problem.name),
            sampling=sampling if self.chat else replace(sampling, stop=problem.stop_tokens),
            chat=self.chat,
            problem=problem.name,
            languages=installed().language(self.language).spec.names,
        )


@dataclass
class Tries:
    """A problem's completions and what came of them, by index."""

    row: Row
    problem: Problem
    request: Request
    samples: dict[int, Row] = field(default_factory=dict)
    results: dict[int, Row | None] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    distinct: Distinct | None = None

    @property
    def found(self) -> Row:
        """The fields that the row gets."""
        order = range(self.tally.asked)
        return {"samples": [self.samples[i] for i in order], "results": [self.results[i] for i in order]}


@contextmanager
def _verdicts(context: StageContext) -> Iterator[CompletionLog]:
    """The verdicts on a shard's completions, kept until the shard is done."""
    path = context.folder / f"{context.shard}.verdicts.jsonl"
    with closing(CompletionLog(path)) as verdicts:
        yield verdicts
    path.unlink(missing_ok=True)


@dataclass
class _Running:
    """A completion whose program runs."""

    tries: Tries
    index: int
    key: str
    submitted: Submitted


@dataclass
class _Work:
    """The work on a shard."""

    stage: Attempts
    judge: Judge
    context: StageContext
    verdicts: CompletionLog

    def do_round(self, tries: Sequence[Tries], wanted: Sequence[int]) -> None:
        """Get so many more completions of each problem, with their verdicts."""
        requests = [
            replace(each.request, indexes=range(each.tally.asked, each.tally.asked + more))
            for each, more in zip(tries, wanted, strict=True)
        ]
        running: deque[_Running] = deque()
        for number, index, sample in self.stage.model.arriving(requests, self.context):
            self.context.count(completions=1)
            self._start(tries[number], index, sample, running)
            while running and running[0].submitted.is_done():
                self._settle(running.popleft())
        for started in running:
            self._settle(started)
        for each, more in zip(tries, wanted, strict=True):
            self._tally(each, more)

    def _start(self, tries: Tries, index: int, sample: Row, running: deque[_Running]) -> None:
        """Execute a completion, unless there is nothing to execute or the verdict is known."""
        tries.samples[index] = sample
        key = fingerprint(self.context.fingerprint, tries.problem.name, sample["text"])
        if "error" in sample:
            self._take(tries, index, None)
        elif not self.verdicts.missing(key, 1):
            self._take(tries, index, self.verdicts.get(key, 0))
        else:
            try:
                completion = self.judge.language.extract_completion(tries.problem, sample["text"])
                submitted = self.judge.submit(Submission(tries.problem, completion))
                running.append(_Running(tries, index, key, submitted))
            except Refused as reason:
                self._take(tries, index, {"error": str(reason)})

    def _settle(self, run: _Running) -> None:
        try:
            verdict = _as_row(run.submitted.verdict())
        except Refused as reason:
            verdict = {"error": str(reason)}
        self.verdicts.append(run.key, 0, verdict)
        self._take(run.tries, run.index, verdict)

    def _take(self, tries: Tries, index: int, verdict: Row | None) -> None:
        """Keep the verdict on a completion, or why it has none."""
        if verdict and "error" in verdict:
            tries.samples[index] |= verdict
            verdict = None
        tries.results[index] = verdict
        if verdict:
            self.context.count(validated=1)
            self.context.keep(verdict["status"] == Status.OK, of=1)
        if len(tries.results) == self.stage.sampling.n:
            self.context.advance()

    def _tally(self, tries: Tries, more: int) -> None:
        """Count the completions of a round, in the order of their indexes."""
        for index in range(tries.tally.asked, tries.tally.asked + more):
            tries.tally.add(self._group(tries, index) if self.stage.sampling.adaptive else None)

    def _group(self, tries: Tries, index: int) -> int | None:
        """Which of the problem's distinct right completions this one is, or is near to; None where it is not right."""
        result = tries.results[index]
        if result is None or result["status"] != Status.OK:
            return None
        language = self.judge.language
        try:
            completion = language.extract_completion(tries.problem, tries.samples[index]["text"])
            text = language.clean(tries.problem, completion).without_comments
            if tries.distinct is None:
                tries.distinct = Distinct()
            keeper = tries.distinct.add(text)
        except Refused:
            return None
        return len(tries.distinct) - 1 if keeper is None else keeper


def _as_row(judged: Judged) -> Row:
    verdict = asdict(judged.verdict)
    return {"program": judged.program, **verdict, "status": str(judged.verdict.status)}

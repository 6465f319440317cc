"""Programs a second: one-shot in the sandbox, against the bare interpreter on the same programs.

Both run in this process' turn, round by round, with the same number of workers, on the completions of
the quickstart that pass. `bare` is what a plain evaluator does: prompt, completion and suite as text in
one file, one interpreter a program, no sandbox. `sandbox` is what multiplt does for a verdict: its
harness, the sandbox, and the judging of every case.

    python benchmarks/execute.py [--programs N] [--rounds N] [--workers N] [--lang LANG]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from multiplt.execute.executor import Executor
from multiplt.execute.plan import Limits
from multiplt.execute.verdicts import Judge, Submission
from multiplt.plugins import installed
from multiplt.problems import Problem, Status
from multiplt.rows import read_rows
from multiplt.settings import PromptSettings
from multiplt.translate.prompting import build_rows
from multiplt.translate.resources import open_sandbox

QUICKSTART = Path(__file__).parents[1] / "examples" / "quickstart"


def submissions(language: str, executor: Executor) -> Iterator[Submission]:
    """The quickstart's completions in a language, each with its problem."""
    target = installed().language(language)
    rows = list(read_rows(QUICKSTART / "functions.jsonl"))
    made = build_rows(rows, target, PromptSettings(canonical=False), executor)
    problems = {row["name"]: Problem.from_row(row) for row in made if "reason" not in row}
    for row in read_rows(QUICKSTART / "completions.jsonl"):
        if row["language"] in target.spec.names and row["name"] in problems:
            for text in row["completions"]:
                problem = problems[row["name"]]
                yield Submission(problem, target.extract_completion(problem, text))


def passing(judge: Judge, programs: int) -> list[Submission]:
    """Submissions that pass, so that both sides run their programs to the end."""
    every = list(submissions(judge.language.spec.name, judge.executor))
    judged = zip(every, judge.verdicts(every), strict=True)
    passed = (submission for submission, result in judged if result.verdict.status is Status.OK)
    return list(islice(passed, programs))


def time_bare(judge: Judge, batch: Sequence[Submission], workers: int) -> float:
    """Seconds for the batch by the bare interpreter."""
    plans = [judge.language.build_program(submission.problem, submission.completion) for submission in batch]

    def run(text: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"main{judge.language.spec.suffix}"
            path.write_text(text)
            command = [judge.language.spec.toolchain[0], str(path)]
            subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)

    started = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(run, (program.text for program in plans)))
    return time.perf_counter() - started


def time_sandbox(judge: Judge, batch: Sequence[Submission], workers: int) -> float:
    """Seconds for the batch's verdicts, none of them known before."""
    with Executor(open_sandbox("bubblewrap"), workers) as executor:
        fresh = Judge(judge.language, executor, judge.limits)
        fresh.check()
        started = time.perf_counter()
        for judged in fresh.verdicts(batch):
            assert judged.verdict.status is Status.OK, judged.verdict
        return time.perf_counter() - started


@click.command()
@click.option("--programs", default=60, show_default=True, help="Programs a round.")
@click.option("--rounds", default=3, show_default=True, help="Rounds; the median counts.")
@click.option("--workers", default=len(os.sched_getaffinity(0)), show_default="one a core")
@click.option("--lang", "languages", multiple=True, help="By default every installed language.")
def main(programs: int, rounds: int, workers: int, languages: tuple[str, ...]) -> None:
    """Compare one-shot execution in the sandbox with the bare interpreter."""
    table = Table("language", "programs", "bare /s", "sandbox /s", "sandbox : bare", box=None)
    for name in languages or installed().languages:
        with Executor(open_sandbox("bubblewrap"), workers) as executor:
            judge = Judge(installed().language(name), executor, Limits())
            judge.check()
            batch = passing(judge, programs)
            if not batch:
                continue
            times = [(time_bare(judge, batch, workers), time_sandbox(judge, batch, workers)) for _ in range(rounds)]
        bare, sandbox = (len(batch) / statistics.median(column) for column in zip(*times, strict=True))
        table.add_row(name, str(len(batch)), f"{bare:.1f}", f"{sandbox:.1f}", f"{sandbox / bare:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()

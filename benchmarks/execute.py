"""Programs a second and what they cost: in warm servers, one-shot, and as MultiPL-E runs them.

The programs are the quickstart's completions that pass, each with a comment behind it so that no two are the
same. All ways take turns, round by round, with the same number of workers; the median counts.

- `polled` is MultiPL-E's way: prompt, completion and suite as text, one interpreter a program, no sandbox, a look
  every 0.1 s whether it has ended (its `evaluation/src/safe_subprocess`). With --multipl-e PATH it is MultiPL-E's
  own evaluator in that checkout.
- `one-shot`: a sandbox and an interpreter a program, our harness, the verdict on every case.
- `warm`: the same in warm servers, which are up when the clock starts.

CPU seconds are for 1,000 programs, those of this process, of the programs and of starting servers; memory is what a
worker's warm server takes between programs (its share of shared pages, in MiB).
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

import click
from rich.console import Console
from rich.table import Table

from multiplt.execute.bubblewrap import Bubblewrap
from multiplt.execute.executor import Executor
from multiplt.execute.plan import MIB, Limits
from multiplt.execute.verdicts import Judge, Submission
from multiplt.plugins import BoundLanguage, installed
from multiplt.problems import Problem, Status
from multiplt.rows import read_rows
from multiplt.settings import PromptSettings
from multiplt.translate.prompting import build_rows

QUICKSTART = Path(__file__).parents[1] / "examples" / "quickstart"
POLL_S = 0.1

Run = Callable[[Sequence[Submission]], float]
"""Runs programs that pass; returns the MiB that are held for each worker between them."""

Way = Callable[[BoundLanguage, int], AbstractContextManager[Run]]
"""What makes that, for a language and a number of workers."""


class Measured(NamedTuple):
    """Programs a second, CPU seconds for 1,000, MiB of memory per worker."""

    rate: float
    cpu_s: float
    memory: float


@contextmanager
def judged(warm: bool, language: BoundLanguage, workers: int) -> Iterator[Run]:
    """Verdicts by multiplt."""
    sandbox = Bubblewrap(eager=True)
    with Executor(sandbox, workers, warm=warm) as executor:
        judge = Judge(language, executor, Limits())

        def run(batch: Sequence[Submission]) -> float:
            for result in judge.verdicts(batch):
                assert result.verdict.status is Status.OK, result.verdict
            return sum(map(proportional_bytes, sandbox.kept())) / workers / MIB

        yield run


@contextmanager
def evaluated(checkout: Path | None, language: BoundLanguage, workers: int) -> Iterator[Run]:
    """MultiPL-E's way, or its own evaluator."""
    if checkout:
        sys.path.insert(0, str(checkout / "evaluation" / "src"))

    def run_one(text: str) -> None:
        if checkout:
            from containerized_eval import eval_string_script  # type: ignore[import-not-found, unused-ignore]

            assert eval_string_script(language.spec.tag, text)["status"] == "OK", text
        else:
            run_polled(language, text)

    def run(batch: Sequence[Submission]) -> float:
        list(pool.map(run_one, (language.build_program(s.problem, s.completion).text for s in batch)))
        return 0.0

    with ThreadPoolExecutor(workers) as pool:
        yield run


def run_polled(language: BoundLanguage, text: str) -> None:
    """Run a program by the bare interpreter and look from time to time whether it has ended."""
    with tempfile.NamedTemporaryFile(suffix=language.spec.suffix) as file:
        file.write(text.encode())
        file.flush()
        command, pipe = [language.spec.toolchain[0], file.name], subprocess.PIPE
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe) as process:
            while process.poll() is None:
                time.sleep(POLL_S)
    assert process.returncode == 0, text


def measure(
    way: Way, language: BoundLanguage, workers: int, programs: Iterator[Submission], seconds: float
) -> Measured:
    """Run programs one way for about so many seconds."""
    done, size, cpu_before = 0, 4 * workers, cpu_s()
    with way(language, workers) as run:
        run(list(islice(programs, size)))
        started = time.perf_counter()
        while (elapsed := time.perf_counter() - started) < seconds:
            memory = run(list(islice(programs, size)))
            done += size
            size = max(4 * workers, round(done / (time.perf_counter() - started) * seconds / 4))
    return Measured(done / elapsed, (cpu_s() - cpu_before) / (done + 4 * workers) * 1000, memory)


def cpu_s() -> float:
    """CPU seconds of this process and of those that have ended under it."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def proportional_bytes(pid: int) -> int:
    """Memory of a process, shared pages by share; 0 where it may not be seen."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0


def passing(language: BoundLanguage, workers: int) -> list[Submission]:
    """The quickstart's completions in a language that pass."""
    rows = list(read_rows(QUICKSTART / "functions.jsonl"))
    with Executor(Bubblewrap(), workers) as executor:
        made = build_rows(rows, language, PromptSettings(canonical=False), executor)
        problems = {row["name"]: Problem.from_row(row) for row in made if "reason" not in row}
        submissions = [
            Submission(problems[row["name"]], language.extract_completion(problems[row["name"]], text))
            for row in read_rows(QUICKSTART / "completions.jsonl")
            if row["language"] in language.spec.names and row["name"] in problems
            for text in row["completions"]
        ]
        verdicts = [result.verdict for result in Judge(language, executor, Limits(wall_s=5)).verdicts(submissions)]
    return [tried for tried, verdict in zip(submissions, verdicts, strict=True) if verdict.status is Status.OK]


def distinct(submissions: Sequence[Submission], language: BoundLanguage) -> Iterator[Submission]:
    """The submissions over and over, no two of them the same program."""
    for number, submission in enumerate(cycle(submissions)):
        code = f"{submission.completion.code}\n{language.spec.comments.write(str(number))}\n"
        yield replace(submission, completion=replace(submission.completion, code=code))


@click.command(help=(__doc__ or "").replace("\n\n", "\n\n\b\n"))
@click.option("--seconds", default=5.0, show_default=True, help="For each way, language and round.")
@click.option("--rounds", default=3, show_default=True, help="Rounds; the median counts.")
@click.option("--workers", default=len(os.sched_getaffinity(0)), show_default="one a core")
@click.option("--lang", "languages", multiple=True, help="By default every installed language.")
@click.option("--multipl-e", type=click.Path(exists=True, path_type=Path), help="A checkout of MultiPL-E.")
def main(seconds: float, rounds: int, workers: int, languages: tuple[str, ...], multipl_e: Path | None) -> None:
    """Print the table."""
    ways: dict[str, Way] = {
        "polled": partial(evaluated, multipl_e),
        "one-shot": partial(judged, False),
        "warm": partial(judged, True),
    }
    table = Table("language", *(f"{name} /s" for name in ways), "warm : polled", "warm : one-shot",
                  *(f"CPU {name}" for name in ways), "MiB warm", box=None)  # fmt: skip
    for name in languages or installed().languages:
        language = installed().language(name)
        programs = distinct(passing(language, workers), language)
        seen: dict[str, list[Measured]] = {way: [] for way in ways}
        for _ in range(rounds):
            for way in ways:
                seen[way].append(measure(ways[way], language, workers, programs, seconds))
        rate, cpu, memory = (
            {way: statistics.median(measured[field] for measured in seen[way]) for way in ways} for field in range(3)
        )
        ratios = (f"{rate['warm'] / rate[way]:.1f}" for way in ("polled", "one-shot"))
        table.add_row(name, *(f"{rate[way]:.1f}" for way in ways), *ratios,
                      *(f"{cpu[way]:.1f}" for way in ways), f"{memory['warm']:.0f}")  # fmt: skip
        print(f"{name} is measured", file=sys.stderr)
    Console(width=160).print(table)


if __name__ == "__main__":
    main()

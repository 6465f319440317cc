"""Self-instruction: a model continues a list of programs with ones of its own, and those that run are kept.

The baseline of the MultiPL-T paper's appendix A (OOPSLA 2024); the README beside this file says what differs.

    python self_instruct.py --model vllm:MODEL -l LANG --seeds nuprl/MultiPL-T:LANG --items 500 -o programs.parquet
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from multiplt.cli.endings import errors_in_one_sentence
from multiplt.cli.options import execution, language, output
from multiplt.cli.outputs import rows_output
from multiplt.comments import strip_comments
from multiplt.errors import MultipltError, Refused
from multiplt.execute.verdicts import Judge, Submission
from multiplt.models import ModelOptions, Request, Sampling, derive_seed
from multiplt.plugins import installed
from multiplt.problems import Completion, Problem, Status
from multiplt.rows import Rejected, Row, read_rows, write_rows
from multiplt.run import StageContext
from multiplt.run.progress import Progress
from multiplt.run.resources import open_executor, open_judge
from multiplt.run.sampling import ModelSettings, checked_model
from multiplt.settings import ExecuteSettings
from multiplt.translate.near_duplicates import Distinct

SEPARATOR = "====="
SHOWN = 4
"""Programs in a prompt: seeds, and once there are `MIXED` of the model's own, as many of these as of those."""

MIXED = 10
SEEDS, LONGEST = 100, 1638
"""So many seeds are drawn of those with at most so many characters: 512 tokens, of 3.2 characters each."""

SAMPLING = Sampling(temperature=0.8, top_p=0.95, max_tokens=512, stop=(SEPARATOR,))
STAGE = "self-instruct"
ROUND = 64
"""Prompts that are asked at once: what one of them brings is shown in those of the next round."""


@dataclass(frozen=True)
class Prompts:
    """The prompts: the one of each number is the same for the same seeds, kept programs and seed."""

    seeds: Sequence[str]
    language: str
    seed: int

    @cached_property
    def opening(self) -> str:
        """How most seeds begin: what the language wants first, and the start of a comment.

        There is no space at its end: to most models that is a part of the word behind it.
        """
        comments = installed().language(self.language).spec.comments
        starts = [re.escape(start) for start in (comments.line, comments.block and comments.block[0]) if start]
        comment = re.compile(rf"\A.*?(?:{'|'.join(starts)})[^\w\s]*", re.DOTALL)
        found = [match[0] for program in self.seeds if (match := comment.match(program))]
        return Counter(found).most_common(1)[0][0] if found else ""

    def request(self, number: int, kept: Sequence[str]) -> Request:
        """What the model is asked: a list of programs, and the beginning of one more."""
        chance = random.Random(derive_seed(self.seed, "shown", number))
        own = SHOWN // 2 if len(kept) >= MIXED else 0
        shown = chance.sample(self.seeds, SHOWN - own) + chance.sample(kept, own)
        return Request(
            id=str(number),
            prompt=f"\n{SEPARATOR}\n\n".join([*shown, self.opening]),
            seed=derive_seed(self.seed, "answer", number),
            sampling=SAMPLING,
            problem=f"self-instruct-{number}",
            languages=installed().language(self.language).spec.names,
        )


def read_seeds(source: str, seed: int) -> list[str]:
    """Seeds drawn of the rows of `source`, which have programs in `content`."""
    programs = [row["content"].strip() + "\n" for row in read_rows(source) if isinstance(row.get("content"), str)]
    short = [program for program in programs if len(program) <= LONGEST]
    if len(short) < SHOWN:
        raise MultipltError(f"{source} has {len(short)} programs that are short enough; {SHOWN} are needed at least")
    return random.Random(derive_seed(seed, "seeds")).sample(short, min(SEEDS, len(short)))


def run(programs: Sequence[str | None], judge: Judge) -> list[str]:
    """What is wrong with each program, None being one without an end; empty for one that runs to its own."""
    problem = Problem(name="program", language=judge.language.spec.tag, prompt="", tests="")
    submissions = (Submission(problem, Completion(program, whole=True)) for program in programs if program is not None)
    attempts = judge.attempts(submissions)
    found = []
    for program in programs:
        attempt = None if program is None else next(attempts)
        if attempt is None:
            found.append("it was not finished")
        elif isinstance(attempt, Refused):
            found.append(str(attempt))
        else:
            found.append("" if attempt.verdict.status is Status.OK else str(attempt.verdict.status))
    return found


def self_instruct(
    prompts: Prompts, model: ModelSettings, judge: Judge, context: StageContext, rejected: Rejected, most: int
) -> Iterator[Row]:
    """Programs that the model wrote, that run, and that are no near-duplicates of a seed or of each other.

    At most `most` prompts are asked.
    """
    comments = judge.language.spec.comments
    kept: list[str] = []
    distinct = Distinct()
    for program in prompts.seeds:
        distinct.add(strip_comments(program, comments))
    for first in range(0, most, ROUND):
        requests = [prompts.request(number, kept) for number in range(first, min(first + ROUND, most))]
        samples = [sample for (sample,) in model.sample(requests, 1, context)]
        programs = [
            prompts.opening + sample["text"].partition(SEPARATOR)[0].rstrip() + "\n"
            if sample.get("finish_reason") == "stop"
            else None
            for sample in samples
        ]
        for request, program, reason in zip(requests, programs, run(programs, judge), strict=True):
            row = {"name": request.problem, "content": program}
            if program is None or reason:
                rejected.add(row, STAGE, reason)
            elif distinct.add(strip_comments(program, comments)) is not None:
                rejected.add(row, STAGE, "a near-duplicate of a seed or an earlier program")
            else:
                kept.append(program)
                yield {"id": len(kept) - 1, **row}


def first_of(rows: Iterator[Row], count: int) -> Iterator[Row]:
    """The first rows, with their progress."""
    with Progress(STAGE, count, unit="programs") as progress:
        for number, row in enumerate(rows, 1):
            yield row
            progress.advance()
            if number == count:
                return


@click.command()
@click.option("--model", required=True, help="openai:MODEL@URL, vllm:MODEL, transformers:MODEL or replay:FILE.")
@language
@click.option("--seeds", required=True, help="Rows with programs in the column content.")
@click.option("--items", type=click.IntRange(min=1), default=500, show_default=True, help="Programs to keep.")
@click.option("--most", type=click.IntRange(min=1), default=50_000, show_default=True, help="Prompts to ask at most.")
@click.option("--seed", type=int, default=0, show_default=True)
@output
@execution
def main(model: str, lang: str, seeds: str, items: int, most: int, seed: int, out: str, **settings: Any) -> None:
    """Have MODEL write programs from seeds; the same call goes on where it stopped, from OUT.work."""
    execute = ExecuteSettings(**settings)
    name = installed().language(lang).spec.name
    prompts = Prompts(read_seeds(seeds, seed), name, seed)
    asked = checked_model(model, ModelOptions())
    context = StageContext(Path(f"{out}.work"))
    with rows_output(out) as rejected, open_executor(execute) as executor, closing(context):
        judge = open_judge(name, executor, execute)
        rows = first_of(self_instruct(prompts, asked, judge, context, rejected, most), items)
        click.echo(f"{write_rows(rows, out, rejected)} programs written to {out}", err=True)
    if rejected.count:
        click.echo(rejected.summary(), err=True)


if __name__ == "__main__":
    with errors_in_one_sentence():
        main()

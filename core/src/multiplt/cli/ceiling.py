"""`multiplt ceiling`: which problems no completion can pass, and why."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from multiplt.cli.options import WIDE, as_json, example, execution
from multiplt.cli.outputs import rows_output
from multiplt.errors import MultipltError, Refused
from multiplt.evaluate.ceiling import Reach, cause_classes, reaches
from multiplt.plugins import installed
from multiplt.problems import Problem
from multiplt.rows import Rejected, Row, read_rows, write_rows
from multiplt.run.progress import Progress
from multiplt.run.resources import open_executor, open_judge
from multiplt.settings import ExecuteSettings


@dataclass(frozen=True)
class Ceiling:
    """What of the problems in a language a completion could pass, and the classes of causes of the others."""

    language: str
    problems: int
    reachable: int
    causes: list[tuple[str, int]]

    @property
    def share(self) -> float:
        """The ceiling: the best pass rate that there could be."""
        return self.reachable / self.problems


@click.command(epilog=example("multiplt ceiling nuprl/MultiPL-E:humaneval-LANG:test -o unreachable.jsonl"))
@click.argument("problems")
@click.option("-o", "--output", "out", help="Where to write a row for each problem; '-' is standard output.")
@execution
@as_json
def ceiling(problems: str, out: str | None, as_json: bool, **settings: Any) -> None:
    """Show which PROBLEMS no completion can pass, and why, by running each suite against a stub.

    PROBLEMS is JSONL, Parquet, a folder or a Hub dataset of problems in MultiPL-E's form, multiplt's own
    or others'. The share that could be passed is the ceiling of every score on them.
    """
    execute = ExecuteSettings(**settings)
    with rows_output(out) if out else nullcontext(Rejected("-")) as rejected:
        rows = sorted(_read(problems, rejected), key=lambda item: item[1].language)
        if not rows:
            raise MultipltError(f"{problems} holds no problem; check that it has the fields of MultiPL-E's")
        found = list(_run(rows, execute, rejected))
        if out:
            write_rows(map(_row, found), out, rejected)
    _show([_summary(name, list(group)) for name, group in groupby(found, _language)], as_json, err=out == "-")
    if rejected.count:
        click.echo(rejected.summary(), err=True)


def _read(source: str, rejected: Rejected) -> Iterator[tuple[Row, Problem]]:
    for row in read_rows(source):
        try:
            yield row, Problem.from_row(row)
        except Refused as reason:
            rejected.add(row, "ceiling", str(reason))


def _run(rows: Sequence[tuple[Row, Problem]], execute: ExecuteSettings, rejected: Rejected) -> Iterator[Reach]:
    groups = {name: list(group) for name, group in groupby(rows, key=lambda item: item[1].language)}
    names = {name: installed().language(name).spec.name for name in groups}
    with open_executor(execute) as executor, Progress("ceiling", len(rows), unit="problems") as progress:
        judges = {name: open_judge(names[name], executor, execute) for name in groups}
        for name, group in groups.items():
            found = reaches([problem for _, problem in group], judges[name], progress.advance)
            for (row, _), reach in zip(group, found, strict=True):
                if isinstance(reach, Refused):
                    rejected.add(row, "ceiling", str(reach))
                else:
                    yield reach


def _language(reach: Reach) -> str:
    return installed().language(reach.problem.language).spec.name


def _row(reach: Reach) -> Row:
    problem = reach.problem
    described = {"name": problem.name, "language": problem.language, "mode": problem.mode}
    return described | {"reachable": reach.reachable, "cause": reach.cause}


def _summary(language: str, found: Sequence[Reach]) -> Ceiling:
    causes = cause_classes(reach.cause for reach in found if not reach.reachable)
    return Ceiling(language, len(found), sum(reach.reachable for reach in found), causes)


def _show(ceilings: Sequence[Ceiling], as_json: bool, err: bool) -> None:
    if as_json:
        click.echo(json.dumps([_as_dict(ceiling) for ceiling in ceilings], indent=2), err=err)
        return
    table = Table("language", "problems", "share", "", box=None, header_style="bold")
    for column in table.columns[1:3]:
        column.justify = "right"
    for ceiling in ceilings:
        table.add_row(ceiling.language, str(ceiling.problems), "", "in all")
        counted = [("could be passed: the ceiling", ceiling.reachable), *ceiling.causes]
        for title, count in counted:
            table.add_row("", str(count), f"{count / ceiling.problems:.1%}", escape(title))
    console = Console(stderr=err, width=None if (sys.stderr if err else sys.stdout).isatty() else WIDE)
    console.print(table)


def _as_dict(ceiling: Ceiling) -> dict[str, Any]:
    return {
        "language": ceiling.language,
        "problems": ceiling.problems,
        "reachable": ceiling.reachable,
        "ceiling": ceiling.share,
        "causes": [{"cause": cause, "problems": count} for cause, count in ceiling.causes],
    }

"""`multiplt compare`: runs against a base, problem by problem."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import click

from multiplt.cli.options import as_json, example
from multiplt.errors import UsageError
from multiplt.evaluate.comparison import Comparison, Selection, compare, restricted, select, shared
from multiplt.evaluate.pass_k import Estimate
from multiplt.evaluate.results import Counts, rates, read_results, refuse_short, score
from multiplt.report.plots import check_plot, plot_scores
from multiplt.report.tables import FORMATS

HEADER = ("run", "problems", "pass@1", "95% interval", "difference", "95% of it", "p", "gained", "lost")
MOST = 5
"""Problems that are named of those gained and of those lost."""

Runs = Mapping[str, Counts]


@click.command("compare", epilog=example("multiplt compare base/ epoch1/ epoch2/ --select --format latex"))
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--select", "selecting", is_flag=True,
              help="The runs after the first are epochs: choose one on some problems, judge it on the others.")
@click.option("--validation", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.25,
              show_default=True, help="The share of problems that --select chooses by.")
@click.option("--seed", type=int, default=0, show_default=True, help="Decides which problems those are.")
@click.option("--per-problem", is_flag=True, help="A row for each problem on which runs differ, instead.")
@click.option("--format", "form", type=click.Choice([*FORMATS]), default="markdown", show_default=True)
@click.option("--plot", type=click.Path(path_type=Path), help="Draw the scores to a file: .pdf, .png or .svg.")
@as_json
def compare_command(
    paths: tuple[Path, ...],
    selecting: bool,
    validation: float,
    seed: int,
    per_problem: bool,
    form: str,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Compare results on the same problems: each run's pass@1 against the first's.

    PATHS are folders of MultiPL-E results files, or files of rows with results; the first is the base. Scores and
    differences are in percent, with bootstrap intervals over problems; p is that of a paired permutation test.
    """
    if len(paths) < 2:
        raise UsageError("one run has nothing to be compared with; name two or more")
    if plot:
        check_plot(plot)
    runs = _read(paths)
    base = next(iter(runs))
    comparisons = {name: compare(runs[base], run) for name, run in islice(runs.items(), 1, None)}
    chosen = select([*runs.values()][1:], validation, seed) if selecting else None
    if chosen:
        best = [*comparisons][chosen.best]
        left = [restricted(runs[name], chosen.rest) for name in (base, best)]
        label = f"{best}, chosen on {len(chosen.validation)} problems (seed {seed}), on the others"
        comparisons[label] = compare(*left)
    if plot:
        plot_scores({name: score(run, 1) for name, run in runs.items()}, plot)
    if as_json:
        click.echo(json.dumps(_as_dict(base, comparisons, chosen), indent=2))
    elif per_problem:
        click.echo(FORMATS[form](*_problem_table(runs)), nl=False)
    else:
        click.echo(FORMATS[form](HEADER, _table(runs, base, comparisons, chosen)), nl=False)
        for name, comparison in comparisons.items():
            _name_problems(name, comparison)


def _read(paths: Sequence[Path]) -> Runs:
    """The runs by name, with the problems that all of them have."""
    names = [path.resolve().name for path in paths]
    if len(set(names)) < len(names):
        names = [str(path) for path in paths]
    if len(set(names)) < len(names):
        raise UsageError("a run is named twice; name each once")
    read = [read_results(path) for path in paths]
    for path, results in zip(paths, read, strict=True):
        refuse_short(path, results.counts, 1)
    if len({results.modes for results in read}) > 1:
        judged = ", ".join(f"{name} {' and '.join(sorted(r.modes))}" for name, r in zip(names, read, strict=True))
        click.echo(f"The runs are not judged by one rule ({judged}), and so their scores differ by that too", err=True)
    kept = shared([results.counts for results in read])
    if left_out := len(set().union(*(results.counts for results in read))) - len(kept[0]):
        click.echo(f"{left_out} problems are left out that not every run has", err=True)
    return dict(zip(names, kept, strict=True))


def _table(
    runs: Runs, base: str, comparisons: Mapping[str, Comparison], chosen: Selection | None
) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = [_base_row(base, len(runs[base]), score(runs[base], 1))]
    for name, found in comparisons.items():
        count = len(runs[base])
        if chosen and name not in runs:
            count = len(chosen.rest)
            rows.append(_base_row(f"{base}, on the others", count, found.base))
        described = (name, str(count), *_estimate(found.score), *_estimate(found.difference, "+"))
        rows.append((*described, f"{found.p_value:.4f}", str(len(found.gains)), str(len(found.losses))))
    return rows


def _base_row(name: str, problems: int, found: Estimate) -> Sequence[str]:
    return (name, str(problems), *_estimate(found), *[""] * 5)


def _estimate(found: Estimate, sign: str = "") -> tuple[str, str]:
    lower, upper = (format(100 * bound, f"{sign}.1f") for bound in (found.lower, found.upper))
    return format(100 * found.mean, f"{sign}.1f"), f"{lower} to {upper}"


def _problem_table(runs: Runs) -> tuple[Sequence[str], list[Sequence[str]]]:
    """The problems on which runs differ, those first that the last run gained most over the first."""
    of_runs = [rates(run, 1) for run in runs.values()]
    lines = {name: [run[name] for run in of_runs] for name in of_runs[0]}
    differing = {name: line for name, line in lines.items() if len(set(line)) > 1}
    ordered = sorted(differing.items(), key=lambda item: (item[1][0] - item[1][-1], item[0]))
    return ("problem", *runs), [(name, *(f"{100 * rate:.1f}" for rate in line)) for name, line in ordered]


def _name_problems(name: str, comparison: Comparison) -> None:
    for verb, found in (("gained", comparison.gains), ("lost", comparison.losses)):
        if found:
            largest = islice(found.items(), MOST)
            named = ", ".join(f"{problem} {100 * difference:+.0f}" for problem, difference in largest)
            more = f" and {len(found) - MOST} more" if len(found) > MOST else ""
            click.echo(f"{name} {verb} {named}{more}", err=True)


def _as_dict(base: str, comparisons: Mapping[str, Comparison], chosen: Selection | None) -> dict[str, object]:
    described = [{"run": name, **asdict(comparison)} for name, comparison in comparisons.items()]
    return {"base": base, "comparisons": described, "selection": asdict(chosen) if chosen else None}

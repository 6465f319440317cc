"""`multiplt train`: a model is fine-tuned as a recipe says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from multiplt.cli.options import WIDE, as_json, example
from multiplt.rows import Rejected
from multiplt.run.lock import exclusive
from multiplt.train.checkpoints import claim, found
from multiplt.train.launching import Process, check_gpus, launch, must_launch, this_process
from multiplt.train.preflight import GIB, Plan, Report, as_dict, check_installed, preflight
from multiplt.train.recipe import Recipe, load_recipe


@click.command(epilog=example("multiplt train examples/recipes/starcoderbase-1b.toml --preflight"))
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option("--set", "overrides", multiple=True, metavar="SECTION.KEY=VALUE", help="Change a setting of the file.")
@click.option("--preflight", "only_preflight", is_flag=True, help="Look at data, model and disk, and stop there.")
@as_json
def train(recipe: Path, overrides: tuple[str, ...], only_preflight: bool, as_json: bool) -> None:
    """Fine-tune a model as RECIPE says; from a training that was interrupted it goes on after its last epoch.

    Before any GPU time is spent, a preflight shows what will be trained on and what it will take, and stops where the
    training would fail.
    """
    settings = load_recipe(recipe, overrides)
    check_installed()
    process = this_process(settings.hardware)
    if only_preflight:
        _show(_plan(settings, process, "-"), as_json)
        return
    if must_launch(settings.hardware):
        check_gpus(settings.hardware)
    if process.is_first:
        with exclusive(settings.train.output):
            plan = _plan(settings, process, settings.train.output)
            claim(settings, plan.described())
            if not must_launch(settings.hardware):
                _train(plan, process, as_json)
                return
        launch(settings.hardware, sys.argv[1:])
    _train(_plan(settings, process, "-"), process, as_json)


def _plan(settings: Recipe, process: Process, out: str | Path) -> Plan:
    with Rejected(out) as rejected:
        plan = preflight(settings, process.world, rejected, show=process.is_first)
    if process.is_first and rejected.count:
        click.echo(rejected.summary(), err=True)
    return plan


def _train(plan: Plan, process: Process, as_json: bool) -> None:
    from multiplt.train.training import train

    if process.is_first:
        done = max(found(plan.recipe), default=0)
        all_done = f"all {done} epochs were trained before, nothing was trained again"
        click.echo(all_done if done >= plan.recipe.train.epochs else _described(plan.report), err=True)
    made = train(plan, process.is_first, lambda line: click.echo(line, err=True))
    if process.is_first:
        click.echo(json.dumps([str(path) for path in made]) if as_json else "\n".join(map(str, made)))


def _show(plan: Plan, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(as_dict(plan.report), indent=2))
        return
    table = Table(box=None, show_header=False)
    for name, value in _lines(plan.report):
        table.add_row(name, value)
    Console(width=None if sys.stdout.isatty() else WIDE).print(table)


def _described(report: Report) -> str:
    return "; ".join(f"{name}: {value}" for name, value in _lines(report)[:6])


def _lines(report: Report) -> list[tuple[str, str]]:
    """The report as it is read."""
    trained = "" if report.trained == report.parameters else f", {report.trained:,} of them trained"
    how = "packed, each text by itself" if report.is_packed else "padded, a text each"
    return [
        ("model", f"{report.parameters:,} parameters{trained}"),
        ("texts", f"{report.texts:,}, {report.tokens_per_epoch:,} tokens an epoch, the longest {report.longest:,}"),
        ("cut", f"{report.truncated_share:.1%} of them"),
        ("ends", f"{report.eos} in the labels of {report.ends_in_labels:.1%} looked at; padding is {report.pad}"),
        ("sequences", f"{report.sequences:,} an epoch, {how}"),
        ("steps", f"{report.steps_per_epoch:,} an epoch, {report.steps:,} in all"),
        ("batches a step", f"{report.accumulation:,} on each GPU"),
        ("memory", f"about {report.memory_per_gpu / GIB:,.1f} GiB a GPU"),
        ("time", f"about {report.gpu_hours:,.1f} GPU hours of an A100"),
        ("disk", f"up to {report.disk_needed / GIB:,.1f} GiB of {report.disk_free / GIB:,.1f} GiB free"),
    ]

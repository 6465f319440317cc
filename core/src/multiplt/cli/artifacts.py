"""`multiplt artifacts`: what the paper published."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table

from multiplt.cli.options import WIDE, as_json, example
from multiplt.evaluate.artifacts import Artifact, catalogue, find_artifact


@click.group("artifacts", epilog=example("multiplt artifacts list"))
def artifacts() -> None:
    """The paper's published datasets and models, by table and figure."""


@artifacts.command("list", epilog=example("multiplt artifacts list"))
@as_json
def list_artifacts(as_json: bool) -> None:
    """List the artifacts with the paper's pass@1 in percent, before and after, where it is known."""
    found = catalogue().values()
    if as_json:
        click.echo(json.dumps([asdict(artifact) for artifact in found], indent=2))
        return
    table = Table("artifact", "on the Hub", "revision", "pass@1", box=None, header_style="bold")
    for artifact in found:
        table.add_row(artifact.name, artifact.hub, _revision(artifact), _scores(artifact))
    Console(width=None if sys.stdout.isatty() else WIDE).print(table)


@artifacts.command("show", epilog=example("multiplt artifacts show step2/translations"))
@click.argument("name")
@as_json
def show(name: str, as_json: bool) -> None:
    """Show the artifact NAME, where that is known from, and how it is used.

    One epoch of a model is NAME/epochN.
    """
    artifact = find_artifact(name)
    if as_json:
        click.echo(json.dumps(asdict(artifact), indent=2))
        return
    epoch = "/epochN" if artifact.is_open else ""
    use = f"--model artifact:{name}{epoch}" if artifact.kind == "model" else artifact.hub
    described = {
        artifact.kind: artifact.hub,
        "about": artifact.about,
        "revision": _revision(artifact),
        "epochs": artifact.tag,
        "tokenizer": artifact.tokenizer,
        "pass@1": _scores(artifact),
        "use": use,
        "from": "; ".join(artifact.sources),
        "not known": "; ".join(artifact.unknown),
    }
    for field, value in described.items():
        if value:
            click.echo(f"{field + ':':<12}{value}")


def _revision(artifact: Artifact) -> str:
    return artifact.tag.replace("{epoch}", "N") if artifact.is_open else artifact.revision or ""


def _scores(artifact: Artifact) -> str:
    scores = [f"{score:.1f}" for score in (artifact.base_score, artifact.score) if score is not None]
    return " → ".join(scores)

"""`multiplt languages`: what is installed."""

from __future__ import annotations

import json
import sys
from importlib import metadata
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from multiplt.cli.options import WIDE, as_json, example
from multiplt.errors import MultipltError
from multiplt.execute.executor import Executor
from multiplt.execute.plan import Limits
from multiplt.execute.verdicts import Judge
from multiplt.plugins import installed
from multiplt.run.resources import open_sandbox

COLUMNS = ("language", "tag", "plugin", "version", "toolchain", "state")


@click.command(epilog=example("multiplt languages"))
@as_json
def languages(as_json: bool) -> None:
    """List the installed languages: name, tag, version, toolchain, state."""
    rows = _rows()
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    if not rows:
        click.echo("No language is installed; pip install multiplt-lang-NAME", err=True)
        return
    table = Table(*COLUMNS, box=None, header_style="bold")
    for row in rows:
        table.add_row(*(escape(row[column]) for column in COLUMNS))
    Console(width=None if sys.stdout.isatty() else WIDE).print(table)


def _rows() -> list[dict[str, Any]]:
    plugins = installed()
    rows = []
    try:
        executor, unavailable = Executor(open_sandbox("bubblewrap")), ""
    except MultipltError as error:
        executor, unavailable = None, str(error)
    for name in plugins.languages:
        language = plugins.language(name)
        row = {"language": name, "tag": language.spec.tag, "plugin": language.distribution}
        row |= {"version": _version(language.distribution), "toolchain": "", "state": unavailable or "ready"}
        if executor:
            try:
                row["toolchain"] = Judge(language, executor, Limits()).toolchain
            except MultipltError as error:
                row["state"] = str(error)
        rows.append(row)
    if executor:
        executor.close()
    for broken in plugins.broken:
        row = {"language": broken.name, "tag": "", "plugin": broken.distribution, "version": "", "toolchain": ""}
        rows.append(row | {"state": f"broken: {broken.error}"})
    return rows


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""

"""`multiplt plugin`: write a language plugin, and check one."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from multiplt.cli.options import example
from multiplt.errors import MultipltError, UsageError
from multiplt.plugins import BoundLanguage, installed
from multiplt.run.resources import open_sandbox
from multiplt.testing.scaffold import write_plugin

if TYPE_CHECKING:
    from multiplt.testing.checking import Finding

FREQUENT = 5
"""Causes of many failures that the summary names."""

SHOWN = {"ok": "ok   ", "failed": "FAIL ", "skipped": "skip "}


@click.group()
def plugin() -> None:
    """Write a language plugin, and check one."""


@plugin.command(epilog=example("multiplt plugin new tcl --suffix .tcl --command tclsh"))
@click.argument("name")
@click.option("-o", "--output", "parent", default=".", type=click.Path(path_type=Path, file_okay=False),
              help="The folder to write multiplt-lang-NAME/ in; by default this one.")  # fmt: skip
@click.option("--suffix", help="Of the language's files; by default .NAME.")
@click.option("--command", help="What runs a file; by default NAME.")
def new(name: str, parent: Path, suffix: str | None, command: str | None) -> None:
    """Write the plugin of a new language: a package that installs, with what is left to do marked in it."""
    folder = write_plugin(name, parent, suffix=suffix or f".{name}", command=command or name)
    click.echo(folder)
    click.echo(f"Next: pip install -e {folder}; multiplt plugin check {name} says what is left to do.", err=True)


@plugin.command(epilog=example("multiplt plugin check racket"))
@click.argument("name")
@click.option("--only", default="", metavar="TEXT", help="Run only checks with this text in their name.")
def check(name: str, only: str) -> None:
    """Run the conformance suite on an installed language; exit 1 where a check fails."""
    language = _find(name).spec.name
    open_sandbox("bubblewrap")
    try:
        from multiplt.testing.checking import check_language
    except ModuleNotFoundError as error:
        raise MultipltError(f'multiplt plugin check needs {error.name}; pip install "multiplt[kit]"') from None
    counts: Counter[str] = Counter()
    causes: Counter[str] = Counter()

    def tell(finding: Finding) -> None:
        counts[finding.outcome] += 1
        causes.update([finding.reason] if finding.outcome == "failed" else [])
        reason = finding.reason.strip().replace("\n", "\n      ")
        click.echo(f"{SHOWN[finding.outcome]} {finding.check}{f': {reason}' if reason else ''}")

    check_language(language, tell, only)
    if not counts:
        raise UsageError(f"no check has {only!r} in its name; leave out --only to see them all")
    parts = [f"{counts['ok']} ok", f"{counts['failed']} failed", f"{counts['skipped']} skipped"]
    for cause, times in causes.most_common(FREQUENT):
        if times > 1:
            click.echo(f"{times} checks fail of the same: {cause}")
    click.echo(f"{language}: {counts.total()} checks, {', '.join(parts)}")
    sys.exit(bool(counts["failed"]))


def _find(name: str) -> BoundLanguage:
    """The language; a broken one is an error, an unknown one is wrong use."""
    try:
        return installed().language(name)
    except MultipltError as error:
        broken = any(plugin.name == name.lower() for plugin in installed().broken)
        raise (error if broken else UsageError(str(error))) from None

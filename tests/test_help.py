"""Each command shows an example that it would take, and stands in README's table."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import click
import pytest

from commands import ROOT
from multiplt.cli import main

TABLE = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("| `multiplt ")]


def commands(group: click.Group, name: str = "multiplt") -> Iterator[tuple[str, click.Command]]:
    """All commands, those in groups too, by what is typed."""
    for part, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {part}")
        else:
            yield f"{name} {part}", command


ALL = dict(commands(main))


@pytest.mark.parametrize("name", ALL)
def test_the_example_in_a_commands_help_is_of_it(name: str) -> None:
    command = ALL[name]
    example = (command.epilog or "").rpartition("\n")[2].strip()
    assert example.startswith(name)
    options = {option for parameter in command.params for option in parameter.opts}
    given = {word for word in shlex.split(example) if word.startswith("-") and word != "-"}
    assert given <= options


@pytest.mark.parametrize("name", ALL)
def test_a_command_has_one_row_in_the_readme(name: str) -> None:
    rows = [row for row in TABLE if row.startswith((f"| `{name}`", f"| `{name} "))]
    assert len(rows) == 1

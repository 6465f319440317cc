"""The command line: one module per command, errors in one sentence."""

from __future__ import annotations

from typing import Any

import click

from multiplt.cli.artifacts import artifacts
from multiplt.cli.ceiling import ceiling
from multiplt.cli.compare import compare_command
from multiplt.cli.dataset import dataset
from multiplt.cli.dedup import dedup
from multiplt.cli.doctor import doctor
from multiplt.cli.endings import end_in_order_on_signals, errors_in_one_sentence
from multiplt.cli.evaluate import evaluate_command
from multiplt.cli.execute import execute
from multiplt.cli.languages import languages
from multiplt.cli.pass_k import pass_k
from multiplt.cli.plugin import plugin
from multiplt.cli.prompts import prompts
from multiplt.cli.run import run
from multiplt.cli.source import extract, filter_functions, infer_types, testgen
from multiplt.cli.train import train
from multiplt.cli.translate import translate
from multiplt.plugins import installed


class Commands(click.Group):
    """The group of all commands: plugins add theirs, and no error shows a traceback."""

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        self._add_plugins()
        return super().get_command(ctx, name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._add_plugins()
        return super().list_commands(ctx)

    def _add_plugins(self) -> None:
        if self.__dict__.setdefault("_extended", False):
            return
        self.__dict__["_extended"] = True
        try:
            installed().manager.hook.multiplt_register_commands(cli=self)
        except Exception as error:
            click.echo(f"A plugin fails to add its commands: {type(error).__name__}: {error}", err=True)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        end_in_order_on_signals()
        with errors_in_one_sentence():
            return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        with errors_in_one_sentence():  # before click turns Ctrl-C and closed pipes into failures
            return super().invoke(ctx)


@click.group(cls=Commands, context_settings={"auto_envvar_prefix": "MULTIPLT", "max_content_width": 100})
@click.version_option(package_name="multiplt")
def main() -> None:
    """Make code models good at the programming languages they are bad at."""


SOURCE = (extract, filter_functions, testgen, infer_types)
TRAINING = (dedup, dataset, train)
SCORES = (evaluate_command, ceiling, pass_k, compare_command)
COMMANDS = (languages, doctor, *SOURCE, prompts, translate, execute, run, *TRAINING, *SCORES, artifacts, plugin)
for command in COMMANDS:
    main.add_command(command)

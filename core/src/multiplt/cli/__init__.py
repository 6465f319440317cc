"""The command line: one module per command, errors in one sentence."""

from __future__ import annotations

import errno
import os
import sys
from typing import Any

import click

from multiplt.cli.doctor import doctor
from multiplt.cli.execute import execute
from multiplt.cli.languages import languages
from multiplt.cli.pass_k import pass_k
from multiplt.cli.prompts import prompts
from multiplt.cli.run import run
from multiplt.cli.translate import translate
from multiplt.errors import MultipltError, UsageError
from multiplt.plugins import installed

INTERRUPTED = 130
"""The exit code of a command ended by Ctrl-C, as shells have it."""


class Commands(click.Group):
    """The group of all commands: plugins add theirs, and no error shows a traceback."""

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        self._add_plugins()
        return super().get_command(ctx, name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._add_plugins()
        return super().list_commands(ctx)

    def _add_plugins(self) -> None:
        if not self.__dict__.setdefault("_extended", False):
            self.__dict__["_extended"] = True
            installed().manager.hook.multiplt_register_commands(cli=self)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().main(*args, **kwargs)
        except MultipltError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(2 if isinstance(error, UsageError) else 1)
        except KeyboardInterrupt:
            click.echo("Interrupted: what was finished is kept; the same command goes on from there.", err=True)
            sys.exit(INTERRUPTED)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what reads our output has closed it
            sys.exit(0)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EMFILE):
                raise
            where = f" {error.filename}" if error.filename else ""
            click.echo(f"Error: cannot write{where}: {error.strerror}; mend that and start again.", err=True)
            sys.exit(1)


@click.group(cls=Commands, context_settings={"auto_envvar_prefix": "MULTIPLT", "max_content_width": 100})
@click.version_option(package_name="multiplt")
def main() -> None:
    """Make code models good at the programming languages they are bad at."""


for command in (languages, doctor, prompts, translate, execute, run, pass_k):
    main.add_command(command)

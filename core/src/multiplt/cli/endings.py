"""How a command ends: errors in one sentence, exit codes as shells have them, no traceback."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import click

from multiplt.errors import MultipltError, UsageError


class Terminated(KeyboardInterrupt):
    """A signal asks the process to end: it ends like Ctrl-C, with an exit code of its own."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def end_in_order_on_signals() -> None:
    """Make SIGTERM and SIGHUP end the command as Ctrl-C does: programs killed, nothing half-written."""

    def terminate(number: int, frame: FrameType | None) -> None:
        raise Terminated(number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup has it ignored
            signal.signal(number, terminate)


@contextmanager
def errors_in_one_sentence() -> Iterator[None]:
    """End the process with what users should read, where the block raises."""
    try:
        yield
    except MultipltError as error:
        _fail(str(error), 2 if isinstance(error, UsageError) else 1)
    except KeyboardInterrupt as error:
        number = error.number if isinstance(error, Terminated) else signal.SIGINT
        _say("Interrupted: what was finished is kept; the same command goes on from there.")
        sys.exit(128 + number)
    except BrokenPipeError:
        _silence_output()  # what reads our output has seen enough
        sys.exit(0)
    except OSError as error:
        _silence_output()
        where = f"{error.filename}: " if error.filename else ""
        _fail(f"{where}{error.strerror or error}; mend that and start again", 1)


def _fail(sentence: str, code: int) -> None:
    _say(f"Error: {sentence}")
    sys.exit(code)


def _say(sentence: str) -> None:
    with suppress(OSError):  # nobody may be left to read it
        click.echo(sentence, err=True)


def _silence_output() -> None:
    """Let what standard output still holds go nowhere, instead of failing again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

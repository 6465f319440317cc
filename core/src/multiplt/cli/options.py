"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from multiplt.errors import UsageError
from multiplt.settings_file import parse_value

F = TypeVar("F", bound=Callable[..., Any])

WIDE = 160
"""Characters of a table that goes to a file or pipe."""

language = click.option("-l", "--lang", "lang", required=True, help="The target language: name, tag or alias.")
output = click.option("-o", "--output", "out", required=True, help="Where to write; '-' is standard output.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs to read.")


def _parse_options(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, Any]:
    options = {}
    for option in given:
        key, equals, text = option.partition("=")
        if not (key and equals):
            raise UsageError(f"--model-option {option} is no option; write it as key=value")
        options[key.strip()] = parse_value(text)
    return options


model_option = click.option("--model-option", "model_options", multiple=True, metavar="KEY=VALUE",
                            callback=_parse_options,
                            help="An option for the model's provider, such as dtype=bfloat16.")  # fmt: skip


def sampled(n: int, temperature: float = 0.8, max_tokens: int = 512, of: str = "function") -> Callable[[F], F]:
    """The options of commands that sample a model, `n` times for each function; the defaults are the paper's."""

    def add(command: F) -> F:
        for option in reversed((
            click.option("--model", required=True,
                         help="openai:MODEL@URL, vllm:MODEL, transformers:MODEL, artifact:NAME or replay:FILE."),
            model_option,
            click.option("-n", "n", type=click.IntRange(min=1), default=n, show_default=True,
                         help=f"Samples for each {of}."),
            click.option("--temperature", type=click.FloatRange(min=0), default=temperature, show_default=True),
            click.option("--top-p", type=click.FloatRange(min=0, max=1, min_open=True), default=0.95,
                         show_default=True),
            click.option("--max-tokens", type=click.IntRange(min=1), default=max_tokens, show_default=True),
            click.option("--seed", type=int, default=0, show_default=True),
            click.option("--style", type=click.Choice(["completion", "chat"]), default="completion",
                         show_default=True),
            click.option("--concurrency", type=click.IntRange(min=1),
                         help="Requests at once; by default what suits the model."),
        )):  # fmt: skip
            command = option(command)
        return command

    return add


def execution(command: F) -> F:
    """The options of commands that execute programs."""
    for option in (
        click.option("--timeout", type=click.FloatRange(min=0, min_open=True), default=10.0, show_default=True,
                     help="Seconds for one program."),
        click.option("--workers", type=click.IntRange(min=1), help="Programs at once; by default one a core."),
        click.option("--memory", type=click.IntRange(min=1), default=1024, show_default=True,
                     help="MiB for one program."),
        click.option("--warm/--no-warm", default=True, show_default=True,
                     help="Run programs in warm servers where a language has one."),
        click.option("--sandbox", default="bubblewrap", show_default=True,
                     help="Where programs run; 'none' trusts every program with this account."),
    ):  # fmt: skip
        command = option(command)
    return command


def example(text: str) -> str:
    """An epilog that shows how a command is called."""
    return f"\b\nExample:\n  {text}"

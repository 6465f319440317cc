"""`multiplt translate`: tested functions become validated translations in one language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from multiplt.cli.options import as_json, example, execution, language, sampled
from multiplt.cli.run import run_and_report
from multiplt.run.config import build_config


@click.command(
    epilog=example("multiplt translate functions.jsonl -l LANG --model openai:MODEL@http://localhost:8000/v1 -o out/")
)
@click.argument("functions")
@language
@sampled(50)
@click.option("-o", "--output", "out", type=click.Path(path_type=Path), required=True, help="The run's folder.")
@click.option("--canonical/--no-canonical", default=None,
              help="Show the model the Python solution; by default, except for a benchmark.")
@click.option("--adaptive", "method", flag_value="adaptive",
              help="Ask in rounds, and for no more where enough or nothing new is to be had; n at most.")
@click.option("--budget", type=click.IntRange(min=1), help="Completions of all functions together, with --adaptive.")
@execution
@as_json
def translate(functions: str, lang: str, model: str, out: Path, as_json: bool, **settings: Any) -> None:
    """Translate tested FUNCTIONS: problems, completions by a model, verdicts, validated translations.

    OUT is the folder of a run: the same call again goes on where it stopped. The defaults for sampling
    are the paper's.
    """

    def chosen(*names: str) -> dict[str, Any]:
        return {name: settings[name] for name in names if settings[name] is not None}

    config = build_config(
        run={"output": str(out), "languages": [lang], "seed": settings["seed"]},
        source={"functions": functions},
        prompts=chosen("canonical", "style"),
        model={"name": model, "options": settings["model_options"]} | chosen("concurrency"),
        sampling=chosen("n", "temperature", "top_p", "max_tokens", "method", "budget"),
        execute=chosen("timeout", "workers", "memory", "warm", "sandbox"),
    )
    run_and_report(config, as_json)

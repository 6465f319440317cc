"""`multiplt translate`: tested functions become validated translations in one language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from multiplt.cli.options import as_json, example, execution, language, model_option
from multiplt.cli.run import run_and_report
from multiplt.run.config import build_config


@click.command(
    epilog=example("multiplt translate functions.jsonl -l LANG --model openai:MODEL@http://localhost:8000/v1 -o out/")
)
@click.argument("functions")
@language
@click.option("--model", required=True, help="openai:MODEL@URL, vllm:MODEL, transformers:MODEL or replay:FILE.")
@model_option
@click.option("-o", "--output", "out", type=click.Path(path_type=Path), required=True, help="The run's folder.")
@click.option("-n", "n", type=click.IntRange(min=1), default=50, show_default=True, help="Completions a function.")
@click.option("--temperature", type=click.FloatRange(min=0), default=0.8, show_default=True)
@click.option("--top-p", type=click.FloatRange(min=0, max=1, min_open=True), default=0.95, show_default=True)
@click.option("--max-tokens", type=click.IntRange(min=1), default=512, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--style", type=click.Choice(["completion", "chat"]), default="completion", show_default=True)
@click.option("--canonical/--no-canonical", default=None,
              help="Show the model the Python solution; by default, except for a benchmark.")
@click.option("--concurrency", type=click.IntRange(min=1), help="Requests at once; by default what suits the model.")
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
        sampling=chosen("n", "temperature", "top_p", "max_tokens"),
        execute=chosen("timeout", "workers", "memory", "warm", "sandbox"),
    )
    run_and_report(config, as_json)

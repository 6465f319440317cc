"""`multiplt evaluate`: a model's pass@k on a benchmark in one language."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from multiplt.cli.options import WIDE, as_json, example, execution, language, sampled
from multiplt.evaluate.ceiling import cause_classes
from multiplt.evaluate.evaluation import STAGES, Evaluation, evaluate
from multiplt.models import ModelOptions
from multiplt.plugins import installed
from multiplt.problems import Status
from multiplt.rows import replacing
from multiplt.settings import EvaluationSettings, ExecuteSettings

MOST = 3
"""Reasons that are listed."""

DEFAULT = EvaluationSettings()


@click.command(
    "evaluate",
    epilog=example("multiplt evaluate --model vllm:MODEL -l LANG --benchmark humaneval -o results/"),
)
@language
@click.option("--benchmark", required=True,
              help="humaneval, mbpp, or a file, folder or Hub dataset of problems or of tested functions.")
@sampled(DEFAULT.n, DEFAULT.temperature, DEFAULT.max_tokens, of="problem")
@click.option("-o", "--output", "out", type=click.Path(path_type=Path, file_okay=False), required=True,
              help="The folder for MultiPL-E's files.")
@click.option("--compat", is_flag=True,
              help="Judge by the suites as text and MultiPL-E's rule, as published scores are.")
@execution
@as_json
def evaluate_command(lang: str, benchmark: str, model: str, out: Path, as_json: bool, **options: Any) -> None:
    """Evaluate a model: completions of a benchmark's problems, verdicts, and pass@k with its 95% interval.

    OUT gets NAME.json.gz and NAME.results.json.gz for each problem, as MultiPL-E writes them, and what --json prints as
    stages/evaluation.json; the same call again goes on where it stopped. Problems that MultiPL-E made are judged by
    its rule, others strictly, unless --compat is given. The defaults for sampling are the paper's.
    """
    settings = EvaluationSettings(**{name: options[name] for name in EvaluationSettings.model_fields})
    execute = ExecuteSettings(**{name: options[name] for name in ExecuteSettings.model_fields})
    provider = ModelOptions(concurrency=options["concurrency"], extra=options["model_options"])
    found = evaluate(benchmark, installed().language(lang), (model, provider), settings, execute, out)
    asked = {"model": model, "benchmark": benchmark, **settings.model_dump()}
    described = json.dumps(asked | found.as_dict(), indent=2)
    with replacing(out / STAGES / "evaluation.json") as file:
        file.write(described.encode())
    if as_json:
        click.echo(described)
    else:
        _show(found, asked)
    found.check_complete(model)


def _show(found: Evaluation, asked: dict[str, Any]) -> None:
    judged = " and ".join(f"{count} {mode}" for mode, count in found.modes.items())
    click.echo(
        "{model} on {benchmark}: {n} completions of each problem at temperature {temperature}, top-p {top_p}, "
        "at most {max_tokens} tokens, seed {seed}; ".format(**asked) + f"problems judged: {judged}", err=True,
    )  # fmt: skip
    for reason, count in found.set_aside.most_common(MOST):
        click.echo(f"{count} {'row' if count == 1 else 'rows'} set aside: {reason}", err=True)
    for cause, count in cause_classes(found.causes.values())[:MOST]:
        click.echo(f"no completion can pass {count} of the problems: {cause}", err=True)
    if found.whole:
        click.echo(f"{found.whole} completions are programs of their own, which MultiPL-E's evaluator would put "
                   "behind the prompt", err=True)  # fmt: skip
    Console(width=None if sys.stdout.isatty() else WIDE).print(_table(found))


def _table(found: Evaluation) -> Table:
    described = found.as_dict()
    scores = {
        f"pass@{s['k']}": f"{s['mean']:.2%} [{s['lower']:.2%}, {s['upper']:.2%}]" for s in described["pass"]
    }
    completions = found.statuses.total()
    counted = {"timeouts": found.statuses[Status.TIMEOUT], "truncated": found.truncated}
    row = {
        "language": found.language,
        "problems": str(len(found.counts)),
        "completions": str(completions),
        **scores,
        "ceiling": f"{found.ceiling:.1%}",
        **{name: f"{count} ({count / max(completions, 1):.1%})" for name, count in counted.items()},
    }
    table = Table(*row, box=None, header_style="bold")
    for column in table.columns[1:]:
        column.justify = "right"
    table.add_row(*row.values())
    return table

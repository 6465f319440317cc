"""The whole loop on a CPU, from nothing: a tiny model learns a language from validated translations.

The README beside this file says what it shows and what not.

    python tiny_lab.py -l lua -o lab
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any

import click
from functions import SHAPES, Function, all_functions
from model import CONTEXT, make_model

from multiplt.cli import main as multiplt
from multiplt.evaluate.comparison import compare, restricted
from multiplt.evaluate.pass_k import Estimate
from multiplt.evaluate.results import Counts, read_results
from multiplt.report.tables import FORMATS
from multiplt.rows import Row, read_rows, write_rows

GUESSES = 6
"""Translations of each function that the rule proposes."""

HEADER = ("language", "held out", "problems", "model", "pass@1", "95% interval", "points over base", "95% of it")

Runs = Mapping[str, Counts]
"""The counts of the base and of the fine-tuned models over the same problems."""


@dataclass(frozen=True)
class Size:
    """Python functions that are learned, those that are translated, and held-out problems of each kind.

    Each problem gets so many completions.
    """

    python: int
    translated: int
    problems: int
    completions: int


def run(*arguments: object) -> None:
    """Run `multiplt ARGUMENTS`; of what it prints the files are enough."""
    with redirect_stdout(StringIO()):
        multiplt.main([str(argument) for argument in arguments], standalone_mode=False)


@dataclass(frozen=True)
class Lab:
    """One language and one seed, in a folder."""

    language: str
    seed: int
    size: Size
    right: float
    folder: Path

    def work(self) -> dict[str, Runs]:
        """Train, translate, fine-tune and evaluate: the runs for each kind of held-out problem."""
        chance = random.Random(self.seed)
        functions = all_functions(chance)
        shown = [function for function in functions if not function.is_held_out]
        items, shown = shown[: self.size.problems], shown[self.size.problems :]
        templates = [function for function in functions if function.is_held_out][: self.size.problems]
        python = [function for function in functions if function not in items][: self.size.python]
        models = {"base": self.learn_python(python)}  # the same for all languages
        translated = shown[: self.size.translated]
        self.translate(self.tested("translated", translated, chance), translated, chance)
        for data in ("validated", "unvalidated"):
            models[data] = self.train(data, models["base"], epochs=4, learning_rate=2e-3)
        problems = self.tested("problems", items + templates, chance)
        found = {name: self.evaluate(name, model, problems) for name, model in models.items()}
        numbered = sorted(found["base"], key=lambda name: int(name.split("_")[1]))
        kinds = {"items": numbered[: len(items)], "templates": numbered[len(items) :]}
        return {kind: {name: restricted(run, own) for name, run in found.items()} for kind, own in kinds.items()}

    def learn_python(self, functions: Sequence[Function]) -> Path:
        """The base: a model that has seen Python alone."""
        lab = replace(self, language="python", folder=self.folder.parent / f"python-{self.seed}")
        lab.write("functions", ({"content": function.python} for function in functions))
        make_model(lab.folder / "untrained", (function.python for function in functions), self.seed)
        return lab.train("functions", lab.folder / "untrained", epochs=5, learning_rate=3e-3)

    def translate(self, tested: Path, functions: Sequence[Function], chance: random.Random) -> None:
        """Have the rule translate, keep what passes its tests, and beside it as much that nobody looked at.

        The second has the same functions, with the first translation of each.
        """
        run("prompts", tested, "-l", self.language, "--no-canonical", "-o", self.file("prompts"))
        problems = list(read_rows(str(self.file("prompts"))))
        guesses = [[f.guess(self.language, self.right, chance) for _ in range(GUESSES)] for f in functions]
        rows = [
            {"name": problem["name"], "language": self.language, "completions": made}
            for problem, made in zip(problems, guesses, strict=True)
        ]
        model = f"replay:{self.write('completions', rows)}"
        run("translate", tested, "-l", self.language, "--model", model, "-n", GUESSES, "-o", self.folder / "run")
        run("dataset", "build", self.folder / "run", "--strategy", "best", "-o", self.folder / "set")
        validated = list(read_rows(f"{self.folder / 'set'}:{self.language}"))
        kept = {row["original_id"] for row in validated}
        self.write("validated", validated)
        self.write("unvalidated", (
            {"content": problem["prompt"] + made[0]}
            for id, (problem, made) in enumerate(zip(problems, guesses, strict=True)) if id in kept
        ))  # fmt: skip

    def train(self, data: str, model: Path, epochs: int, learning_rate: float) -> Path:
        """The checkpoint of the last epoch on the texts in `data`."""
        recipe: dict[str, dict[str, Any]] = {
            "model": {"name": str(model)},
            "data": {"dataset": str(self.file(data)), "context_length": CONTEXT, "packing": False},
            "train": {
                "output": str(self.folder / "models" / data), "language": self.language, "experiment": data,
                "epochs": epochs, "learning_rate": learning_rate, "global_batch": 8, "per_device_batch": 8,
                "warmup_steps": 20, "gradient_checkpointing": False, "seed": self.seed,
            },
        }  # fmt: skip
        path = self.folder / f"{data}.toml"
        path.write_text("\n".join(
            f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in section.items())
            for name, section in recipe.items()
        ))  # fmt: skip
        run("train", path)
        return self.folder / "models" / data / f"{self.language}-{data}-epoch{epochs}"

    def evaluate(self, name: str, model: Path, problems: Path) -> Counts:
        """Right completions of each problem."""
        run("evaluate", "--model", f"transformers:{model}", "--model-option", "batch_size=64", "-l", self.language,
            "--benchmark", problems, "-n", self.size.completions, "--max-tokens", CONTEXT // 2,
            "-o", self.folder / name)  # fmt: skip
        return read_results(self.folder / name).counts

    def tested(self, name: str, functions: Iterable[Function], chance: random.Random) -> Path:
        """A file of tested functions."""
        return self.write(name, (function.row(id, chance) for id, function in enumerate(functions)))

    def write(self, name: str, rows: Iterable[Row]) -> Path:
        """A file of rows."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_rows(rows, str(self.file(name)))
        return self.file(name)

    def file(self, name: str) -> Path:
        """Where the rows of that name are."""
        return self.folder / f"{name}.jsonl"


def pooled(seeds: Mapping[int, Runs]) -> Runs:
    """The runs of all seeds as one: a problem of each seed is a problem of its own."""
    first = next(iter(seeds.values()))
    return {
        name: {f"{seed} {problem}": count for seed, runs in seeds.items() for problem, count in runs[name].items()}
        for name in first
    }


def table(language: str, kind: str, runs: Runs) -> list[Sequence[str]]:
    """A row for each model, in percent and points."""
    compared = {name: compare(runs["base"], counts) for name, counts in runs.items()}
    return [
        (language, kind, str(len(runs["base"])), name, *shown(found.score), *(
            shown(found.difference, "+") if name != "base" else ("", "")
        ))
        for name, found in compared.items()
    ]  # fmt: skip


def shown(found: Estimate, sign: str = "") -> tuple[str, str]:
    """A mean and its interval."""
    lower, upper = (format(100 * bound, f"{sign}.1f") for bound in (found.lower, found.upper))
    return format(100 * found.mean, f"{sign}.1f"), f"{lower} to {upper}"


@click.command()
@click.option("-l", "--lang", "languages", multiple=True, default=("lua",), show_default=True,
              type=click.Choice([name for name in SHAPES["value"] if name not in ("says", "signature", "python")]))
@click.option("--seeds", type=click.IntRange(min=1), default=1, show_default=True, help="How often, each with its own.")
@click.option("--python", type=click.IntRange(min=1), default=1260, show_default=True,
              help="Functions that the base is trained on; no more than there are.")
@click.option("--translated", type=click.IntRange(min=1), default=1080, show_default=True,
              help="Functions that the rule translates; no more than there are.")
@click.option("--problems", type=click.IntRange(min=1), default=60, show_default=True, help="Of each kind.")
@click.option("--completions", type=click.IntRange(min=1), default=5, show_default=True, help="Of each problem.")
@click.option("--right", type=click.FloatRange(0, 1), default=0.5, show_default=True,
              help="How often the rule takes the right one of two spellings.")
@click.option("-o", "--output", "out", type=click.Path(path_type=Path), required=True)
@click.option("--format", "form", type=click.Choice([*FORMATS]), default="markdown", show_default=True)
def main(languages: Sequence[str], seeds: int, right: float, out: Path, form: str, **size: int) -> None:
    """Train, translate, fine-tune and evaluate in each language and with each seed."""
    import torch

    torch.set_num_threads(1)
    rows: list[Sequence[str]] = []
    for language in languages:
        found = {}
        for seed in range(seeds):
            folder = out.resolve() / f"{language}-{seed}"
            found[seed] = Lab(language, seed, Size(**size), right, folder).work()
        for kind in found[0]:
            rows += table(language, kind, pooled({seed: runs[kind] for seed, runs in found.items()}))
    click.echo(FORMATS[form](HEADER, rows), nl=False)


if __name__ == "__main__":
    main()

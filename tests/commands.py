"""The commands as a user runs them: processes of `multiplt`, and small inputs for them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from multiplt.rows import Row

ROOT = Path(__file__).parents[1]
QUICKSTART = ROOT / "examples" / "quickstart"
MULTIPLT = str(Path(sys.executable).with_name("multiplt"))

Done = subprocess.CompletedProcess[str]


def multiplt(*arguments: object, code: int | None = 0, **options: Any) -> Done:
    """Run `multiplt` to its end; no traceback is ever shown, and the exit code is `code`, unless that is None."""
    return finish([MULTIPLT, *map(str, arguments)], code, **options)


def finish(
    argv: list[str], code: int | None, *, environment: Mapping[str, str] | None = None, **options: Any
) -> Done:
    """Run a command that is `multiplt` or ends in it."""
    variables = {**os.environ, **(environment or {})}
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, env=variables, check=False, **options)
    assert "Traceback" not in done.stderr, done.stderr
    assert code is None or done.returncode == code, done.stderr + done.stdout
    return done


def error_of(done: Done) -> str:
    """The one sentence in which a command says why it stopped."""
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1, done.stderr
    assert done.stderr.rstrip().splitlines()[-1] == errors[0], done.stderr
    return errors[0].removeprefix("Error: ")


def write(path: Path, rows: Iterable[Row]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def read(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text().splitlines()]


SQUARE: Row = {
    "id": 7,
    "entrypoint": "square",
    "content": 'def square(n: int) -> int:\n    """The square of n."""\n    return n * n\n',
    "tests": ["assert square(2) == 4", "assert square(-3) == 9", "assert square(0) == 0"],
}

RIGHT, WRONG, ENDLESS = " n * n\n", " n + n\n", " let rec loop () = loop () in loop ()\n"
"""OCaml completions of SQUARE."""


def functions(count: int) -> list[Row]:
    """`count` functions like SQUARE, each adding a number of its own."""
    return [
        {
            "id": number,
            "entrypoint": f"add_{number}",
            "content": f'def add_{number}(n: int) -> int:\n    """Add {number}."""\n    return n + {number}\n',
            "tests": [f"assert add_{number}({n}) == {n + number}" for n in (0, 5, -4)],
        }
        for number in range(count)
    ]


def completions(count: int) -> list[Row]:
    """For each of `functions(count)` a right completion in OCaml, a wrong one and one that does not compile."""
    return [
        {
            "name": f"HumanEval_{number}_add_{number}",
            "language": "ocaml",
            "completions": [f" n + {number}\n", f" n - {number} - 1\n", f' n ^ "{number}"\n'],
        }
        for number in range(count)
    ]


def config(folder: Path, count: int, **changes: Any) -> Path:
    """A folder with what a run over `functions(count)` in OCaml needs; its configuration file."""
    write(folder / "functions.jsonl", functions(count))
    write(folder / "completions.jsonl", completions(count))
    settings: dict[str, dict[str, Any]] = {
        "run": {"output": "out", "languages": ["ocaml"], "shard_size": 4},
        "source": {"functions": "functions.jsonl"},
        "model": {"name": "replay:completions.jsonl"},
        "sampling": {"n": 3},
        "execute": {"timeout": 30.0},
    }
    for name, values in changes.items():
        settings.setdefault(name, {}).update(values)
    sections = (
        f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in section.items())
        for name, section in settings.items()
    )
    (folder / "config.toml").write_text("\n".join(sections))
    return folder / "config.toml"


def problems_with(folder: Path, rows: list[Row], *answers: str) -> list[Row]:
    """The OCaml problems of `rows`, each with `answers` as its completions, as a completions file has them."""
    write(folder / "tested.jsonl", rows)
    done = multiplt("prompts", folder / "tested.jsonl", "-l", "ocaml", "-o", "-")
    sampling = {"temperature": 0.2, "top_p": 0.95, "max_tokens": 512}
    return [json.loads(line) | sampling | {"completions": list(answers)} for line in done.stdout.splitlines()]


TIMES = {"timestamp", "wall_s", "cpu_s", "retried", "prompt_tokens", "completion_tokens"}


def timeless(value: Any) -> Any:
    """A row without what differs from run to run: times, and whether the machine was overloaded."""
    if isinstance(value, dict):
        return {name: timeless(item) for name, item in value.items() if name not in TIMES}
    return [timeless(item) for item in value] if isinstance(value, list) else value

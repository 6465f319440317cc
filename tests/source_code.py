"""A small project of Python files, and what a model says of its functions."""

from __future__ import annotations

from pathlib import Path

from multiplt.rows import Row
from multiplt.run import StageContext
from multiplt.source.extract import Extract
from multiplt.source.files import read_files

USES = '"""Helpers."""\nimport math\nfrom typing import List\n\n'


def project(folder: Path, files: int = 3) -> Path:
    """Files with functions that go through every stage, and others that each stage sets aside."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(files):
        (folder / f"part_{number}.py").write_text(USES + "\n\n".join([
            f'def add_{number}(n):\n    """Add {number} to n."""\n    if n is None:\n        return {number}\n'
            f"    return n + {number}\n",
            f'def scale_{number}(x: float) -> float:\n    """Scale x."""\n    return math.floor(x) * {number + 2}.5\n',
            f'def no_docstring_{number}(x):\n    return x\n',
            f'def todo_{number}(x):\n    """TODO"""\n    return x + {number}\n',
            f'def wrong_types_{number}(x: int) -> int:\n    """Wrong."""\n    return "{number}" + str(x)\n',
            f'def random_{number}(x):\n    """Random."""\n    import random\n'
            f"    return random.random() * x + {number}\n",
        ]))  # fmt: skip
    (folder / "copy.py").write_text((folder / "part_0.py").read_text().replace("Add 0", "Plus zero"))
    (folder / "python2.py").write_text("print 'hello'\n\ndef f(x):\n    return x\n")
    return folder


def extracted(folder: Path) -> list[Row]:
    """The functions of the project."""
    return Extract()(list(read_files([str(folder)])), StageContext(folder)).kept


def answers(rows: list[Row]) -> list[Row]:
    """Two answers of a model for each function: tests that hold, and others."""
    return [
        {"name": row["id"], "language": "python", "completions": [_tests(row["entrypoint"]), "1) ==\nnonsense"]}
        for row in rows
    ]


def _tests(name: str) -> str:
    number = int(name.rpartition("_")[2])
    if name.startswith("add_"):
        tests = [(value, value + number) for value in (1, -3, 10)] + [("None", number), (5, "'wrong'")]
    else:
        tests = [(f"{value}", int(value) * (number + 2.5)) for value in (1.5, 2.0, 3.9)] + [("'a'", 1)]
    return "\n".join(f"assert {name}({value}) == {result}" for value, result in tests).removeprefix(f"assert {name}(")


def translations(rows: list[Row]) -> list[Row]:
    """Completions in OCaml for the functions that come through: right ones for `add_`, others for the rest."""
    kept = [row for row in rows if row["entrypoint"].startswith(("add_", "scale_"))]
    return [
        {"name": f"HumanEval_{row['id']}_{row['entrypoint']}", "language": "ocaml",
         "completions": [_ocaml(row["entrypoint"]), " n\n"]}
        for row in kept
    ]  # fmt: skip


def _ocaml(name: str) -> str:
    number = name.rpartition("_")[2]
    return f" match n with None -> {number} | Some n -> n + {number}\n" if name.startswith("add_") else " 0.0\n"

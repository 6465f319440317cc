"""docs/add-a-language.md, followed to the letter in an empty folder: what it builds passes, and is examples/plugin-tcl.

`python tests/test_add_a_language.py` writes examples/plugin-tcl anew, after a change of the guide.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sysconfig
import tempfile
import venv
from collections.abc import Mapping
from pathlib import Path

import pytest

import multiplt

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "add-a-language.md").read_text("utf-8")
EXAMPLE = ROOT / "examples" / "plugin-tcl"
FOLDER = "multiplt-lang-tcl"
BESIDE = {"README.md", "tests/test_tcl_answers.py"}
"""Files of the example that the guide names and leaves to the reader."""

STEP = re.compile(
    r"^`(?P<file>[\w./-]+)`\n\n```\w+\n(?P<text>.*?)^```$"
    r"|^```console\n(?P<console>.*?)^```$"
    r"|^Delete (?P<delete>[^\n]+)",
    re.MULTILINE | re.DOTALL,
)
"""What a reader does: write a file, or parts of one; run commands; delete something."""

PARTS = {".py": r"^((?:def |class |plugin = |    # [A-Z])[^.:(\n]*)", ".txt": r"^(=== .*)"}
"""How a part of a file begins, by the file's suffix; other files come whole."""


def parts(text: str, suffix: str) -> dict[str, str]:
    """The parts of a file by how they begin; what stands before the first is called ''."""
    head, *rest = re.split(PARTS[suffix], text, flags=re.MULTILINE)
    return {"": head} | {name: name + text for name, text in zip(rest[::2], rest[1::2], strict=True)}


def with_parts(old: str, new: str, suffix: str) -> str:
    """A file with some of its parts replaced and others added, at least a blank line between two."""
    merged = parts(old, suffix)
    for name, text in parts(new, suffix).items():
        if text.strip():
            blank = re.search(r"\n*\Z", merged.get(name, ""))
            merged[name] = text.rstrip("\n") + (blank[0] if blank else "")
    texts = (text.rstrip("\n") + "\n" * max(2, len(text) - len(text.rstrip("\n"))) for text in merged.values() if text)
    return "".join(texts).rstrip("\n") + "\n"


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    is_whole = file.suffix not in PARTS or not file.exists()
    file.write_text(text if is_whole else with_parts(file.read_text("utf-8"), text, file.suffix), "utf-8")


def delete(file: Path, names: list[str]) -> None:
    """Take functions and imported names out of a Python file."""
    text = file.read_text("utf-8")
    for name in names:
        there = re.compile(rf"^def {name}\(.*?^(?=class )|^    {name},\n", re.DOTALL | re.MULTILINE)
        text, count = there.subn("", text)
        assert count == 1, name
    file.write_text(text, "utf-8")


def run(console: str, folder: Path, environment: Mapping[str, str]) -> None:
    """Run the commands of a block; each prints what stands below it, and fails only where that is what it shows."""
    for command, _, shown in (chunk.partition("\n") for chunk in re.split(r"^\$ ", console, flags=re.MULTILINE)[1:]):
        argv = ["bash", "-c", command]
        done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, timeout=400)
        said = done.stdout + done.stderr
        assert (done.returncode == 0) is ("FAIL" not in shown), f"{command}\n{said}"
        for line in shown.splitlines():
            pattern = ".*".join(map(re.escape, line.split("…")))
            assert re.search(f"^{pattern}$", said, re.MULTILINE), f"{command}\nsays nothing like: {line}\n{said}"


def follow(folder: Path, environment: Mapping[str, str]) -> Path:
    """Do all that the guide says, in its order; the folder of the plugin."""
    python_file = folder
    for step in STEP.finditer(GUIDE):
        if step["console"] is not None:
            run(step["console"], folder, environment)
        elif step["delete"] is not None:
            delete(python_file, re.findall(r"`(\w+)`", step["delete"]))
        else:
            file = folder / FOLDER / step["file"]
            write(file, step["text"])
            python_file = file if file.suffix == ".py" else python_file
    return folder / FOLDER


def fresh_environment(folder: Path) -> dict[str, str]:
    """The variables of a new virtual environment, which sees what is in this one, so that it needs no network."""
    venv.create(folder)
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "beneath.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    python = folder / "bin" / "python"
    scripts = {
        "multiplt": f'exec {python} -c "from multiplt.cli import main; main()" "$@"',
        "pip": f'exec {python} -m pip "$@" --no-index --no-deps --no-build-isolation',
    }
    for name, text in scripts.items():
        (folder / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / "bin" / name).chmod(0o755)
    variables = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return variables | {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}


def contents(folder: Path) -> dict[str, str]:
    """The files of a plugin and their text."""
    files = (file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return {str(file.relative_to(folder)): file.read_text("utf-8") for file in files}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return fresh_environment(tmp_path_factory.mktemp("environment"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Path:
    """The plugin that the guide builds; each command in it did what it shows, the last one the whole check."""
    return follow(tmp_path_factory.mktemp("guide"), environment)


def test_the_guide_builds_the_example(built: Path) -> None:
    example = contents(EXAMPLE)
    assert set(contents(built)) | BESIDE == set(example)
    different = [name for name, text in contents(built).items() if name not in BESIDE and text != example[name]]
    assert not different, f"{different}; python {Path(__file__).relative_to(ROOT)} writes them anew"


def test_answers_are_read_as_the_example_says(built: Path, environment: dict[str, str]) -> None:
    tests = EXAMPLE / "tests" / "test_tcl_answers.py"
    run(f"$ python -m pytest -q -p no:cacheprovider {tests}", built, environment)


@pytest.mark.parametrize("file", sorted(EXAMPLE.rglob("*.py")), ids=lambda file: file.name)
def test_the_example_imports_the_public_contract_alone(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "multiplt":
            in_tests = file.parent.name == "tests" and node.module.startswith("multiplt.testing")
            assert in_tests or {name.name for name in node.names} <= set(multiplt.__all__), node.module
        assert not isinstance(node, ast.Import) or "multiplt" not in ast.unparse(node)


def test_the_example_is_small() -> None:
    assert sum(len(file.read_text("utf-8").splitlines()) for file in (EXAMPLE / "src").rglob("*.py")) < 150


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as aside:
        made = follow(Path(aside), fresh_environment(Path(aside, "environment")))
        for name, text in contents(made).items():
            if name not in BESIDE:
                (EXAMPLE / name).parent.mkdir(parents=True, exist_ok=True)
                (EXAMPLE / name).write_text(text, "utf-8")

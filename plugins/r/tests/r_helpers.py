"""What the plugin's tests share: programs without anything of ours."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from multiplt.functions import Function
from multiplt.identifiers import spell_function
from multiplt.plugins import BoundLanguage
from multiplt.problems import Problem


def spelled(language: BoundLanguage, function: Function) -> Function:
    """The function with R's names."""
    return spell_function(function, language.spec)


def run_bare(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Run a program by `Rscript` alone, as a reader of the dataset would, in a locale that knows ASCII only."""
    (folder / "program.R").write_text(text, "utf-8")
    environment = {**os.environ, "LC_ALL": "C"}
    return subprocess.run(
        ["Rscript", "program.R"],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def passed_tests(folder: Path, problem: Problem, code: str) -> list[bool]:
    """What each test of the suite says, where R would stop at the first that fails."""
    tests = problem.tests.replace("    stopifnot(", "    cat('test', ")
    result = run_bare(folder, f"{problem.prompt}{code}\n{tests}")
    assert result.returncode == 0, result.stderr
    said = [line.split()[-1] for line in result.stdout.replace("test ", "\ntest ").splitlines() if line[:5] == "test "]
    assert set(said) <= {"TRUE", "FALSE"}, result.stdout
    return [word == "TRUE" for word in said]

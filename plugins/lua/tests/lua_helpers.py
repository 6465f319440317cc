"""What the plugin's tests share: functions and programs in few words."""

from __future__ import annotations

import subprocess
from pathlib import Path

from multiplt.problems import Problem
from multiplt.testing.judging import read_function

ADD = read_function(
    "def add(a: int, b: int) -> int:\n    return a + b", "add",
    "assert add(1, 2) == 3", "assert add(0, -1) == -1", "assert add(0, 0) == 0",
)  # fmt: skip


def run_bare(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Run a program by `lua5.4` alone, as a reader of the dataset would."""
    (folder / "program.lua").write_text(text, "utf-8")
    command = ["lua5.4", "program.lua"]
    return subprocess.run(
        command, cwd=folder, capture_output=True, encoding="utf-8", errors="replace", timeout=60,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def is_ok(folder: Path, problem: Problem, code: str) -> bool:
    """MultiPL-E's rule."""
    return run_bare(folder, f"{problem.prompt}{code}\n{problem.tests}").returncode == 0

"""What the plugin's tests share: programs in few words, and without anything of ours."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path


def table(answers: Sequence[str]) -> str:
    """A program of `f` that answers 0, 1, 2, … with the expressions, whatever their type."""
    clauses = "".join(f"    x == {number} && return {code}\n" for number, code in enumerate(answers))
    return f"function f(x)\n{clauses}end\n"


def run_bare(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Run a program by `julia` alone, as a reader of the dataset would."""
    (folder / "program.jl").write_text(text, "utf-8")
    command = ["julia", "--startup-file=no", "-O0", "program.jl"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def failed_lines(result: subprocess.CompletedProcess[str]) -> list[int]:
    """The lines of the program whose tests the library reports as failed or as ended by an error."""
    report = re.compile(r": (?:Test Failed|Error During Test) at .*:(\d+)$", re.MULTILINE)
    return sorted(int(line) for line in report.findall(result.stdout))

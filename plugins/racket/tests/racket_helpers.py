"""What the plugin's tests share: programs without anything of ours."""

from __future__ import annotations

import subprocess
from pathlib import Path

from multiplt.functions import Function
from multiplt.identifiers import spell_function
from multiplt.plugins import BoundLanguage


def spelled(language: BoundLanguage, function: Function) -> Function:
    """The function with Racket's names."""
    return spell_function(function, language.spec)


def run_bare(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Run a program by `racket` alone, as a reader of the dataset would."""
    (folder / "program.rkt").write_text(text, "utf-8")
    command = ["racket", "program.rkt"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def failed_lines(result: subprocess.CompletedProcess[str]) -> list[int]:
    """The lines of the program whose checks rackunit reports as failed."""
    places = [line for line in result.stderr.splitlines() if line.startswith("location:")]
    return [int(place.split(":")[2]) for place in places]

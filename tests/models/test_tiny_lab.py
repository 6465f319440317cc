"""The tiny lab: from nothing to a model that learned a language from validated translations."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from commands import ROOT, multiplt
from counts import FULL

pytestmark = [pytest.mark.models, pytest.mark.skipif(find_spec("trl") is None, reason="trl is not installed")]

SCRIPT = ROOT / "examples" / "tiny-lab" / "tiny_lab.py"
SMALL = ("--python", "800", "--translated", "300", "--problems", "12", "--completions", "2")
SEEDS, SIZE, POINTS = (3, (), 40) if FULL else (1, SMALL, 10)
LANGUAGES = ("lua", "r") if FULL else ("lua",)


@pytest.mark.parametrize("language", LANGUAGES)
def test_validated_translations_teach_a_language(language: str, tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "-l", language, "--seeds", str(SEEDS), *SIZE, "-o", str(tmp_path)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, "--format", "csv"], capture_output=True, text=True, timeout=3600, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    rows = {(row["held out"], row["model"]): row for row in csv.DictReader(done.stdout.splitlines())}
    assert {kind for kind, _ in rows} == {"items", "templates"}
    assert float(rows["items", "validated"]["points over base"]) >= POINTS
    folders = (tmp_path / f"{language}-0" / name for name in ("base", "validated", "unvalidated"))
    compared = json.loads(multiplt("compare", *folders, "--json").stdout)
    assert compared["base"] == "base"

"""The distributions as users install them: wheels in an empty environment, with no source tree around."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

from commands import ROOT, SQUARE, write

PACKAGES = ("core", "plugins/racket", "plugins/ocaml")


def run(*argv: object, cwd: Path, **variables: str) -> str:
    """What a command prints, run away from the source tree."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | variables
    done = subprocess.run(
        list(map(str, argv)), cwd=cwd, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    for package in PACKAGES:
        run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT / package, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def installed(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of an environment in which the languages were installed by name."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    names = ("multiplt-lang-racket", "multiplt-lang-ocaml")
    run(folder / "bin" / "pip", "install", "--quiet", "--find-links", wheels, *names, cwd=folder)
    return folder / "bin"


def contents(wheels: Path, name: str) -> set[str]:
    (wheel,) = wheels.glob(f"{name}-*.whl")
    with ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("multiplt", {"multiplt/py.typed", "multiplt/source/recorder.py", "multiplt/literals.py"}),
        ("multiplt_lang_racket", {"multiplt_lang_racket/py.typed", "multiplt_lang_racket/harness.rkt"}),
        ("multiplt_lang_ocaml", {"multiplt_lang_ocaml/py.typed", "multiplt_lang_ocaml/harness.ml"}),
    ],
)
def test_a_wheel_holds_the_package_and_nothing_else(name: str, files: set[str], wheels: Path) -> None:
    held = contents(wheels, name)
    assert files <= held
    assert {path.split("/")[0].split("-")[0] for path in held} == {name}
    assert not [path for path in held if "test" in Path(path).name and "testing" not in path]
    assert any(path.endswith("licenses/LICENSE") for path in held)


def test_every_file_of_a_package_is_in_its_wheel(wheels: Path) -> None:
    for package in PACKAGES:
        source = ROOT / package / "src"
        files = {
            str(path.relative_to(source))
            for path in source.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts and ".egg-info" not in str(path)
        }
        assert files <= contents(wheels, next(source.iterdir()).name)


def test_installed_languages_bring_multiplt_and_work(installed: Path, tmp_path: Path) -> None:
    rows = json.loads(run(installed / "multiplt", "languages", "--json", cwd=tmp_path))
    assert {row["language"]: row["state"] for row in rows} == {"racket": "ready", "ocaml": "ready"}
    location = run(installed / "python", "-c", "import multiplt; print(multiplt.__file__)", cwd=tmp_path)
    assert location.startswith(str(installed.parent))
    source = write(tmp_path / "functions.jsonl", [SQUARE])
    for language, answer in (("ocaml", " n * n\n"), ("racket", "  (* n n))\n")):
        row = json.loads(run(installed / "multiplt", "prompts", source, "-l", language, "-o", "-", cwd=tmp_path))
        completions = write(tmp_path / f"{language}.jsonl", [row | {"completions": [answer]}])
        judged = json.loads(run(installed / "multiplt", "execute", completions, "-o", "-", cwd=tmp_path))
        assert judged["results"][0]["status"] == "OK"

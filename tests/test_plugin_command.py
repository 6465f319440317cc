"""`multiplt plugin new` and `multiplt plugin check`, as an author calls them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from commands import error_of, multiplt
from multiplt.language import Language

NAME = "klingon"


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a plugin as `plugin new` writes it."""
    folder = tmp_path_factory.mktemp("new")
    done = multiplt("plugin", "new", NAME, "-o", folder, "--suffix", ".kli", "--command", "sh")
    assert f"multiplt plugin check {NAME}" in done.stderr
    return Path(done.stdout.strip())


@pytest.fixture(scope="module")
def environment(new: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where the plugin is installed beside the others."""
    site = tmp_path_factory.mktemp("site")
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--target", str(site))
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(new)], check=True)
    return {"PYTHONPATH": str(site)}


def test_a_new_plugin_installs_and_is_a_language(environment: dict[str, str]) -> None:
    rows = {row["language"]: row for row in json.loads(multiplt("languages", "--json", environment=environment).stdout)}
    assert rows[NAME]["plugin"] == "multiplt-lang-klingon"
    assert rows[NAME]["version"] == "0.1.0"
    assert rows[NAME]["state"].startswith("sh, the toolchain of klingon, fails")


def test_the_conformance_suite_says_what_is_left_of_a_new_plugin(environment: dict[str, str]) -> None:
    done = multiplt("plugin", "check", NAME, environment=environment, code=1)
    for method in Language.__abstractmethods__ - {"run"}:
        assert f"__init__.py: {method}()" in done.stdout, method
    assert "FAIL  canary runs: klingon: call(), a function called on arguments, is still to be written" in done.stdout
    lines = done.stdout.splitlines()
    for fine in ("plugin is loaded", "contract version", "title and suffix", "distribution"):
        assert f"ok    {fine}" in lines
    for what in ("comment syntax: spec.comments has", "stop tokens: spec.stop_tokens is", "terms: spec.terms has"):
        assert any(line.startswith(f"FAIL  {what}") for line in lines), what
    assert "candidates.txt: the section 'right' is still to be written: " in done.stdout
    assert "exploits.txt: the section 'nonce read' is still to be written" in done.stdout
    assert any("checks fail of the same: klingon: call()" in line for line in lines)
    assert lines[-1].startswith("klingon: ")
    assert " 0 failed" not in lines[-1]


def test_new_does_not_take_a_language_that_is_there(new: Path, tmp_path: Path) -> None:
    assert "is taken by multiplt-lang-" in error_of(multiplt("plugin", "new", "ml", "-o", tmp_path, code=2))
    assert "must be a lower-case letter" in error_of(multiplt("plugin", "new", "Klingon", "-o", tmp_path, code=2))
    assert "there already" in error_of(multiplt("plugin", "new", NAME, "-o", new.parent, code=2))
    assert not list(tmp_path.iterdir())


def test_check_tells_each_finding_and_the_sum() -> None:
    done = multiplt("plugin", "check", "ML", "--only", "Stop Token")
    assert done.stdout.splitlines() == [
        "ok    stop tokens", "ok    continuation ends at a stop token", "ocaml: 2 checks, 2 ok, 0 failed, 0 skipped"
    ]  # fmt: skip


def test_check_without_a_check() -> None:
    error = error_of(multiplt("plugin", "check", "ocaml", "--only", "qapla", code=2))
    assert error == "no check has 'qapla' in its name; leave out --only to see them all"


def test_an_unknown_language_is_wrong_use() -> None:
    error = error_of(multiplt("plugin", "check", NAME, code=2))
    assert error.startswith("language 'klingon' is not installed; pip install multiplt-lang-klingon")


def test_a_broken_plugin_is_reported_with_its_error(tmp_path: Path) -> None:
    (tmp_path / "multiplt_lang_klingon.py").write_text("import no_such_module")
    info = tmp_path / "multiplt_lang_klingon-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: multiplt-lang-klingon\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[multiplt]\nklingon = multiplt_lang_klingon:plugin\n")
    error = error_of(multiplt("plugin", "check", NAME, environment={"PYTHONPATH": str(tmp_path)}, code=1))
    assert error.startswith("the plugin klingon (multiplt-lang-klingon) is broken: ModuleNotFoundError")


@pytest.mark.parametrize("missing", ["pytest", "hypothesis"])
def test_what_the_checks_need_is_named(tmp_path: Path, missing: str) -> None:
    (tmp_path / f"{missing}.py").write_text(f"raise ModuleNotFoundError('gone', name='{missing}')")
    done = multiplt("plugin", "check", "ocaml", environment={"PYTHONPATH": str(tmp_path)}, code=1)
    assert error_of(done) == f'multiplt plugin check needs {missing}; pip install "multiplt[kit]"'


def test_the_folder_it_is_called_in_does_not_matter_and_stays_as_it_is(tmp_path: Path) -> None:
    """Neither settings for pytest nor a conftest.py count."""
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (tmp_path / "conftest.py").write_text("raise RuntimeError")
    done = multiplt("plugin", "check", "ocaml", "--only", "random values come back", cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == "ocaml: 1 checks, 1 ok, 0 failed, 0 skipped"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["conftest.py", "pytest.ini"]

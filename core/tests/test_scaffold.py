"""The plugin of a new language: what is written, what may not be, and what it says of itself."""

from __future__ import annotations

import importlib.util
import tomllib
from pathlib import Path
from typing import Any

import pytest
from toy_helpers import spelled, toy_plugins

from multiplt.errors import MultipltError, UsageError
from multiplt.language import Language
from multiplt.plugins import Plugins
from multiplt.spec import LanguageSpec
from multiplt.testing.judging import read_function
from multiplt.testing.material import CANDIDATES, EXPLOITS, NotWritten, read_material
from multiplt.testing.scaffold import write_plugin

FUNCTION = spelled(read_function("def f(n: int) -> int: ...", "f", "assert f(1) == 1"))


def written(folder: Path, name: str = "emacs_lisp", suffix: str = ".el", command: str = "emacs") -> Path:
    return write_plugin(name, folder, suffix, command, toy_plugins())


def plugin_of(folder: Path) -> Any:
    """The plugin object in a folder."""
    (file,) = folder.glob("src/*/__init__.py")
    spec = importlib.util.spec_from_file_location(file.parent.name, file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.plugin


def test_files(tmp_path: Path) -> None:
    folder = written(tmp_path)
    assert folder == tmp_path / "multiplt-lang-emacs-lisp"
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == {
        "pyproject.toml", "README.md", "tests/test_emacs_lisp.py",
        *(f"src/multiplt_lang_emacs_lisp/{name}" for name in (
            "__init__.py", "py.typed", "harness.el", "conformance/candidates.txt", "conformance/exploits.txt")),
    }  # fmt: skip
    assert list(tmp_path.iterdir()) == [folder]
    for path in folder.rglob("*.*"):
        assert not path.is_file() or "@" not in path.read_text("utf-8")
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["name"] == "multiplt-lang-emacs-lisp"
    assert project["project"]["entry-points"]["multiplt"] == {"emacs_lisp": "multiplt_lang_emacs_lisp:plugin"}


def test_the_plugin_is_a_language_that_says_what_is_left(tmp_path: Path) -> None:
    plugin = plugin_of(written(tmp_path))
    plugins = Plugins()
    plugins.register(plugin, "emacs_lisp", "multiplt-lang-emacs-lisp")
    spec = plugins.language("emacs_lisp").spec
    assert (spec.title, spec.suffix, spec.toolchain, spec.package) == (
        "Emacs Lisp", ".el", ("emacs", "--version"), "emacs"
    )  # fmt: skip
    with pytest.raises(MultipltError, match=r"^emacs_lisp: signature\(\), .*, is still to be written$"):
        plugins.language("emacs_lisp").build_prompt(FUNCTION, "completion", False)


def test_every_method_that_must_be_written_is_there_and_says_so(tmp_path: Path) -> None:
    plugin = plugin_of(written(tmp_path))
    for name in Language.__abstractmethods__ - {"run"}:
        method = getattr(type(plugin), name)
        arguments = [plugin] + [None] * (method.__code__.co_argcount - 1)
        with pytest.raises(MultipltError, match=rf"emacs_lisp: {name}\(\).*still to be written"):
            method(*arguments)


def test_all_of_the_material_is_to_be_written(tmp_path: Path) -> None:
    (folder,) = written(tmp_path).glob("src/*/conformance")
    material = read_material(folder)
    for sections, names in ((material.candidates, CANDIDATES), (material.exploits, EXPLOITS)):
        assert list(sections.texts) == list(names)
        for name in names:
            with pytest.raises(NotWritten, match="still to be written"):
                sections[name]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"name": "Lisp"}, "the language name 'Lisp' must be a lower-case letter"),
        ({"name": "2lisp"}, "the language name '2lisp' must be"),
        ({"name": "../lisp"}, "the language name '../lisp' must be"),
        ({"name": ""}, "the language name '' must be"),
        ({"name": "toy"}, "the name toy is taken by multiplt-lang-toy; choose another"),
        ({"name": "toylang"}, "the name toylang is taken by multiplt-lang-toy"),
        ({"suffix": "el"}, "the suffix 'el' must be a dot"),
        ({"suffix": "./el"}, "the suffix './el' must be"),
        ({"command": "emacs -q"}, "the command 'emacs -q' must be the name of a program"),
        ({"command": 'x"'}, "the command"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_written(tmp_path: Path, arguments: dict[str, str], error: str) -> None:
    with pytest.raises(UsageError, match=error):
        written(tmp_path, **arguments)
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "multiplt-lang-emacs-lisp"
    folder.write_text("mine")
    with pytest.raises(UsageError, match="is there already; choose another folder by -o"):
        written(tmp_path)
    assert folder.read_text() == "mine"
    (tmp_path / "multiplt-lang-x").symlink_to("nowhere")
    with pytest.raises(UsageError, match="is there already"):
        written(tmp_path, name="x")


def test_folders_on_the_way_are_made(tmp_path: Path) -> None:
    assert written(tmp_path / "a" / "b").is_dir()


def test_fields_of_the_template_are_those_of_the_spec(tmp_path: Path) -> None:
    assert isinstance(plugin_of(written(tmp_path)).spec, LanguageSpec)

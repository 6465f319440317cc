"""The plugin of a new language, with what is left to do marked in it."""

from __future__ import annotations

import re
import tempfile
from importlib import metadata
from importlib.resources import files
from pathlib import Path

from multiplt.errors import MultipltError, UsageError
from multiplt.hookspecs import PROJECT
from multiplt.plugins import Plugins, installed
from multiplt.testing.material import CANDIDATES, EXPLOITS

NOTE = """\
Completions in {title} of {what}; multiplt.testing.material says what each section is and how it is read. A section
that begins with `todo:` is still to be written; `cannot: WHY` says that the language has no such code.
"""


def write_plugin(name: str, parent: Path, suffix: str, command: str, plugins: Plugins | None = None) -> Path:
    """Write the plugin of the language `name` to the folder `multiplt-lang-NAME` in `parent`, and return that.

    Raises `UsageError` where the name cannot be or is taken, or the folder is there already.
    """
    blanks = _blanks(name, suffix, command, plugins or installed())
    folder = parent / blanks["DISTRIBUTION"]
    if folder.exists() or folder.is_symlink():
        raise UsageError(f"{folder} is there already; choose another folder by -o, or remove it")
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix=".multiplt-") as aside:
        made = Path(aside, "plugin")
        for path, text in _files(blanks).items():
            (made / path).parent.mkdir(parents=True, exist_ok=True)
            (made / path).write_text(text, "utf-8")
        made.rename(folder)
    return folder


def _blanks(name: str, suffix: str, command: str, plugins: Plugins) -> dict[str, str]:
    """What the templates are filled with, checked."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise UsageError(f"the language name {name!r} must be a lower-case letter and letters, digits or underscores")
    if not re.fullmatch(r"\.\w+", suffix):
        raise UsageError(f"the suffix {suffix!r} must be a dot and letters or digits: --suffix .ext")
    if not re.fullmatch(r"[\w./+-]+", command):
        raise UsageError(f"the command {command!r} must be the name of a program without arguments: --command NAME")
    if (owner := _owner(name, plugins)) is not None:
        raise UsageError(f"the name {name} is taken by {owner}; choose another")
    major, minor = metadata.version(PROJECT).split(".")[:2]
    words = name.split("_")
    return {
        "NAME": name,
        "TITLE": " ".join(word.capitalize() for word in words),
        "CLASS": "".join(word.capitalize() for word in words),
        "PACKAGE": f"multiplt_lang_{name}",
        "DISTRIBUTION": f"multiplt-lang-{'-'.join(filter(None, words))}",
        "SUFFIX": suffix,
        "COMMAND": command,
        "VERSIONS": f">={major}.{minor},<{major}.{int(minor) + 1}",
    }


def _owner(name: str, plugins: Plugins) -> str | None:
    """The distribution that has a plugin of that name."""
    broken = [plugin.distribution for plugin in plugins.broken if plugin.name == name]
    try:
        return plugins.language(name).distribution
    except MultipltError:
        return broken[0] if broken else None


def _files(blanks: dict[str, str]) -> dict[str, str]:
    """The plugin's files: path and text."""
    package = f"src/{blanks['PACKAGE']}"
    candidates = {name: f"todo: {what}" for name, what in CANDIDATES.items()}
    exploits = {"helpers": "", **dict.fromkeys(EXPLOITS, "todo: try it in the language, or say why it cannot be")}
    return {
        "pyproject.toml": _filled("pyproject.txt", blanks),
        "README.md": _filled("README.md", blanks),
        f"{package}/__init__.py": _filled("plugin.py.txt", blanks),
        f"{package}/py.typed": "",
        f"{package}/harness{blanks['SUFFIX']}": _filled("harness.txt", blanks),
        f"{package}/conformance/candidates.txt": _sections(blanks, "same(x) and add(a, b)", candidates),
        f"{package}/conformance/exploits.txt": _sections(blanks, "add(a, b) that try to pass or to harm", exploits),
        f"tests/test_{blanks['NAME']}.py": _filled("tests.py.txt", blanks),
    }


def _filled(template: str, blanks: dict[str, str]) -> str:
    text = files(__name__).joinpath(template).read_text("utf-8")
    return re.sub("@([A-Z]+)@", lambda match: blanks[match[1]], text)


def _sections(blanks: dict[str, str], what: str, sections: dict[str, str]) -> str:
    note = NOTE.format(title=blanks["TITLE"], what=what)
    return note + "".join(f"\n=== {name}\n{text}\n" for name, text in sections.items())

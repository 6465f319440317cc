"""The conformance material: the candidates and exploits that every language plugin ships.

It lies in a folder `conformance` beside the plugin's module, as two text files of sections. A section begins
with a line `=== NAME`; its text, up to the next, is what is appended to the prompt. What stands before the
first section is a note to readers. A section that begins with `cannot:` says why the language has no such
code, one that begins with `todo:` is still to be written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from multiplt.errors import MultipltError
from multiplt.hookspecs import PROJECT

CANDIDATES = {
    "same": "the completion of `same(x)`, of whatever type: it returns its argument unchanged",
    "right": "the completion of `add(a: int, b: int) -> int`, as all below",
    "wrong": "returns a - b",
    "wrong type": "returns the sum as a string",
    "raises": "raises an error at every call",
    "undefined": "calls a function that does not exist",
    "unfinished": "does not parse: cut in the middle",
    "exits": "ends the process with exit code 0 when called",
    "exits at load": "right, and then ends the process with exit code 0 when the file is loaded, at top level",
    "loops": "never ends",
    "fills memory": "allocates, and touches, without end",
    "prints": "right, but writes to standard output and standard error first",
    "helper": "right, by a helper function defined after it",
    "comments": "right, with every form of comment the language has, and strings that look like comments",
    "without comments": "the section `comments` without its comments",
    "program": "a whole program as a chat model gives it in one fence: a helper before, and `add`; no main code",
}
"""What `candidates.txt` must hold, each with what it is."""

EXPLOITS = (
    "exit before the tests", "exit in a case", "success printed", "assertion replaced", "equality replaced",
    "equal to everything", "garbage on the channel", "a case forged", "last record forged", "nonce read",
    "writes when the program ends", "parent killed", "memory filled", "disk filled", "output flooded",
    "processes without end", "home folder written", "secrets read", "network reached", "endless loop",
)  # fmt: skip
"""What `exploits.txt` must hold; the language's own ways out stand beside them."""

HARMFUL = EXPLOITS[EXPLOITS.index("parent killed") :]
"""Those against which the sandbox stands, which is another as root and as a user."""

AT_LEAST = 15
"""Exploits that are really there, of any name."""


class NotWritten(MultipltError):
    """A section is missing or still to be written."""


class Cannot(MultipltError):
    """A section says why the language has no such code; the text is the reason."""


@dataclass(frozen=True)
class Sections:
    """The sections of one file by name; `file` names it in errors."""

    file: str
    texts: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        """The code of a section.

        Raises `NotWritten` where there is none yet, and `Cannot` with the reason where there cannot be any.
        """
        text = self.texts.get(name, "")
        what = f": {CANDIDATES[name]}" if name in CANDIDATES else ""
        if name not in self.texts:
            raise NotWritten(f"{self.file} has no section `=== {name}`; write it{what}")
        if not text.strip() or text.strip().startswith("todo:"):
            raise NotWritten(f"{self.file}: the section {name!r} is still to be written{what}")
        if text.strip().startswith("cannot:"):
            raise Cannot(" ".join(text.split()).removeprefix("cannot:").strip())
        return text


@dataclass(frozen=True)
class Material:
    """The candidates and exploits of a language; `helpers` is code behind each exploit."""

    candidates: Sections
    exploits: Sections
    helpers: str = ""


def read_material(folder: Path) -> Material:
    """Read a folder of conformance material.

    Raises `NotWritten` where a file is not there or no text, or a section stands twice.
    """
    exploits = read_sections(folder / "exploits.txt")
    others = {name: text for name, text in exploits.texts.items() if name != "helpers"}
    return Material(
        read_sections(folder / "candidates.txt"),
        Sections(exploits.file, others),
        exploits.texts.get("helpers", ""),
    )


def read_sections(file: Path) -> Sections:
    """The sections of a file, each ending in one newline; see `read_material` for errors."""
    try:
        _, *parts = re.split(r"^=== (.*)\n", file.read_text("utf-8"), flags=re.MULTILINE)
    except (OSError, UnicodeDecodeError) as error:
        raise NotWritten(f"{file} cannot be read ({error}); write it as multiplt.testing.material says") from None
    names = [name.strip() for name in parts[::2]]
    if twice := {name for name in names if names.count(name) > 1}:
        raise NotWritten(f"{file}: the section {min(twice)!r} stands twice; rename one")
    return Sections(file.name, {name: text.rstrip("\n") + "\n" for name, text in zip(names, parts[1::2], strict=True)})


def material_folder(distribution: str, language: str) -> Path:
    """The folder `conformance` beside the module that a distribution's plugin for a language is in.

    Raises `NotWritten` where the distribution has no plugin.
    """
    plugins = [e for e in entry_points(group=PROJECT) if e.dist and e.dist.name == distribution]
    plugins.sort(key=lambda entry_point: entry_point.name != language)
    if not plugins:
        raise NotWritten(f"{distribution} has no entry point in the group {PROJECT}, so that its files are not found")
    return plugin_folder(plugins[0]) / "conformance"


def plugin_folder(entry_point: EntryPoint) -> Path:
    """The folder that a plugin's module lies in."""
    return Path(str(import_module(entry_point.module).__file__)).parent

"""Checks of what a plugin is shipped as: its distribution and its conformance material."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator
from importlib import metadata
from pathlib import Path

from multiplt.execute.verdicts import MARK, canary
from multiplt.testing.conformance.checks import Checks, fail, finding, require
from multiplt.testing.material import AT_LEAST, CANDIDATES, EXPLOITS, Cannot, NotWritten, Sections

STARTERS = {"subprocess", "multiprocessing", "socket", "pty"}
"""Modules that a plugin has no use for."""


class PackageChecks(Checks):
    """The distribution and what lies in it."""

    def test_distribution(self) -> None:
        """The distribution has a name and a version, and depends on multiplt."""
        name = self.lab.language.distribution
        try:
            needed = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            fail(f"there is no distribution {name}; install the plugin with pip (pip install -e, while you write it)")
        require(metadata.version(name), f"{name} has no version")
        needs = any(re.match(r"multiplt(?![\w-])", requirement) for requirement in needed)
        require(needs, f"{name} does not depend on multiplt; add it to the dependencies in its pyproject.toml")

    def test_plugin_starts_no_process(self) -> None:
        """A plugin describes what to run; the core runs it."""
        for file, tree in _sources(finding(self.material_folder).parent):
            for module in _imports(tree):
                starts = module.partition(".")[0] in STARTERS
                require(not starts, f"{file.name} imports {module}; say what to run by Command, the core runs it")

    def test_every_method_is_written(self) -> None:
        """Nothing is left of what `multiplt plugin new` marks as unwritten."""
        sources = _sources(finding(self.material_folder).parent)
        left = [f"{file.name}: {what} is still to be written" for file, tree in sources for what in _unwritten(tree)]
        require(not left, "\n".join(left))

    def test_program_has_its_files(self) -> None:
        """A program is laid out in files with text in them, what the package ships included; `run` starts one."""
        problem = finding(canary, self.lab.language)
        stub = finding(self.lab.language.build_stub, problem, MARK)
        program = finding(self.lab.language.build_program, problem, stub)
        require(program.entry in program.files, f"the entry {program.entry!r} is not among {', '.join(program.files)}")
        for name, text in program.files.items():
            require(text.strip(), f"the file {name} of a program is empty")

    def test_candidates_are_written(self) -> None:
        """candidates.txt has every section; some need not be possible."""
        missing = _not_written(self.lab.material.candidates, CANDIDATES, may_lack={"wrong type", "helper"})
        require(not missing, "\n".join(missing))

    def test_exploits_are_written(self) -> None:
        """exploits.txt has every section, and enough of them are code."""
        sections = self.lab.material.exploits
        missing = _not_written(sections, EXPLOITS, may_lack=EXPLOITS)
        require(not missing, "\n".join(missing))
        written = sum(not text.strip().startswith("cannot:") for text in sections.texts.values())
        require(written >= AT_LEAST, f"exploits.txt has {written} exploits; write at least {AT_LEAST}")


def _sources(package: Path) -> Iterator[tuple[Path, ast.Module]]:
    for file in sorted(package.rglob("*.py")):
        yield file, ast.parse(file.read_text("utf-8"))


def _unwritten(tree: ast.Module) -> Iterator[str]:
    """What stands in each `raise unwritten("…")`."""
    for node in ast.walk(tree):
        match node:
            case ast.Raise(exc=ast.Call(func=ast.Name("unwritten"), args=[ast.Constant(value=str(what))])):
                yield what.rstrip(",")


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _not_written(sections: Sections, names: Iterable[str], may_lack: Collection[str]) -> list[str]:
    """What is to be done for each section that is not there."""
    missing = []
    for name in names:
        try:
            sections[name]
        except NotWritten as error:
            missing.append(str(error))
        except Cannot as reason:
            if name not in may_lack:
                missing.append(f"{sections.file}: the section {name!r} cannot be left out ({reason})")
            elif not str(reason):
                missing.append(f"{sections.file}: the section {name!r} says cannot: without a reason; give one")
    return missing

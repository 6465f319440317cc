"""The installed package, distribution or standard library of a name, found without being imported."""

from __future__ import annotations

import importlib.util
import platform
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

STDLIB = "stdlib"

Place = tuple[Path, Path]
"""A root that paths are told relative to, and a file or folder below it."""


@dataclass(frozen=True)
class Package:
    """Where the files of a package lie, what they are called and under which licence they are."""

    repository: str
    licence: str | None
    places: tuple[Place, ...]


def find_package(name: str) -> Package | None:
    """The standard library where `name` is `stdlib`, else the distribution of that name, else the import package.

    None where there is none with Python source.
    """
    if name == STDLIB:
        root = Path(sysconfig.get_path("stdlib"))
        return _standard(((root, root),))
    try:
        distribution = metadata.distribution(name)
    except (metadata.PackageNotFoundError, ValueError):
        return _import_package(name)
    if places := _places(distribution):
        return _of_distribution(distribution, places)
    return _import_package(name)


def _standard(places: tuple[Place, ...]) -> Package:
    return Package(f"{platform.python_implementation()} {platform.python_version()}", "PSF-2.0", places)


def _of_distribution(distribution: metadata.Distribution, places: tuple[Place, ...]) -> Package:
    repository = f"{distribution.metadata['Name']} {distribution.version}"
    return Package(repository, _licence(distribution), places)


def _places(distribution: metadata.Distribution) -> tuple[Place, ...]:
    """Its Python files; of an installation that only points to them (`pip install -e`) the package of its name."""
    files = [file for file in distribution.files or () if file.suffix == ".py" and ".." not in file.parts]
    if files := [file for file in files if not file.name.startswith("__editable__")]:
        root = Path(str(distribution.locate_file("")))
        return tuple((root, Path(str(distribution.locate_file(file)))) for file in sorted(files))
    return tuple(_import_places(distribution.metadata["Name"].replace("-", "_").replace(".", "_")))


def _import_package(name: str) -> Package | None:
    if not name.isidentifier() or not (places := tuple(_import_places(name))):
        return None
    if name in sys.stdlib_module_names:
        return _standard(places)
    if owners := metadata.packages_distributions().get(name):
        return _of_distribution(metadata.distribution(owners[0]), places)
    return Package(name, None, places)


def _import_places(name: str) -> Iterator[Place]:
    """The folders of a package, or the file of a module; nothing where it is compiled or missing."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return
    if spec and spec.submodule_search_locations:
        for location in map(Path, spec.submodule_search_locations):
            yield location.parent, location
    elif spec and spec.origin and spec.origin.endswith(".py"):
        yield Path(spec.origin).parent, Path(spec.origin)


def _licence(distribution: metadata.Distribution) -> str | None:
    """What the metadata says: an expression (PEP 639), else the classifiers, else a line of text."""
    about = distribution.metadata
    if "License-Expression" in about:
        return str(about["License-Expression"])
    classifiers = [text for text in about.get_all("Classifier") or () if text.startswith("License ::")]
    if classifiers:
        return ", ".join(text.rpartition(" :: ")[2] for text in classifiers)
    text = str(about["License"] or "").strip() if "License" in about else ""
    return text.splitlines()[0] if text else None

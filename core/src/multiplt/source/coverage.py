"""How much of functions their tests run: lines and branches, worked out by the package coverage.

What ran was seen in the sandbox (`multiplt.source.observer`); here the source is only parsed.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from multiplt.errors import MultipltError
from multiplt.source.extract import parsing

Arc = tuple[int, int]


@dataclass(frozen=True)
class Coverage:
    """The shares, in percent, of a function's lines and branches that ran; its head and docstring are no lines."""

    lines: float
    branches: float


def measure(functions: Sequence[tuple[str, str, Iterable[Arc]]]) -> list[Coverage]:
    """The coverage of functions, each given by source, name and the arcs that ran in it (lines of that source).

    Raises `MultipltError` where the package coverage is not installed.
    """
    if not functions:
        return []
    coverage = import_coverage()
    with parsing(), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = [folder / f"f{number}.py" for number in range(len(functions))]
        data = coverage.CoverageData(basename=str(folder / "data"))
        for path, (source, _, _) in zip(paths, functions, strict=True):
            path.write_text(source, encoding="utf-8", errors="replace")
        data.add_arcs({str(path): set(arcs) for path, (_, _, arcs) in zip(paths, functions, strict=True)})
        data.write()
        report = folder / "report.json"
        session = coverage.Coverage(data_file=str(folder / "data"), branch=True, config_file=False, messages=False)
        session.load()
        session.json_report([str(path) for path in paths], outfile=str(report), ignore_errors=True)
        files = json.loads(report.read_text())["files"]
    by_name = {Path(file).name: found for file, found in files.items()}
    return [_of(by_name.get(path.name), entrypoint) for path, (_, entrypoint, _) in zip(paths, functions, strict=True)]


def import_coverage() -> Any:
    """The package. Raises `MultipltError` where it is not installed."""
    try:
        import coverage
    except ImportError:
        raise MultipltError("measuring coverage needs the package coverage; pip install multiplt[source]") from None
    return coverage


def _of(report: Mapping[str, Any] | None, entrypoint: str) -> Coverage:
    """Of the function and those inside it."""
    functions = report["functions"].items() if report else ()
    parts = [found["summary"] for name, found in functions if name == entrypoint or name.startswith(f"{entrypoint}.")]
    return Coverage(
        _share(sum(part["covered_lines"] for part in parts), sum(part["num_statements"] for part in parts)),
        _share(sum(part["covered_branches"] for part in parts), sum(part["num_branches"] for part in parts), 100.0),
    )


def _share(covered: int, of: int, nothing: float = 0.0) -> float:
    return round(100.0 * covered / of, 2) if of else nothing

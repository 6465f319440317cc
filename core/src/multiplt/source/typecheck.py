"""Stage `types`: functions that type-check on their own, with their imports inferred.

The checker is ty (https://docs.astral.sh/ty/), chosen by measuring (docs/source.md). It reads code and never runs it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from multiplt.errors import MultipltError
from multiplt.rows import Row, set_aside
from multiplt.run.engine import StageContext, StageResult
from multiplt.source.extract import parsing
from multiplt.source.imports import with_imports

PATIENCE_S, PATIENCE_EACH_S = 20.0, 0.1
"""For the checker to start, and to look at a function; 100 functions take it 0.2 seconds, 1,000 one second."""

MEMORY_KIB = 4 << 20
"""Of address space; 1,000 functions take it 120 MiB."""

SETTINGS = """
[analysis]
respect-type-ignore-comments = false
[environment]
root = ["nothing"]
"""
"""No comment silences the checker, and no function can import another's file."""

COMMENT = re.compile(r"#[^\r\n]*")
OWN_COMMENT = re.compile(r"\bty\s*:\s*ignore")
"""What silences ty alone, with no setting against it."""

FAILS = "it does not type-check on its own"
BREAKS = "the type checker fails on it"


@dataclass(frozen=True)
class TypeCheck:
    """Functions → those without a type error; `content` gets the imports that were inferred."""

    name: str = "types"
    parallel: bool = True

    def settings(self) -> Mapping[str, Any]:
        """What decides the rows."""
        return {"checker": f"ty {checker_version()}", "python": _python_version()}

    def __call__(self, rows: list[Row], context: StageContext) -> StageResult:
        """Each row, kept or set aside."""
        with parsing():
            completed = [with_imports_of(row) for row in rows]
        found = check([row["content"] for row in completed])
        context.advance(len(rows))
        kept = [row for row, error in zip(completed, found, strict=True) if error is None]
        rejected = [
            set_aside(row | {"detail": error[1]}, self.name, error[0])
            for row, error in zip(rows, found, strict=True)
            if error is not None
        ]
        return StageResult(kept, rejected)


def checker_version() -> str:
    """The version of the type checker. Raises `MultipltError` where it is not installed."""
    try:
        return metadata.version("ty")
    except metadata.PackageNotFoundError:
        raise MultipltError("the filter types needs the type checker ty; pip install multiplt[source]") from None


def with_imports_of(row: Row) -> Row:
    """The row with its imports inferred; as it is where that cannot be."""
    with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        content = with_imports(row["content"])
        if content != row["content"]:
            return row | {"content": content, "sha1": hashlib.sha1(content.encode(), usedforsecurity=False).hexdigest()}
    return row


def check(sources: Sequence[str]) -> list[tuple[str, str] | None]:
    """For each source None, or why it does not pass: a reason, and the first error in it.

    One process looks at all of them; where it fails, the half that is to blame is looked for.
    """
    errors = _run(sources)
    if errors is not None:
        return [(FAILS, errors[number]) if number in errors else None for number in range(len(sources))]
    if len(sources) == 1:
        return [(BREAKS, "")]
    half = len(sources) // 2
    return check(sources[:half]) + check(sources[half:])


def _run(sources: Sequence[str]) -> dict[int, str] | None:
    """The first error of each source that has one; None where the checker itself fails."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ty.toml").write_text(SETTINGS)
        environment = _empty_environment(folder)
        code = folder / "code"
        code.mkdir()
        (folder / "nothing").mkdir()
        for number, source in enumerate(sources):
            heard = COMMENT.sub(lambda comment: OWN_COMMENT.sub("_", comment[0]), source)
            (code / f"_{number}.py").write_text(heard, encoding="utf-8", errors="replace")
        command = [
            "/bin/sh", "-c", f'ulimit -v {MEMORY_KIB}; exec "$0" "$@"', _executable(), "check", str(code),
            "--config-file", str(folder / "ty.toml"), "--python", str(environment), "--python-version",
            _python_version(), "--output-format", "gitlab", "--exit-zero", "--no-progress",
        ]  # fmt: skip
        with suppress(subprocess.TimeoutExpired):
            ended = subprocess.run(
                command, cwd=folder, capture_output=True, timeout=PATIENCE_S + PATIENCE_EACH_S * len(sources),
                check=False, env={"PATH": os.defpath, "HOME": name, "TY_MAX_PARALLELISM": "1"},
            )  # fmt: skip
            if ended.returncode == 0:
                return _read(ended.stdout)
    return None


def _empty_environment(folder: Path) -> Path:
    """A virtual environment with nothing in it, so that the standard library is all that can be imported."""
    environment = folder / "environment"
    (environment / "lib" / f"python{_python_version()}" / "site-packages").mkdir(parents=True)
    (environment / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).resolve().parent}\n")
    return environment


def _read(output: bytes) -> dict[int, str]:
    errors: dict[int, str] = {}
    for finding in json.loads(output):
        if finding["severity"] in ("major", "critical", "blocker"):
            number = int(Path(finding["location"]["path"]).stem[1:])
            errors.setdefault(number, finding["description"][:300])
    return errors


def _executable() -> str:
    checker_version()
    from ty import find_ty_bin

    return find_ty_bin()


def _python_version() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"

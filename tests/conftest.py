"""What tests across packages share: the reference data, counts, an executor."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from multiplt.execute.executor import Executor
from multiplt.execute.sandboxes import find_sandbox

REFERENCE = Path(os.environ.get("MULTIPLT_REFERENCE") or Path(__file__).parents[2] / "shared" / "data")


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of reference data; tests that need it are skipped where it is not there."""
    if not REFERENCE.is_dir():
        pytest.skip(f"no reference data at {REFERENCE}; set MULTIPLT_REFERENCE")
    return REFERENCE


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    with Executor(find_sandbox()) as executor:
        yield executor

"""Julia is in the packages of few systems: where it is not installed, its tests are skipped, and the reason is told.

Where a process that runs tests ends before its time, its exit status is told. Hypothesis takes its time.
"""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if shutil.which("julia"):
        return
    skip = pytest.mark.skip(reason="julia is not installed; https://julialang.org/downloads has it")
    for item in items:
        parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        if parameters.get("language") == "julia" or "julia" in item.path.parts:
            item.add_marker(skip)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    if error:
        print(f"\n{node.gateway.id} ended with exit status {node.gateway._io.popen.wait(10)}")

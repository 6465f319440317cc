from __future__ import annotations

from collections.abc import Iterator

import pytest

from multiplt.execute.executor import Executor
from multiplt.execute.plan import Limits
from multiplt.execute.sandboxes import find_sandbox
from multiplt.execute.verdicts import Judge
from multiplt.plugins import BoundLanguage, installed


@pytest.fixture(scope="session")
def julia() -> BoundLanguage:
    return installed().language("julia")


@pytest.fixture(scope="session")
def judge(julia: BoundLanguage) -> Iterator[Judge]:
    with Executor(find_sandbox()) as executor:
        yield Judge(julia, executor, Limits(wall_s=60, cpu_s=8))  # however busy the machine is

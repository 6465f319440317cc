from __future__ import annotations

from collections.abc import Iterator

import pytest

from multiplt.execute.executor import Executor
from multiplt.execute.plan import Limits
from multiplt.execute.sandboxes import find_sandbox
from multiplt.execute.verdicts import Judge
from multiplt.plugins import BoundLanguage, installed


@pytest.fixture(scope="session")
def r() -> BoundLanguage:
    return installed().language("r")


@pytest.fixture(scope="session")
def judge(r: BoundLanguage) -> Iterator[Judge]:
    with Executor(find_sandbox()) as executor:
        yield Judge(r, executor, Limits(wall_s=10))

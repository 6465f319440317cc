"""The judge that stages share."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from multiplt.errors import MultipltError
from multiplt.run import StageContext
from multiplt.run.resources import open_executor, open_judge, shared_judge
from multiplt.run.shared import Resources
from multiplt.settings import ExecuteSettings


def test_stages_share_a_judge_and_each_must_have_been_begun_with_its_toolchain(tmp_path: Path) -> None:
    settings = ExecuteSettings()
    with open_executor(settings) as executor:
        toolchain = open_judge("lua", executor, settings).toolchain
    with closing(Resources()) as shared:
        first, second = (StageContext(tmp_path / name, shared=shared) for name in ("ceiling", "attempts"))
        judge = shared_judge(first, "lua", toolchain, settings)
        first.close()
        assert shared_judge(second, "lua", toolchain, settings) is judge
        with pytest.raises(MultipltError, match=r"Lua 5\.4.* was begun with Lua 5\.3; install the same on all nodes"):
            shared_judge(second, "lua", "Lua 5.3", settings)

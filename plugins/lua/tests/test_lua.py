"""What every language must hold; what is particular to Lua stands beside it."""

from __future__ import annotations

from multiplt.testing.conformance import Conformance


class TestLua(Conformance):
    language = "lua"

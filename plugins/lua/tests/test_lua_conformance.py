"""What every language must hold; see `multiplt.testing.conformance`."""

from __future__ import annotations

from multiplt.testing.conformance import Conformance


class TestLua(Conformance):
    language = "lua"

"""What every language must hold; what is particular to Julia stands beside it."""

from __future__ import annotations

from multiplt.testing.conformance import Conformance


class TestJulia(Conformance):
    language = "julia"

"""What every language must hold; what is particular to R stands beside it."""

from __future__ import annotations

from multiplt.testing.conformance import Conformance


class TestR(Conformance):
    language = "r"

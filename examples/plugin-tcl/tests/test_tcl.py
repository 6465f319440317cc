"""What every language must hold; what is particular to Tcl comes beside it."""

from __future__ import annotations

from multiplt.testing.conformance import Conformance


class TestTcl(Conformance):
    language = "tcl"

"""What every language must hold; what is particular to Racket stands beside it."""

from __future__ import annotations

from multiplt.testing.conformance import Conformance


class TestRacket(Conformance):
    language = "racket"

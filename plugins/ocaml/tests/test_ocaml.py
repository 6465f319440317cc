"""What every language must hold; what is particular to OCaml stands beside it."""

from __future__ import annotations

from multiplt.testing.conformance import Conformance


class TestOCaml(Conformance):
    language = "ocaml"

"""Problems of returning a random typed value, for tests of every language."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st

from multiplt.errors import Refused
from multiplt.functions import Case, Function, Parameter
from multiplt.plugins import installed
from multiplt.problems import Problem
from multiplt.settings import PromptSettings
from multiplt.testing.strategies import can_change, changed, typed_values
from multiplt.translate.problems import build_problem
from multiplt.types import Type
from multiplt.values import elaborate

IDENTITY = {
    "julia": "    x\nend\n",
    "lua": "    return x\nend\n",
    "ocaml": " x\n",
    "r": "\n    x\n}\n",
    "racket": "  x)\n",
}
Drawn = tuple[Type, Any, Any]

drawn = typed_values().filter(lambda typed: can_change(typed[1], typed[0])).flatmap(
    lambda typed: st.tuples(st.just(typed[0]), st.just(typed[1]), changed(typed[1], typed[0]))
)

def same(language: str, type: Type, value: Any, expected: Any) -> Problem | None:
    """The problem of returning a value, with `expected` for an answer; None where the language refuses it."""
    case = Case((elaborate(value, type),), elaborate(expected, type))
    function = Function("same", (Parameter("x", type),), type, "", (case,), "", "same")
    try:
        return build_problem(installed().language(language), function, "same", PromptSettings(canonical=False))[0]
    except Refused as refusal:
        if not str(refusal):
            pytest.fail(f"{language} refuses {value!r} without a reason")
        return None

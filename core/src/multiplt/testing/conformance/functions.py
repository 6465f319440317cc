"""The two functions that the conformance material completes."""

from __future__ import annotations

from collections.abc import Iterable

from multiplt.functions import Case, Function, Parameter
from multiplt.literals import read_value
from multiplt.types import INT, Type
from multiplt.values import Value, elaborate

ADD_SOURCE = "def add(a, b):\n    return a + b"
SUMS = ((4, 0), (1, 2), (0, 1))
"""Arguments of `add`; a - b is right at the first pair alone."""


def add(
    docstring: str = "",
    *,
    name: str = "add",
    others: Iterable[str] = (),
    sums: Iterable[tuple[int, int]] = SUMS,
    source: str = ADD_SOURCE,
) -> Function:
    """The sum of two ints; `others` are further parameters, which it ignores."""
    parameters = tuple(Parameter(parameter, INT) for parameter in ("a", "b", *others))
    return Function(
        name=name,
        parameters=parameters,
        returns=INT,
        docstring=docstring,
        cases=tuple(
            Case((Value(INT, a), Value(INT, b), *(Value(INT, 0) for _ in parameters[2:])), Value(INT, a + b))
            for a, b in sums
        ),
        source=source,
        python_name=name,
    )


def same(type: Type, cases: Iterable[Case]) -> Function:
    """The function of one argument that returns it."""
    return Function("same", (Parameter("x", type),), type, "", tuple(cases), "def same(x):\n    return x", "same")


def unchanged(text: str, type: Type, expected: str | None = None) -> Case:
    """The case that `same` returns the value written `text`; or, wrongly, the one written `expected`."""
    answer = text if expected is None else expected
    return Case((elaborate(read_value(text), type),), elaborate(read_value(answer), type, expected=True), test=text)

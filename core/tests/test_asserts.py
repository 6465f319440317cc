"""Reading one test: what it says of one call, what is left to be evaluated, what is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multiplt.asserts import MISSING, Call, Pending, Signature, read_test
from multiplt.errors import Refused
from multiplt.literals import to_text

F = Signature("f", ("a", "b"), (MISSING, 2))
ONE = Signature("f", ("a",), (MISSING,))
BOOL = Signature("f", ("a",), (MISSING,), returns_bool=True)
KEYWORD = Signature("f", ("a", "k"), (MISSING, 0), keyword_only=1)


@pytest.mark.parametrize(
    ("test", "signature", "arguments", "expected"),
    [
        ("assert f(1, 3) == 4", F, (1, 3), 4),
        ("assert f(1) == 4", F, (1, 2), 4),
        ("assert f(b=1, a=3) == 4", F, (3, 1), 4),
        ("assert f(1, b=3) == 4", F, (1, 3), 4),
        ("assert 4 == f(1)", F, (1, 2), 4),
        ("assert f(1) is None", F, (1, 2), None),
        ("assert None is f(1)", F, (1, 2), None),
        ("assert f(1) is True", F, (1, 2), True),
        ("assert (f(1)) == (4)", F, (1, 2), 4),
        ("assert f(1) == 4, 'f(2) is wrong'", F, (1, 2), 4),
        (" assert f(1) == 4  # f(1)\n", F, (1, 2), 4),
        ("assert f(a=[1, (2,)]) == {'a': {1}}", ONE, ([1, (2,)],), {"a": {1}}),
        ("assert f(-1) == -1.5", ONE, (-1,), -1.5),
        ("assert f('f(1)') == 'f(2)'", ONE, ("f(1)",), "f(2)"),
        ("assert f(float('inf')) == []", ONE, (math.inf,), []),
        ("assert f(1)", BOOL, (1,), True),
        ("assert not f(1)", BOOL, (1,), False),
        ("assert f(1) == 1", BOOL, (1,), 1),
        ("assert f(1, k=3) == 1", KEYWORD, (1, 3), 1),
        ("assert f(k=3, a=1) == 1", KEYWORD, (1, 3), 1),
        ("assert f(1) == 1; ", ONE, (1,), 1),
        ("assert (\n  f(\n 1)\n == 1)", ONE, (1,), 1),
    ],
)
def test_read_from_the_tree(test: str, signature: Signature, arguments: tuple[Any, ...], expected: Any) -> None:
    assert read_test(test, signature) == Call(arguments, expected)


@pytest.mark.parametrize(
    ("test", "expected", "tolerance"),
    [
        ("abs(f(1) - 1.5) < 1e-6", 1.5, 1e-6),
        ("abs(1.5 - f(1)) <= 0.5", 1.5, 0.5),
        ("abs(f(1) - -1) <= 2", -1, 2),
        ("abs(f(1) - 10) < 1", 10, math.nextafter(1, 0)),
        ("math.isclose(f(1), 2.0)", 2.0, 2e-9),
        ("isclose(2.0, f(1))", 2.0, 2e-9),
        ("math.isclose(f(1), 2.0, rel_tol=0.1)", 2.0, 0.2),
        ("math.isclose(f(1), 0.0, abs_tol=0.1)", 0.0, 0.1),
        ("math.isclose(f(1), -2.0, rel_tol=0.1, abs_tol=1)", -2.0, 1.0),
        ("f(1) == pytest.approx(1.5)", 1.5, None),
        ("f(1) == approx(1.5, abs=0.1)", 1.5, 0.1),
        ("approx(-2.0, rel=0.5) == f(1)", -2.0, 1.0),
        ("f(1) == approx(2.0, rel=0.5, abs=3)", 2.0, 3.0),
        ("f(1) == approx([0.1, 0.2])", [0.1, 0.2], None),
    ],
)
def test_tolerance(test: str, expected: Any, tolerance: float | None) -> None:
    assert read_test(f"assert {test}", ONE) == Call((1,), expected, tolerance=tolerance)


@pytest.mark.parametrize(
    "claim",
    [
        "f(1) != 2",
        "f(1) > 2",
        "f(1) in [1]",
        "f(1) is not None",
        "len(f(1)) == 2",
        "f(1)[0] == 1",
        "f(x) == 1",
        "f(1) == g(1)",
        "f(1) == x",
        "f(1 + 1) == 2",
        "f(1) == 1 == 1",
        "f(*[1]) == 1",
        "f(**{'a': 1}) == 1",
        "f() == 1",
        "f(1) == 1 + 1",
        "sorted(f(1)) == [1]",
        "f(1) or False",
        "not f(1) == 2",
        "abs(f(1) - 1) < 'a'",
        "abs(f(1) - 1) > 1",
        "abs(f(1) + 1) < 1",
        "np.isclose(f(1), 1.5)",
        "math.isclose(f(1), 1.0, 0.1)",
        "math.isclose(f(1), 1.0, rel=1)",
        "f(1) == approx(1.5, 0.1)",
        "f(1) == approx([1.5], abs=1)",
        "f(1) == b'x'",
        "f(lambda: 0) == 1",
        "f(1) == {**{}}",
        "f(1) == " + "1 + " * 500 + "1",
    ],
    ids=lambda claim: claim[:30],
)
def test_left_to_be_evaluated(claim: str) -> None:
    assert read_test(f"assert {claim}", ONE) == Pending(f"assert {claim}")


def test_bare_assert_is_evaluated_unless_a_bool_is_declared() -> None:
    assert read_test("assert f(1)", ONE) == Pending("assert f(1)", truth=True)
    assert read_test("assert not f(1)", ONE) == Pending("assert not f(1)", truth=False)
    assert read_test("assert not not f(1)", BOOL) == Pending("assert not not f(1)")


def test_the_tolerance_of_what_is_evaluated_is_kept() -> None:
    for claim in ("abs(f(1) - 2 / 3) < 0.1", "abs(x - f(1)) <= 0.1", "math.fabs(f(x) - y) < 0.1"):
        assert read_test(f"assert {claim}", ONE) == Pending(f"assert {claim}", tolerance=0.1)
    claim = "assert abs(f(1) - 'a') < 1"
    assert read_test(claim, ONE) == Pending(claim, tolerance=math.nextafter(1, 0))
    assert read_test("assert abs(f(1)[0] - 1.5) < 0.1", ONE) == Pending("assert abs(f(1)[0] - 1.5) < 0.1")


def test_a_reference_called_by_the_same_name() -> None:
    assert read_test("assert list(f(1)) == list(f(1))", ONE) == Pending("assert list(f(1)) == list(f(1))")


@pytest.mark.parametrize(
    "test",
    [
        "for n in range(3):\n    assert f(n) == n + 1, f'{f(n)}'",
        "import random\nx = 3\nassert abs(f(x) - 1.5) < 1e-6",
        "assert f(1) == 1; assert tuple(f(2)) == tuple([2])",
        "with g() as x:\n    assert x == f(1)",
    ],
)
def test_several_statements_are_evaluated_where_they_say_values(test: str) -> None:
    assert read_test(test, ONE) == Pending(test, many=True)


@pytest.mark.parametrize(
    "test",
    [
        "for n in range(3):\n    x = f(n)\n    assert abs(g(x)) < 1e-6",
        "for n in range(3):\n    assert f(n)",
        "f(1)\nassert f(2) == 3",
        "x = 1\nassert len(f(x)) == 2",
        "x = 1\nassert sorted(f(x)) == [2]",
        "x = 1\nassert f(x) == 1 or f(x) == 2",
        "x = 1\nassert f(f(x)) == 2",
    ],
)
def test_several_statements_that_say_less_are_refused(test: str) -> None:
    with pytest.raises(Refused, match="says less of a call of f than its value"):
        read_test(test, ONE)


def test_bare_asserts_of_a_bool_say_its_value() -> None:
    test = "for n in range(3):\n    assert not f(n)"
    assert read_test(test, BOOL) == Pending(test, many=True)


@pytest.mark.parametrize(
    ("claim", "exact"),
    [
        ("f(1) == 2", True),
        ("math.isclose(f(1), 2.0)", True),
        ("f(1 + 1) == 2", True),
        ("2 * 3 == f(1)", True),
        ("tuple(f([1])) == tuple([2])", True),
        ("abs(f(1) - 2 / 3) < 0.1", True),
        ("f(1)", True),
        ("not f(1)", True),
        ("set(f(1)) == {2}", False),
        ("len(f(1)) == 2", False),
        ("f(1) in (1, 2)", False),
        ("f(1) > 0", False),
        ("round(f(1), 2) == 1.5", False),
        ("abs(f(1)[0] - 2) < 0.1", False),
    ],
)
def test_exact_tests_say_a_value(claim: str, exact: bool) -> None:
    test = f"assert {claim}"
    if exact:
        assert read_test(test, ONE, exact=True) == read_test(test, ONE)
    else:
        assert read_test(test, ONE) == Pending(test)
        with pytest.raises(Refused, match="says less"):
            read_test(test, ONE, exact=True)


@pytest.mark.parametrize(
    ("test", "signature", "reason"),
    [
        ("", ONE, "no assert"),
        ("f(1) == 2", ONE, "no assert"),
        ("x = 1; assert x == 1", ONE, "calls f 0 times"),
        ("assert f(1 == 2", ONE, "not Python"),
        ("\0", ONE, "not Python"),
        ("assert " + "(" * 5000, ONE, "not Python"),
        ("assert f(1) and f(2)", ONE, "calls f 2 times"),
        ("assert f(f(1)) == 1", ONE, "calls f 2 times"),
        ("assert g(1) == 1", ONE, "calls f 0 times"),
        ("assert f", ONE, "0 times"),
        ("assert x.f(1) == 1", ONE, "0 times"),
        ("assert f(1, 2) == 1", ONE, "passes 2 arguments, f takes 1"),
        ("assert f(1, x=2) == 1", ONE, "passes x, which f does not take"),
        ("assert f(1, 2) == 1", KEYWORD, "takes 1"),
        ("assert f(1, a=2) == 1", ONE, "multiple values for a"),
        ("assert f(a=1, a=2) == 1", ONE, "multiple values for a"),
    ],
)
def test_refused(test: str, signature: Signature, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        read_test(test, signature)


@given(st.text("assert f(1)=,.[]{}'\" \n:*+-<>", max_size=40))
def test_any_text_is_read_left_or_refused(text: str) -> None:
    try:
        read = read_test(f"assert f(1) {text}", ONE)
    except Refused:
        return
    assert isinstance(read, Pending) or to_text(read.arguments) == "(1,)"

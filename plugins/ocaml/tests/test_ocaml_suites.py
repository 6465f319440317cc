"""Suites as text: under `ocaml` alone they pass for right answers, fail for wrong ones, and agree with the core."""

from __future__ import annotations

import pytest
from ocaml_helpers import read_spelled, returning, suite_passes, true_of

from multiplt_lang_ocaml import plugin

GOLDEN = """
let assertions =
 let candidate = f in
 let open Stdlib in
  (assert ((candidate 1 (Some (-2))) = [Some 3; None]));
  (assert ((candidate (-1) None) = []));
  ()
"""


def test_a_suite_to_the_letter() -> None:
    function = read_spelled(
        "def f(x: int, y: Optional[int]) -> List[Optional[int]]: ...", "f",
        "assert f(1, -2) == [3, None]", "assert f(-1, None) == []",
    )  # fmt: skip
    assert plugin.translate_tests(function).text == GOLDEN


CLOSE = [
    ("float", "1.5", "1.5000001", True), ("float", "1.5", "1.50001", False), ("float", "0", "1e-10", True),
    ("float", "0", "1e-08", False), ("float", "float('nan')", "0. /. 0.", True), ("float", "float('nan')", "0.", False),
    ("float", "0", "nan", False), ("float", "float('inf')", "infinity", True),
    ("float", "float('inf')", "1e308", False), ("float", "1e308", "infinity", False),
    ("float", "float('-inf')", "infinity", False), ("float", "-1e308", "1e308", False),
    ("List[float]", "[1, 2]", "[1.; 2.0000001]", True), ("List[float]", "[1, 2]", "[1.]", False),
    ("List[float]", "[1]", "(let rec l = 1. :: l in l)", False),
    ("Tuple[int, float]", "(1, 2)", "(1, 2.0000001)", True),
    ("Tuple[int, float]", "(1, 2)", "(2, 2.)", False), ("Optional[float]", "1", "Some 1.0000001", True),
    ("Optional[float]", "1", "None", False), ("Optional[float]", "None", "None", True),
    ("Dict[str, int]", "{'a': 1, 'b': 2}", '["b", 2; "a", 1]', True),
    ("Dict[str, int]", "{'a': 1, 'b': 2}", '["b", 1; "a", 2]', False),
    ("Dict[str, int]", "{'a': 1}", '["a", 1; "a", 1]', False), ("Set[int]", "{1, 2}", "[2; 2]", False),
    ("Set[int]", "{1, 2}", "[2; 1]", True), ("List[Set[float]]", "[{1.5, 2.5}]", "[[2.5; 1.5000001]]", True),
    ("Dict[str, Dict[str, float]]", "{'a': {'x': 1, 'y': 2}}", '["a", ["y", 2.0000001; "x", 1.]]', True),
]  # fmt: skip


@pytest.mark.parametrize(("type", "expected", "answer", "passes"), CLOSE)
def test_floats_dictionaries_and_sets(type: str, expected: str, answer: str, passes: bool) -> None:
    assert suite_passes(returning(type, expected), answer) is passes


@pytest.mark.parametrize(
    ("type", "expected", "answer", "passes"),
    [
        ("float", "1.5", "1.6", True), ("float", "1.5", "1.75", False), ("float", "float('inf')", "infinity", True),
        ("float", "float('inf')", "1.", False), ("List[float]", "[1]", "[1.1]", True), ("int", "3", "3", True),
        ("int", "3", "2", False),
    ],
)  # fmt: skip
def test_a_tolerance_of_its_own(type: str, expected: str, answer: str, passes: bool) -> None:
    assert suite_passes(returning(type, expected, tolerance=0.125), answer) is passes


@pytest.mark.parametrize(
    ("type", "true", "false"),
    [
        ("bool", "true", "false"), ("int", "(-1)", "0"), ("float", "nan", "(-0.)"), ("str", '"a"', '""'),
        ("List[int]", "[0]", "[]"), ("Dict[str, int]", '["", 0]', "[]"), ("Tuple[int, ...]", "[0]", "[]"),
        ("Optional[int]", "Some 1", "Some 0"), ("Optional[List[int]]", "Some [0]", "None"),
        ("Tuple[int, int]", "(0, 0)", None), ("None", None, "()"),
    ],
)  # fmt: skip
def test_truth_is_pythons(type: str, true: str | None, false: str | None) -> None:
    for answer, truth in [(true, True), (false, False)]:
        if answer is not None:
            assert suite_passes(true_of(type, truth), answer)
            assert not suite_passes(true_of(type, not truth), answer)


HOSTILE = """\
let ( = ) _ _ = true
let ( <> ) _ _ = true
let ( && ) _ _ = true
let ( || ) _ _ = true
let not _ = true
let compare _ _ = 0
let max _ _ = 1e9
let abs_float _ = 0.
module List = struct
  let equal _ _ _ = true let for_all _ _ = true let compare_lengths _ _ = 0 let fold_left _ _ _ = 0
end
module Option = struct let equal _ _ _ = true end
let close _ _ = true
let any_order _ _ _ = true
"""


@pytest.mark.parametrize(
    ("type", "expected", "right", "wrong"),
    [
        ("int", "1", "1", "2"),
        ("float", "1", "1.", "2."),
        ("Optional[List[float]]", "[1]", "Some [1.]", "Some [2.]"),
        ("Dict[str, float]", "{'a': 1}", '["a", 1.]', '["a", 2.]'),
        ("Tuple[int, float]", "(1, 2)", "(1, 2.)", "(2, 2.)"),
    ],
)
def test_a_candidate_that_redefines_comparisons_cannot_sway_the_suite(
    type: str, expected: str, right: str, wrong: str
) -> None:
    assert suite_passes(returning(type, expected), right, before=HOSTILE)
    assert not suite_passes(returning(type, expected), wrong, before=HOSTILE)


def test_a_function_with_the_name_of_a_comparison() -> None:
    function = read_spelled("def compare(x: float, y: float) -> float: ...", "compare", "assert compare(1, 2) == 3")
    assert suite_passes(function, "x +. y")
    assert not suite_passes(function, "x -. y")


def test_helpers_are_there_only_where_they_are_needed() -> None:
    texts = {type: plugin.translate_tests(returning(type, text)).text for type, text in [
        ("int", "1"), ("float", "1"), ("List[float]", "[1]"), ("Set[int]", "{1}"), ("Dict[str, float]", "{'a': 1}"),
    ]}  # fmt: skip
    present = {
        type: [name for name in ("close", "within", "any_order") if f"let {name} " in text]
        for type, text in texts.items()
    }
    assert present == {
        "int": [], "float": ["close"], "List[float]": ["close"], "Set[int]": ["any_order"],
        "Dict[str, float]": ["close", "any_order"],
    }  # fmt: skip

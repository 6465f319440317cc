"""Names that the language can spell, that are free, and that are remembered."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import toy
from hypothesis import given
from hypothesis import strategies as st

from multiplt.identifiers import spell_function, spell_name
from multiplt.spec import LanguageSpec
from multiplt.testing.judging import read_function

LOWER = replace(toy.Toy.spec, identifier=r"[a-z_][A-Za-z0-9_']*", reserved=frozenset({"end", "val", "end_"}))
KEBAB = replace(toy.Toy.spec, identifier=r"[A-Za-z_+\-é][A-Za-z0-9_é]*", reserved=frozenset({"if"}))


@pytest.mark.parametrize(
    ("name", "spec", "spelled"),
    [
        ("add", LOWER, "add"),
        ("val", LOWER, "val_"),
        ("end", LOWER, "end__"),
        ("Add", LOWER, "add"),
        ("ADD", LOWER, "aDD"),
        ("End", LOWER, "end__"),
        ("é", LOWER, "_"),
        ("größe", LOWER, "gr__e"),
        ("Ñame", LOWER, "_ame"),
        ("_x", LOWER, "_x"),
        ("é", KEBAB, "é"),
        ("N", KEBAB, "N"),
        ("if", KEBAB, "if_"),
        ("名", KEBAB, "_"),
    ],
)
def test_nearest_name(name: str, spec: LanguageSpec, spelled: str) -> None:
    assert spell_name(name, spec) == spelled


@given(
    st.text("aZ_é名1", min_size=1, max_size=5).filter(str.isidentifier) | st.sampled_from(["end", "val"]),
    st.sets(st.sampled_from(["a", "_", "__", "end"]), max_size=3),
)
def test_spelled_names_are_spellable_and_free(name: str, taken: set[str]) -> None:
    spelled = spell_name(name, LOWER, taken)
    assert re.fullmatch(LOWER.identifier, spelled)
    assert spelled not in LOWER.reserved | taken
    if re.fullmatch(LOWER.identifier, name) and name not in LOWER.reserved | taken:
        assert spelled == name


def spell(parameters: str, name: str = "f") -> tuple[list[str], dict[str, str]]:
    count = len(parameters.split(","))
    arguments = ", ".join(["1"] * count)
    function = read_function(f"def {name}({parameters}): pass", name, f"assert {name}({arguments}) == 1")
    spelled = spell_function(function, LOWER)
    assert spelled.python_name == name
    return [spelled.name, *(parameter.name for parameter in spelled.parameters)], dict(spelled.renamed)


def test_functions() -> None:
    assert spell("a, b") == (["f", "a", "b"], {})
    assert spell("N, n, val") == (["f", "n", "n_", "val_"], {"N": "n", "n": "n_", "val": "val_"})
    assert spell("é, è") == (["f", "_", "__"], {"é": "_", "è": "__"})
    assert spell("val, val_") == (["f", "val_", "val__"], {"val": "val_", "val_": "val__"})
    assert spell("n", "Solve") == (["solve", "n"], {"Solve": "solve"})


def test_a_renamed_name_hides_no_other() -> None:
    assert spell("Solve", "solve") == (["solve", "solve_"], {"Solve": "solve_"})
    assert spell("solve", "Solve") == (["solve", "solve_"], {"Solve": "solve", "solve": "solve_"})
    assert spell("f", "f") == (["f", "f"], {}), "in Python too the parameter hides the function"

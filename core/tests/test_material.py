"""Conformance material: sections, what is missing of them, where they lie."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multiplt.testing.material import Cannot, NotWritten, material_folder, read_material, read_sections

TEXT = """\
A note to readers.

=== same
  x)

=== wrong type
cannot: every value is
text here

=== right
todo: returns a + b

=== wrong

=== helper
  one
=== comments

  # begins with an empty line

"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "candidates.txt"
    file.write_text(TEXT, "utf-8")
    return file


def test_sections(file: Path) -> None:
    sections = read_sections(file)
    assert list(sections.texts) == ["same", "wrong type", "right", "wrong", "helper", "comments"]
    assert sections["same"] == "  x)\n"
    assert sections["helper"] == "  one\n"
    assert sections["comments"] == "\n  # begins with an empty line\n"


def test_what_is_not_written_is_named_with_what_it_is(file: Path) -> None:
    sections = read_sections(file)
    for name in ("right", "wrong"):
        with pytest.raises(NotWritten, match=rf"candidates.txt: the section '{name}' is still to be written: \w+"):
            sections[name]
    with pytest.raises(NotWritten, match="has no section `=== loops`; write it: never ends"):
        sections["loops"]
    with pytest.raises(Cannot, match=r"^every value is text here$"):
        sections["wrong type"]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(NotWritten, match=r"exploits.txt cannot be read .*; write it"):
        read_material(tmp_path)
    (tmp_path / "exploits.txt").write_bytes(b"=== x\n\xff")
    with pytest.raises(NotWritten, match="cannot be read"):
        read_material(tmp_path)
    (tmp_path / "exploits.txt").write_text("=== x\n1\n=== y\n2\n=== x\n3\n")
    with pytest.raises(NotWritten, match="the section 'x' stands twice"):
        read_material(tmp_path)


def test_helpers_are_no_exploit(tmp_path: Path, file: Path) -> None:
    (tmp_path / "exploits.txt").write_text("=== helpers\nhelp\n\n=== nonce read\ncode\n")
    material = read_material(tmp_path)
    assert material.helpers == "help\n"
    assert dict(material.exploits.texts) == {"nonce read": "code\n"}
    assert material.candidates["same"] == "  x)\n"


def test_a_distribution_without_a_plugin_has_no_material() -> None:
    with pytest.raises(NotWritten, match="pytest has no entry point in the group multiplt"):
        material_folder("pytest", "toy")


NAMES = st.text(st.characters(categories=["L", "N", "P"], exclude_characters="\x85\u2028\u2029"), min_size=1)
CODE = st.lists(st.text(st.characters(exclude_characters="\r\n=", exclude_categories=["Cs"]))).map("\n".join)


@given(st.dictionaries(NAMES, CODE, max_size=4))
def test_any_sections_are_read_as_written(tmp_path_factory: pytest.TempPathFactory, sections: dict[str, str]) -> None:
    file = tmp_path_factory.getbasetemp() / "sections.txt"
    file.write_text("note\n" + "".join(f"=== {name}\n{code}\n" for name, code in sections.items()), "utf-8", newline="")
    assert read_sections(file).texts == {name: code.rstrip("\n") + "\n" for name, code in sections.items()}

"""Python files from folders, packages and datasets: text where there is any, else the reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from multiplt.errors import MultipltError
from multiplt.rows import write_rows
from multiplt.source.files import LARGEST, read_files


def files(folder: Path, **contents: bytes) -> Path:
    for name, content in contents.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def test_a_folder_gives_its_files_in_order_with_their_paths(tmp_path: Path) -> None:
    folder = files(tmp_path / "repo", b=b"y", a__c=b"x", a__b=b"x", _hidden=b"z")
    files(folder, **{".git__x": b"no", "site-packages__x": b"no"})
    (folder / "notes.txt").write_text("no")
    (folder / "a" / "loop").symlink_to(folder)
    rows = list(read_files([str(folder)]))
    assert [row["path"] for row in rows] == ["_hidden.py", "b.py", "a/b.py", "a/c.py"]
    assert {row["repository"] for row in rows} == {"repo"}
    assert rows[1] == {"content": "y", "repository": "repo", "path": "b.py", "licence": None}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("s = 'é'".encode(), "s = 'é'"),
        ("\ufeffs = 'é'".encode(), "s = 'é'"),
        ("# -*- coding: latin-1 -*-\ns = 'é'".encode("latin-1"), "# -*- coding: latin-1 -*-\ns = 'é'"),
        (b"a = 1\r\nb = 2\r", "a = 1\r\nb = 2\r"),
        (b"", ""),
    ],
)
def test_the_encoding_is_the_one_that_the_file_names(content: bytes, expected: str, tmp_path: Path) -> None:
    (row,) = read_files([str(files(tmp_path, a=content))])
    assert row["content"] == expected


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("s = 'é'".encode("latin-1"), "the file is not text in the encoding that it claims"),
        (b"# coding: no-such-encoding\n", "the file is not text in the encoding that it claims"),
        (b"a = 1\0", "the file holds NUL bytes"),
        (b"#" * (LARGEST + 1), "the file is larger than 1 MiB"),
    ],
)
def test_a_file_that_is_no_text_says_why(content: bytes, reason: str, tmp_path: Path) -> None:
    (row,) = read_files([str(files(tmp_path, a=content))])
    assert (row["content"], row["reason"]) == (None, reason)


def test_a_file_that_vanishes_is_one_row(tmp_path: Path) -> None:
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere")
    (row,) = read_files([str(tmp_path)])
    assert (row["reason"], row["detail"]) == ("the file cannot be read", os.strerror(2))


def test_datasets_in_the_form_of_the_stack(tmp_path: Path) -> None:
    provenance = {"repo_name": "a/b", "repo_path": "c.py", "repo_licenses": ["MIT"]}
    first = {"content": "x"} | {f"max_stars_{name}": value for name, value in provenance.items()}
    second = {"content": "\ufeffy", "repo_name": "a/c", "path": "d.py", "detected_licenses": ["MIT", "X11"]}
    write_rows([first], tmp_path / "v1.parquet")
    write_rows([second, {"content": None}, {"content": "a\0"}], tmp_path / "v2.jsonl")
    rows = list(read_files([str(tmp_path / "v1.parquet"), str(tmp_path / "v2.jsonl")]))
    assert rows[0] == {"content": "x", "repository": "a/b", "path": "c.py", "licence": "MIT"}
    assert rows[1] == {"content": "y", "repository": "a/c", "path": "d.py", "licence": "MIT, X11"}
    assert [row["reason"] for row in rows[2:]] == [
        "the row has no text in the column content", "the file holds NUL bytes",
    ]  # fmt: skip


def test_installed_packages_by_either_name_and_the_standard_library() -> None:
    by_distribution, by_import = list(read_files(["pluggy"])), list(read_files(["_pytest"]))
    assert "pluggy/__init__.py" in [row["path"] for row in by_distribution]
    assert {row["repository"] for row in by_import}.pop().startswith("pytest ")
    assert {row["licence"] for row in by_distribution} == {"MIT"}
    assert "textwrap.py" in [row["path"] for row in read_files(["stdlib"])]
    assert "json/decoder.py" in [f"json/{row['path']}" for row in read_files(["json"])]


def test_what_is_nothing_of_these_stops_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(MultipltError, match="there is no folder, file or installed package nosuchpackage"):
        read_files([str(tmp_path), "nosuchpackage"])

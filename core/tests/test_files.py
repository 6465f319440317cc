"""Python files from wherever they are: each is one row, and what cannot be read says why."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from multiplt.errors import MultipltError
from multiplt.rows import Row
from multiplt.source.files import LARGEST, read_files

FUNCTION = "def f(x):\n    '''Doc.'''\n    return x\n"


def read(source: Path | str) -> list[Row]:
    return list(read_files([str(source)]))


def read_bytes(folder: Path, data: bytes) -> Row:
    path = folder / "file.py"
    path.write_bytes(data)
    (row,) = read(path)
    return row


def test_a_folder_gives_its_files_in_order_with_where_they_are_from(tmp_path: Path) -> None:
    for name in ("b.py", "a/z.py", "a/b/c.py", "a.py", ".hidden/x.py", "a/.git/x.py", "site-packages/x.py", "n.txt"):
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n")
    rows = read(tmp_path / "project")
    assert [row["path"] for row in rows] == ["a/b/c.py", "a/z.py", "a.py", "b.py"]
    assert {row["repository"] for row in rows} == {"project"}
    assert all(row["content"] == f"# {row['path']}\n" for row in rows)


def test_links_lead_in_no_circle(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FUNCTION)
    (tmp_path / "again").symlink_to(tmp_path)
    (tmp_path / "b.py").symlink_to(tmp_path / "a.py")
    (tmp_path / "c.py").symlink_to(tmp_path / "missing.py")
    rows = read(tmp_path)
    assert [(row["path"], row.get("reason")) for row in rows] == [
        ("a.py", None), ("b.py", None), ("c.py", "the file cannot be read"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (FUNCTION.encode(), FUNCTION),
        ("# é\n".encode(), "# é\n"),
        (b"\xef\xbb\xbf# \xc3\xa9\n", "# é\n"),
        ("# -*- coding: latin-1 -*-\n# é\n".encode("latin-1"), "# -*- coding: latin-1 -*-\n# é\n"),
        ("#!/bin/python\n# vim: set fileencoding=cp1251 :\n# ж\n".encode("cp1251"), None),
        (b"x = 1\r\ny = 2\r\n", "x = 1\r\ny = 2\r\n"),
        (b"", ""),
        (b"#" * LARGEST, "#" * LARGEST),
    ],
    ids=["plain", "utf-8", "bom", "latin-1", "cp1251", "crlf", "empty", "largest"],
)
def test_text_is_read_in_the_encoding_that_the_file_names(tmp_path: Path, data: bytes, text: str | None) -> None:
    row = read_bytes(tmp_path, data)
    assert "reason" not in row
    assert row["content"] == (text if text is not None else data.decode("cp1251"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("# é\n".encode("latin-1"), "the file is not text in the encoding that it claims"),
        (("#" * 50 + "\n").encode() * 10 + b"\xff", "the file is not text in the encoding that it claims"),
        (b"# coding: klingon\n", "the file is not text in the encoding that it claims"),
        (b"\xef\xbb\xbf# coding: latin-1\n", "the file is not text in the encoding that it claims"),
        (b"# coding: hex\n00\n", "the file is not text in the encoding that it claims"),
        (b"x = 1\0\n", "the file holds NUL bytes"),
        ("x = 1\n".encode("utf-16"), "the file holds NUL bytes"),
        (b"#" * (LARGEST + 1), "the file is larger than 1 MiB"),
        (b"# coding: undefined\n", "the file is not text in the encoding that it claims"),
    ],
)
def test_what_is_no_text_says_why(tmp_path: Path, data: bytes, reason: str) -> None:
    row = read_bytes(tmp_path, data)
    assert (row["content"], row["reason"], row["path"]) == (None, reason, "file.py")
    assert isinstance(row["detail"], str)


@given(st.binary(max_size=200))
def test_any_bytes_are_one_row(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    row = read_bytes(tmp_path_factory.getbasetemp(), data)
    assert (row["content"] is None) == ("reason" in row)


def test_a_pipe_is_not_waited_for_and_a_large_file_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    with (tmp_path / "large.py").open("wb") as file:
        file.truncate(1 << 40)  # more than fits in memory
    assert [(row["path"], row["reason"]) for row in read(tmp_path)] == [
        ("large.py", "the file is larger than 1 MiB"), ("pipe.py", "the file cannot be read"),
    ]  # fmt: skip


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_a_row(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FUNCTION)
    (tmp_path / "b.py").write_text(FUNCTION)
    (tmp_path / "c").mkdir()
    (tmp_path / "b.py").chmod(0)
    (tmp_path / "c").chmod(0)
    rows = read(tmp_path)
    (tmp_path / "c").chmod(0o700)
    assert [(row["path"], row.get("detail")) for row in rows] == [
        ("a.py", None), ("b.py", "Permission denied"), ("c", "Permission denied"),
    ]  # fmt: skip


V1 = {
    "hexsha": "0a", "max_stars_repo_path": "a/b.py", "max_stars_repo_name": "owner/name",
    "max_stars_repo_licenses": ["MIT", "Apache-2.0"], "content": FUNCTION,
}  # fmt: skip
V2 = {"repo_name": "owner/name", "path": "a/b.py", "detected_licenses": ["MIT", "Apache-2.0"], "content": FUNCTION}
SMOL = {"repository": "owner/name", "path": "a/b.py", "license": "MIT, Apache-2.0", "content": FUNCTION}


@pytest.mark.parametrize("row", [V1, V2, SMOL], ids=["v1", "v2", "ours"])
@pytest.mark.parametrize("form", ["jsonl", "jsonl.gz", "parquet", "folder"])
def test_datasets_in_the_form_of_the_stack(tmp_path: Path, row: Row, form: str) -> None:
    path = tmp_path / ("data/train.parquet" if form == "folder" else f"data.{form}")
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist([row]), path)
    else:
        line = json.dumps(row).encode() + b"\n"
        path.write_bytes(gzip.compress(line) if path.suffix == ".gz" else line)
    assert read(path.parent if form == "folder" else path) == [
        {"content": FUNCTION, "repository": "owner/name", "path": "a/b.py", "licence": "MIT, Apache-2.0"}
    ]


def test_rows_without_text_say_why(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    contents = [FUNCTION, None, 3, "x\0", "#" * (LARGEST + 1), "é" * LARGEST, "\ufeffx = 1"]
    path.write_text("".join(json.dumps({"content": content}) + "\n" for content in contents))
    rows = read(path)
    assert [row.get("reason") for row in rows] == [
        None, *["the row has no text in the column content"] * 2, "the file holds NUL bytes",
        *["the file is larger than 1 MiB"] * 2, None,
    ]  # fmt: skip
    assert rows[-1]["content"] == "x = 1"


def test_installed_packages_by_distribution_and_by_import_name() -> None:
    by_distribution, by_import = read("pytest"), read("_pytest")
    assert {row["repository"] for row in by_distribution + by_import} == {f"pytest {pytest.__version__}"}
    assert {row["licence"] for row in by_distribution} == {"MIT"}
    assert {"pytest/__init__.py", "_pytest/__init__.py"} <= {row["path"] for row in by_distribution}
    assert {row["path"].partition("/")[0] for row in by_import} == {"_pytest"}
    assert all("\n" not in (row["licence"] or "") for name in ("numpy", "pip") for row in islice(read_files([name]), 1))


def test_a_package_is_not_imported_to_be_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "explosive.py").write_text("raise SystemExit\n")
    (tmp_path / "powder").mkdir()
    (tmp_path / "powder" / "__init__.py").write_text("raise SystemExit\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert [row["path"] for row in read_files(["explosive", "powder"])] == ["explosive.py", "powder/__init__.py"]


def test_the_standard_library_is_there_without_what_is_installed_beside_it() -> None:
    paths = {row["path"] for row in islice(read_files(["stdlib"]), 300)}
    assert {"abc.py", "ast.py"} <= paths
    assert not any("-packages" in path for path in paths)
    assert {row["path"] for row in read_files(["json"])} >= {"json/decoder.py"}


def test_a_path_wins_over_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json").mkdir()
    (tmp_path / "json" / "mine.py").write_text(FUNCTION)
    monkeypatch.chdir(tmp_path)
    assert [row["path"] for row in read_files(["json"])] == ["mine.py"]


@pytest.mark.parametrize("name", ["no_such_package", "missing/folder/", "missing.py", "sys", "é", "a b", "..x", ""])
def test_what_is_nothing_is_an_error_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MultipltError, match=r"check|holds no"):
        read_files(["json", name])  # not iterated


def test_a_dataset_of_something_else_is_an_error_at_once(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "x = 1", "id": 3}\n')
    with pytest.raises(MultipltError, match="has no column content, only text, id; rename"):
        read_files([str(path)])
    (tmp_path / "empty").mkdir()
    with pytest.raises(MultipltError, match="empty holds no"):
        read_files([str(tmp_path / "empty")])


def test_files_are_read_one_by_one(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.py").write_text(FUNCTION)
    rows: Iterator[Row] = read_files([str(tmp_path)])
    next(rows)
    (tmp_path / "1.py").write_text("x = 1\n")
    (tmp_path / "2.py").unlink()
    assert [row["content"] for row in rows] == ["x = 1\n", None]

"""Rows in and out: every form, whole or not at all, and every way a file can be wrong."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from multiplt.errors import MultipltError, Refused, UsageError
from multiplt.rows import (
    Rejected,
    Row,
    read_completions_folder,
    read_results_folder,
    read_rows,
    replacing,
    results_path,
    write_results_file,
    write_rows,
)
from multiplt.rows.parquet import read_parquet, write_parquet

FORMS = ["x.jsonl", "x.jsonl.gz", "x.json.gz", "x.json", "x.parquet"]
ROWS: list[Row] = [
    {"name": "f", "tests": ["assert f(1) == 2"], "n": 1, "multiplt": {"version": 1, "cases": [{"a": "1"}], "é": None}},
    {"name": "g\x00\u2028", "tests": [], "n": 2, "multiplt": {"other": {}}},
]

surrogates = st.text("a\x00\n\u2028é\ud800\udfff", max_size=6) | st.text(max_size=8)  # lone surrogates and NULs too
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


def values(text: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | text
    return st.recursive(scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(text, v, max_size=3), max_leaves=6)


def rows_of(text: st.SearchStrategy[str]) -> st.SearchStrategy[list[Row]]:
    names = st.sampled_from(["name", "a", "b.c", "", "multiplt"]) | texts
    rows = st.lists(st.dictionaries(names, values(text), min_size=1, max_size=4), min_size=1, max_size=5)
    return rows.map(lambda made: json.loads(json.dumps(made)))  # two surrogates in a row become their character


def without_none(rows: list[Row]) -> list[Row]:
    """Parquet cannot tell a field that is None from one that is not there."""
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read_as_written(tmp_path: Path, form: str) -> None:
    assert write_rows(iter(ROWS), tmp_path / form) == 2
    assert list(read_rows(tmp_path / form)) == ROWS
    assert [path.name for path in tmp_path.iterdir()] == [form]


@given(rows=rows_of(surrogates), form=st.sampled_from(["x.jsonl", "x.json.gz"]))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_json_keeps_any_row(tmp_path: Path, rows: list[Row], form: str) -> None:
    write_rows(rows, tmp_path / form)
    assert list(read_rows(tmp_path / form)) == rows


@given(rows=rows_of(surrogates))
@settings(max_examples=250)
def test_parquet_keeps_any_row(tmp_path_factory: pytest.TempPathFactory, rows: list[Row]) -> None:
    path = tmp_path_factory.getbasetemp() / "any.parquet"
    with path.open("wb") as file:
        assert write_parquet(rows, file) == len(rows)
    assert without_none(list(read_parquet(path))) == without_none(rows)


def test_parquet_columns_are_plain_where_they_can_be(tmp_path: Path) -> None:
    rows: list[Row] = [
        {"s": "a", "i": 1, "f": 1, "l": [], "j": {"a": 1}},
        {"s": None, "i": 2**60, "f": 0.5, "l": ["b"], "new": True},
    ]
    write_rows(rows, tmp_path / "x.parquet")
    schema = pq.read_schema(tmp_path / "x.parquet")
    plain = [pa.string(), pa.int64(), pa.float64(), pa.list_(pa.string()), pa.string(), pa.bool_()]
    assert (schema.names, schema.types) == (["s", "i", "f", "l", "j", "new"], plain)
    assert without_none(list(read_rows(tmp_path / "x.parquet"))) == without_none(rows)


def test_parquet_reads_more_rows_than_a_batch_with_late_fields(tmp_path: Path) -> None:
    rows = [{"n": n} for n in range(2500)] + [{"n": "text", "late": [1]}]
    write_rows(rows, tmp_path / "x.parquet")
    assert without_none(list(read_rows(tmp_path / "x.parquet"))) == rows


@pytest.mark.parametrize("form", FORMS)
def test_ten_megabytes_in_a_field(tmp_path: Path, form: str) -> None:
    rows = [{"text": "a\x00é\n" * 2_500_000}, {"text": "b"}]
    write_rows(rows, tmp_path / form)
    assert list(read_rows(tmp_path / form)) == rows


def test_parquet_of_others_is_read(tmp_path: Path) -> None:
    table = pa.table({"name": ["f"], "multiplt": [{"version": 1}], "stop": [["\n"]]})
    pq.write_table(table, tmp_path / "x.parquet")
    assert list(read_rows(tmp_path / "x.parquet")) == [{"name": "f", "multiplt": {"version": 1}, "stop": ["\n"]}]


def test_lone_surrogates_are_set_aside_or_refused_in_parquet(tmp_path: Path) -> None:
    rows = [{"name": "bad", "text": "\ud800"}, {"name": "good", "text": "a"}]
    out = tmp_path / "x.parquet"
    with pytest.raises(Refused, match="bad: the field 'text' holds text that is no Unicode"):
        write_rows(rows, out)
    assert list(tmp_path.iterdir()) == []
    with Rejected(out) as rejected:
        assert write_rows(rows, out, rejected) == 1
    assert list(read_rows(out)) == rows[1:]
    [aside] = read_rows(tmp_path / "x.rejected.jsonl")
    assert (aside["name"], aside["stage"], aside["text"]) == ("bad", "write", "\ud800")
    assert "1 row set aside" in rejected.summary()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.jsonl", b"", "x.jsonl is empty"),
        ("x.jsonl", b"\n \n", "holds no rows"),
        ("x.jsonl", b'{"a": 1}\n\n{"a": \n', "line 3 of .*x.jsonl is not JSON"),
        ("x.jsonl", b'{"a": 1}\n[1]\n', "line 2 of .*x.jsonl is not a JSON object"),
        ("x.jsonl", b'{"a": "\xff"}\n', "line 1 of .*x.jsonl is not JSON"),
        ("x.jsonl", b"[" * 100_000, "line 1 of .*x.jsonl is not JSON"),
        ("x.json", b'[{"a": 1}, 2]', "row 2 of .*x.json is not a JSON object"),
        ("x.json", b"hello", "line 1 of .*x.json is not JSON"),
        ("x.jsonl.gz", gzip.compress(b'{"a": 1}\n' * 1000, mtime=0)[:30], "is damaged or cut off"),
        ("x.jsonl.gz", gzip.compress(b'{"a": 1}\n' * 1000, mtime=0)[:20] + b"garbage" * 9, "is damaged or cut off"),
        ("x.parquet", b"PAR1" + b"\0" * 100, "x.parquet is damaged or cut off"),
        ("x.parquet", b'{"a": 1}\n', "is not Parquet"),
        ("x.jsonl", None, "there is no file or folder .*x.jsonl"),
    ],
)
def test_a_wrong_file_is_one_sentence(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(MultipltError, match=said) as caught:
        list(read_rows(tmp_path / name))
    assert "\n" not in str(caught.value)


def test_truncated_parquet_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    write_rows([{"a": os.urandom(40).hex()} for _ in range(500)], path)
    whole = path.read_bytes()
    for damaged in (whole[:-20], whole[: len(whole) // 2], whole[:200] + os.urandom(800) + whole[1000:]):
        path.write_bytes(damaged)
        with pytest.raises(MultipltError, match="is damaged or cut off") as caught:
            list(read_rows(path))
        assert "\n" not in str(caught.value)


def test_a_wrong_start_shows_before_any_row_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("oops\n")
    with pytest.raises(MultipltError):
        read_rows(tmp_path / "x.jsonl")


def test_json_documents_and_byte_order_marks(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text(json.dumps([{"a": 1}, {"a": 2}], indent=1))
    (tmp_path / "object.json").write_text(json.dumps({"a": 1}, indent=1))
    (tmp_path / "marked.jsonl").write_bytes(b'\xef\xbb\xbf{"a": 1}\r\n{"a": 2}')
    assert list(read_rows(tmp_path / "list.json")) == list(read_rows(tmp_path / "marked.jsonl")) == [{"a": 1}, {"a": 2}]
    assert list(read_rows(tmp_path / "object.json")) == [{"a": 1}]


def test_hub_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if find_spec("datasets") is None:
        with pytest.raises(MultipltError, match=r"pip install multiplt\[hub\]"):
            read_rows("owner/name:split")
    write_rows(ROWS, tmp_path / "owner" / "x.jsonl")
    (tmp_path / "owner" / "x.jsonl").rename(tmp_path / "owner" / "name")
    assert list(read_rows("owner/name")) == ROWS  # what is there wins


def test_standard_input_and_output() -> None:
    program = "import sys; from multiplt.rows import *; write_rows(read_rows('-'), '-')"
    line = json.dumps({"a": "é\x00"}, ensure_ascii=False).encode() + b"\n"
    done = subprocess.run([sys.executable, "-c", program], input=line, capture_output=True, check=True)
    assert done.stdout == line
    done = subprocess.run([sys.executable, "-c", program], input=b"", capture_output=True)
    assert b"standard input holds no rows" in done.stderr


def test_standard_output_that_is_full() -> None:
    program = "from multiplt.rows import *; write_rows([{'a': 1}], '-')"
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([sys.executable, "-c", program], stdout=full, stderr=subprocess.PIPE)
    assert b"MultipltError: no space left for standard output" in done.stderr


def test_a_pipe_is_read_and_a_device_written(tmp_path: Path) -> None:
    program = f"{sys.executable} -c 'from multiplt.rows import *; write_rows(read_rows(\"/dev/stdin\"), \"/dev/null\")'"
    subprocess.run(f"echo '{{}}' | {program}", shell=True, check=True)
    assert not Path("/dev/null").is_file()


def test_an_interrupted_write_leaves_what_was_there(tmp_path: Path) -> None:
    def broken() -> Iterator[Row]:
        yield {"a": 1}
        raise KeyboardInterrupt

    for form in FORMS:
        out = tmp_path / form
        out.write_text("before")
        with pytest.raises(KeyboardInterrupt):
            write_rows(broken(), out)
        assert out.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FORMS)


def test_outputs_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"says no form.*\.jsonl"):
        write_rows(ROWS, tmp_path / "x.csv")
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "file").touch()
    for out in (tmp_path / "folder.jsonl", tmp_path / "file" / "x.jsonl", tmp_path / ("x" * 300 + ".jsonl")):
        with pytest.raises(MultipltError, match="cannot write"):
            write_rows(ROWS, out)


def test_a_fault_in_another_file_is_not_laid_on_the_output(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="elsewhere"), replacing(tmp_path / "x"):
        (tmp_path / "elsewhere").read_bytes()
    assert list(tmp_path.iterdir()) == []


def test_a_symbolic_link_keeps_pointing(tmp_path: Path) -> None:
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "real.jsonl")
    write_rows(ROWS, tmp_path / "link.jsonl")
    assert (tmp_path / "link.jsonl").is_symlink()
    assert list(read_rows(tmp_path / "real.jsonl")) == ROWS


def test_rejected_rows(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    with Rejected(out) as rejected:
        rejected.add({"id": 7, "stage": "theirs"}, "prompts", "no tests")
        rejected.add({"name": "f", "id": 8, "x": "\ud800"}, "prompts", "no tests")
    assert (rejected.count, rejected.reasons) == (2, {"no tests": 2})
    assert list(read_rows(tmp_path / "out.rejected.jsonl")) == [
        {"id": 7, "stage": "prompts", "reason": "no tests"},
        {"name": "f", "id": 8, "stage": "prompts", "reason": "no tests", "x": "\ud800"},
    ]
    with Rejected(out) as rejected:
        pass
    assert list(tmp_path.iterdir()) == []
    assert Rejected(tmp_path).path == tmp_path / "rejected.jsonl"


def test_a_rejected_file_is_kept_only_when_the_work_ends_well(tmp_path: Path) -> None:
    def interrupted() -> None:
        with Rejected(tmp_path / "out.jsonl") as rejected:
            rejected.add({"name": "f"}, "prompts", "no tests")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_folders_of_multipl_e_files(tmp_path: Path) -> None:
    problem = {"name": "HumanEval_0_f", "language": "xyz", "prompt": "é", "tests": "", "stop_tokens": ["\n"]}
    sampled = {**problem, "temperature": 0.2, "completions": ["a\x00", "b"]}
    (tmp_path / "HumanEval_0_f.json.gz").write_bytes(gzip.compress(json.dumps(sampled).encode()))
    (tmp_path / "HumanEval_1_g.json").write_text(json.dumps(sampled, indent=2))
    out = tmp_path / "out"
    for path, row in read_completions_folder(tmp_path):
        write_results_file(results_path(out, path), row, [{"status": "OK"}, {"status": "Exception"}])
        write_results_file(results_path(tmp_path, path), row, [])  # results beside completions are passed over
    assert list(read_rows(tmp_path)) == [sampled, sampled]
    expected = {**problem, "temperature": 0.2, "results": [{"status": "OK"}, {"status": "Exception"}]}
    found = {path.name: row for path, row in read_results_folder(out)}
    assert found == {"HumanEval_0_f.results.json.gz": expected, "HumanEval_1_g.results.json": expected}
    assert len(list(out.iterdir())) == 2
    assert (out / "HumanEval_0_f.results.json.gz").read_bytes()[:2] == b"\x1f\x8b"


def test_wrong_folders(tmp_path: Path) -> None:
    with pytest.raises(MultipltError, match="there is no folder"):
        list(read_completions_folder(tmp_path / "none"))
    with pytest.raises(MultipltError, match=r"holds no file NAME\.json\.gz"):
        list(read_completions_folder(tmp_path))
    with pytest.raises(MultipltError, match="holds no Parquet, JSONL or MultiPL-E file"):
        read_rows(tmp_path)
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(b"[1]", mtime=0))
    with pytest.raises(MultipltError, match=r"a\.json\.gz is not a JSON object"):
        read_rows(tmp_path)


def test_folders_of_parquet_and_jsonl(tmp_path: Path) -> None:
    for folder, form in (("p", "parquet"), ("j", "jsonl")):
        for part in (0, 1):
            write_rows([{"n": part}], tmp_path / folder / f"part-{part}.{form}")
        write_rows([{"n": 9}], tmp_path / folder / "part-0.rejected.jsonl")
        assert list(read_rows(tmp_path / folder)) == [{"n": 0}, {"n": 1}]


def test_compressed_output_depends_on_the_rows_alone(tmp_path: Path) -> None:
    write_rows(ROWS, tmp_path / "a.jsonl.gz")
    write_rows(ROWS, tmp_path / "b.jsonl.gz")
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()


def test_parquet_memory_is_bounded_by_a_batch() -> None:
    rows = ({"text": chr(65 + n % 26) * 10_000_000} for n in range(15))
    file = io.BytesIO()
    assert write_parquet(rows, file) == 15
    assert pq.ParquetFile(file).num_row_groups >= 2

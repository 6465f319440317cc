"""Completions and results files as MultiPL-E's own tools read and write them: `json` in `gzip`, any field kept."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from multiplt.rows import Row, read_completions_folder, read_results_folder, results_path, write_results_file
from multiplt.rows.multipl_e import write_completions_file

TEXT = st.text() | st.text("a\ud800\U0001f600\u2028\0\r\n")
PROBLEM = st.fixed_dictionaries(
    {"name": st.just("HumanEval_0_f"), "language": st.just("toy"), "prompt": TEXT, "tests": TEXT,
     "stop_tokens": st.lists(TEXT), "temperature": st.floats(0, 2), "max_tokens": st.integers()},
    optional={"multiplt": st.dictionaries(TEXT, st.integers() | TEXT), "original": TEXT},
)  # fmt: skip
RESULT = st.fixed_dictionaries(
    {"program": TEXT, "timestamp": st.integers(0), "stdout": TEXT, "stderr": TEXT, "exit_code": st.integers(-1, 255),
     "status": st.sampled_from(["OK", "Exception", "Timeout", "SyntaxError"])},
    optional={"verdict": st.dictionaries(TEXT, TEXT)},
)  # fmt: skip


def published(path: Path) -> Any:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return json.loads(file.read())


def publish(path: Path, row: Any) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write(json.dumps(row))


@given(PROBLEM, st.lists(TEXT), st.lists(RESULT))
def test_both_read_what_the_other_wrote(problem: Row, completions: list[str], results: list[Row]) -> None:
    with TemporaryDirectory() as folder:
        ours, theirs = Path(folder, "ours"), Path(folder, "theirs")
        theirs.mkdir()
        write_completions_file(ours / "f.json.gz", problem, completions)
        write_results_file(results_path(ours, Path("f.json.gz")), problem | {"completions": completions}, results)
        answered, judged = published(ours / "f.json.gz"), published(ours / "f.results.json.gz")
        assert answered == problem | {"completions": completions}
        assert judged == problem | {"results": results}
        publish(theirs / "f.json.gz", answered)
        publish(theirs / "f.results.json.gz", judged)
        assert [row for _, row in read_completions_folder(theirs)] == [answered]
        assert [row for _, row in read_results_folder(theirs)] == [judged]

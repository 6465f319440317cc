"""`multiplt ceiling`: what no completion can pass, of our problems and of MultiPL-E's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import SQUARE, error_of, multiplt, problems_with, read, write
from counts import FULL
from multiplt.rows import Row, read_rows

PROMPT = "(**The int after n.*)\nlet next (n : int) : int =\n"
SUITE = """\
let assertions =
 let candidate = next in
  (assert ((candidate {}) = 2));
  (assert ((candidate 2) = 3));
  ()
"""


def problem(number: int, argument: str = "1", **others: object) -> Row:
    row = {"name": f"HumanEval_{number}_next", "language": "ml", "prompt": PROMPT, "tests": SUITE.format(argument)}
    return {**row, **others}


ROWS = [
    problem(0),
    problem(1, "(~1)"),
    problem(2, "(~2)"),
    problem(3, '"1"'),
    problem(4, prompt='(**The "int after n.*)\nlet next (n : int) : int =\n'),
]

REACHABLE = {"humaneval-ml": (49, 65), "humaneval-rkt": (66, 66), "humaneval-lua": (66, 66)}
"""Of the problems in the reference data, how many can be passed."""

FIRST, FIRST_REACHABLE = 16, 11
"""Of the first of them in OCaml, the same."""


def test_problems_and_the_causes_that_stand_in_their_way(tmp_path: Path) -> None:
    out = tmp_path / "reach.jsonl"
    done = multiplt("ceiling", write(tmp_path / "problems.jsonl", ROWS), "-o", out)
    rows = read(out)
    assert [row["name"] for row in rows] == [row["name"] for row in ROWS]
    assert [row["reachable"] for row in rows] == [True, False, False, False, False]
    assert {(row["language"], row["mode"]) for row in rows} == {("ml", "compat")}
    statuses = [row["cause"].split(":")[0] for row in rows]
    assert statuses == ["", "SyntaxError", "SyntaxError", "TypeError", "SyntaxError"]
    lines = [line.strip().split(maxsplit=2) for line in done.stdout.splitlines()]
    assert lines[1] == ["ocaml", "5", "in all"]
    assert lines[2] == ["1", "20.0%", "could be passed: the ceiling"]
    assert lines[3] == ["2", "40.0%", "SyntaxError: Syntax error: operator expected."]
    assert "ceiling: 5 of 5 problems" in done.stderr


def test_json_and_our_own_problems(tmp_path: Path) -> None:
    ours = problems_with(tmp_path, [SQUARE])
    contradictory = {**ours[0], "name": "other"}
    contradictory["multiplt"] = json.loads(json.dumps(ours[0]["multiplt"]))
    contradictory["multiplt"]["cases"].append({**ours[0]["multiplt"]["cases"][0], "expected": "5"})
    done = multiplt("ceiling", write(tmp_path / "problems.jsonl", [*ours, contradictory, *ROWS[:1]]), "--json")
    (summary,) = json.loads(done.stdout)
    cause = "2 tests contradict each other: the same arguments, different answers"
    assert summary == {
        "language": "ocaml", "problems": 3, "reachable": 2, "ceiling": 2 / 3,
        "causes": [{"cause": cause, "problems": 1}],
    }  # fmt: skip


def test_rows_on_standard_output_leave_the_table_to_standard_error(tmp_path: Path) -> None:
    done = multiplt("ceiling", write(tmp_path / "problems.jsonl", ROWS[:1]), "-o", "-")
    (row,) = map(json.loads, done.stdout.splitlines())
    assert row == {"name": "HumanEval_0_next", "language": "ml", "mode": "compat", "reachable": True, "cause": ""}
    assert "the ceiling" in done.stderr


def test_bad_rows_are_set_aside(tmp_path: Path) -> None:
    bad = [{"name": "x"}, {**ROWS[0], "multiplt": {}}]
    done = multiplt("ceiling", write(tmp_path / "problems.jsonl", [*bad, ROWS[0]]), "-o", tmp_path / "reach.jsonl")
    assert len(read(tmp_path / "reach.jsonl")) == 1
    assert len(read(tmp_path / "reach.rejected.jsonl")) == 2
    assert "2 rows set aside" in done.stderr


def test_errors_in_one_sentence(tmp_path: Path) -> None:
    assert "there is no file or folder" in error_of(multiplt("ceiling", tmp_path / "none.jsonl", code=1))
    other = write(tmp_path / "problems.jsonl", [{**ROWS[0], "language": "cobol"}])
    assert "language 'cobol' is not installed" in error_of(multiplt("ceiling", other, code=1))
    assert "says no form" in error_of(multiplt("ceiling", other, "-o", tmp_path / "x.txt", code=2))
    only_bad = write(tmp_path / "bad.jsonl", [{"name": "x"}])
    assert "no problem" in error_of(multiplt("ceiling", only_bad, code=1))


def ceiling_of(source: Path, out: Path) -> tuple[int, int]:
    (summary,) = json.loads(multiplt("ceiling", source, "-o", out, "--json").stdout)
    statuses = {row["cause"].split(":")[0] for row in read(out)}
    assert statuses <= {"", "SyntaxError", "TypeError"}
    return summary["reachable"], summary["problems"]


def test_the_ceiling_of_some_problems_of_multipl_e(tmp_path: Path, reference: Path) -> None:
    rows = list(read_rows(reference / "multipl-e" / "humaneval-ml.jsonl"))[:FIRST]
    found = ceiling_of(write(tmp_path / "problems.jsonl", rows), tmp_path / "reach.jsonl")
    assert found == (FIRST_REACHABLE, FIRST)


@pytest.mark.full
@pytest.mark.skipif(not FULL, reason="runs in make test-full")
@pytest.mark.parametrize("name", REACHABLE)
def test_ceilings_of_multipl_e(name: str, tmp_path: Path, reference: Path) -> None:
    assert ceiling_of(reference / "multipl-e" / f"{name}.jsonl", tmp_path / "reach.jsonl") == REACHABLE[name]

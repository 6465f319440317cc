"""`multiplt dedup`: of translations that are nearly the same, one is kept, and the others say which."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from rouge_score.rouge_scorer import RougeScorer

from commands import error_of, finish, multiplt, read, write
from counts import FULL
from multiplt.comments import strip_comments
from multiplt.rows import Row, read_rows, write_rows
from multiplt.translate.deduplication import ACROSS, PLACE, WITHIN, Deduplicate, find_near_duplicates, identity
from multiplt_lang_lua import plugin as lua

SCORER = RougeScorer(["rougeLsum"], use_stemmer=True)

ADD = "local function add(n)\n    -- to n\n    return n + {}\nend\n"
LOOP = (
    "local function count(n)\n    local total = 0\n    for i = 1, n do total = total + i end\n    return total\nend\n"
)
GREET = "local function greet(name)\n    return 'Good morning, ' .. name\nend\n"


def row(name: str, completion: int, text: str, pass_rate: float = 0.5, **fields: Any) -> Row:
    row = {"name": name, "language": "lua", "completion": completion, "original_id": None, "content": text}
    return row | {"tests": "", "pass_rate": pass_rate} | fields


def dedup(folder: Path, rows: Iterable[Row], *options: object) -> tuple[list[Row], list[Row]]:
    """What the command keeps and what it sets aside."""
    out, rejected = folder / "out.jsonl", folder / "out.rejected.jsonl"
    done = multiplt("dedup", write(folder / "in.jsonl", rows), "-o", out, *options)
    kept = read(out)
    assert f"{len(kept)} of " in done.stderr
    return kept, read(rejected) if rejected.exists() else []


def called(rows: Iterable[Row]) -> list[tuple[str, int]]:
    return [(row["name"], row["completion"]) for row in rows]


def test_what_is_set_aside_says_its_keeper_and_the_score(tmp_path: Path) -> None:
    rows = [
        row("p", 0, ADD.format(1)),
        row("p", 1, ADD.format(1).replace("to n", "something entirely different about this function")),
        row("p", 2, LOOP),
        row("q", 0, LOOP.replace("total", "sum")),
        row("q", 1, GREET, pass_rate=0.9),
    ]
    kept, rejected = dedup(tmp_path, rows)
    assert kept == [rows[0], rows[2], rows[4]]
    assert called(rejected) == [("p", 1), ("q", 0)]
    assert [row["reason"] for row in rejected] == [WITHIN, ACROSS]
    assert rejected[0]["detail"] == {"keeper": "p/0", "score": 1.0}  # comments do not count
    assert rejected[1]["detail"]["keeper"] == "p/2"
    assert 0.6 < rejected[1]["detail"]["score"] < 1
    assert all(row["content"] in {other["content"] for other in rows} for row in rejected)
    assert find_near_duplicates(kept, Deduplicate()) == {}


def keeps(rows: list[Row], **settings: Any) -> list[tuple[str, int]]:
    dropped = find_near_duplicates(rows, Deduplicate(**settings))
    return called(row for row in rows if identity(row) not in dropped)


def test_options(tmp_path: Path) -> None:
    rows = [row("p", 0, LOOP), row("q", 0, LOOP), row("q", 1, LOOP.replace("total", "sum"))]
    assert keeps(rows) == [("p", 0)]
    assert keeps(rows, across_problems=False) == [("p", 0), ("q", 0)]
    assert keeps(rows, threshold=0.95) == [("p", 0), ("q", 1)]
    assert keeps(rows, threshold=1.0) == called(rows)
    kept, rejected = dedup(tmp_path, rows, "--within-problems-only", "--threshold", 0.95)
    assert (kept, rejected) == (rows, [])


def test_a_higher_pass_rate_comes_first_and_then_the_input() -> None:
    rows = [row("p", 0, LOOP, 0.2), row("p", 1, LOOP, 0.4), row("p", 2, LOOP, 0.4), row("q", 0, LOOP, 0.9)]
    assert keeps(rows) == [("q", 0)]
    assert keeps(rows, across_problems=False) == [("p", 1), ("q", 0)]


def test_languages_are_apart(tmp_path: Path) -> None:
    rows = [row("p", 0, LOOP), row("p", 0, LOOP, language="julia"), row("p", 1, LOOP, language="jl")]
    kept, rejected = dedup(tmp_path, rows)
    assert (kept, called(rejected)) == (rows[:2], [("p", 1)])


def test_a_published_set_is_of_the_language_that_is_named(tmp_path: Path) -> None:
    published = [
        {"content": content, "pass_rate": 0.5, "id": id, "original_id": original, "tests": "", "edu_score": 0.0}
        for id, original, content in ((7, 1, ADD.format(1)), (8, 1, ADD.format(2)), (9, 2, ADD.format(3)), (3, 4, LOOP))
    ]
    kept, rejected = dedup(tmp_path, published, "-l", "lua")
    assert kept == [published[0], published[3]]
    assert [(row["id"], row["reason"], row["detail"]["keeper"]) for row in rejected] == [(8, WITHIN, 7), (9, ACROSS, 7)]
    done = multiplt("dedup", tmp_path / "in.jsonl", "-o", tmp_path / "out.jsonl", code=2)
    assert "do not say their language; name it with --lang" in error_of(done)


def test_rows_that_are_the_same_are_told_apart(tmp_path: Path) -> None:
    anonymous = {"content": LOOP, "language": "lua"}
    kept, rejected = dedup(tmp_path, [anonymous] * 3)
    assert kept == [anonymous]
    assert [row["detail"]["keeper"] for row in rejected] == ["row 1"] * 2
    assert not any(PLACE in row for row in (*kept, *rejected))


def test_bad_rows_are_set_aside(tmp_path: Path) -> None:
    bad = [
        row("p", 0, GREET, language="klingon"), row("p", 1, GREET, language=None), row("p", 2, GREET, content=None),
        row("p", 3, GREET, pass_rate="high"), row("p", 4, "x = " + "1, " * 20_001), row("p", 5, "\ud800"),
        row("p", 8, GREET, pass_rate=10**400),
    ]  # fmt: skip
    kept, rejected = dedup(tmp_path, [row("p", 6, LOOP, original_id=[1]), *bad, row("p", 7, "", pass_rate=None)])
    assert called(kept) == [("p", 6), ("p", 7)]
    reasons = {row["completion"]: row["reason"] for row in rejected}
    assert len(reasons) == len(bad)
    assert "'klingon' is not installed" in reasons[0]
    assert reasons[1] == "it does not say its language"
    assert reasons[2] == "it has no text in content"
    assert reasons[3] == reasons[8] == "its pass_rate is no number from 0 to 1"
    assert "it has a line of 20,002 tokens" in reasons[4]
    assert "Unicode" in reasons[5]


def test_parquet_folders_and_streams(tmp_path: Path) -> None:
    rows = [row("p", number, LOOP, pass_rate=number / 4) for number in range(4)]
    (tmp_path / "dataset").mkdir()
    write_rows(rows[:2], tmp_path / "dataset" / "a.parquet")
    write_rows(rows[2:], tmp_path / "dataset" / "b.parquet")
    done = multiplt("dedup", tmp_path / "dataset", "-o", tmp_path / "shards", "--json")
    assert called(read_rows(tmp_path / "shards")) == [("p", 3)]
    assert json.loads(done.stdout)[-1]["reasons"] == {WITHIN: 3}
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    done = multiplt("dedup", "-", "-o", "-", input=lines)
    assert called(map(json.loads, done.stdout.splitlines())) == [("p", 3)]


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    (tmp_path / "numba.py").write_text("raise ModuleNotFoundError('no', name='numba')")
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from multiplt.cli import main; main()"
    rows = write(tmp_path / "in.jsonl", [row("p", 0, LOOP)])
    done = finish([sys.executable, "-c", program, "dedup", str(rows), "-o", str(tmp_path / "out.jsonl")], 1)
    assert error_of(done) == "finding near-duplicates needs the package numba; pip install multiplt[dedup]"


# ---- the whole of the input, by comparing all pairs


def brute_force(rows: list[Row]) -> dict[int, tuple[int, float]]:
    """For each row that is dropped its keeper and their score, by index, in the two passes."""
    texts = [strip_comments(row["content"], lua.spec.comments) for row in rows]
    dropped: dict[int, tuple[int, float]] = {}

    def drop(numbers: Iterable[int]) -> list[int]:
        kept: list[int] = []
        for number in numbers:
            scores = ((other, SCORER.score(texts[other], texts[number])["rougeLsum"].fmeasure) for other in kept)
            near = next(((other, score) for other, score in scores if score > 0.6), None)
            if near:
                dropped[number] = near
            else:
                kept.append(number)
        return kept

    order = sorted(range(len(rows)), key=lambda number: (-rows[number]["pass_rate"], number))
    by_problem = sorted(order, key=lambda number: rows[number]["name"])
    groups = groupby(by_problem, key=lambda number: rows[number]["name"])
    kept = {number for _, group in groups for number in drop(group)}
    drop(number for number in order if number in kept)
    return dropped


@pytest.mark.parametrize("seed", range(3 if FULL else 1))
def test_it_agrees_with_comparing_all_pairs(seed: int) -> None:
    chance = random.Random(seed)
    names = [f"v{number}" for number in range(12)]
    statements = [
        "local {} = {} + {}", "if {} > {} then return {} end", "for {} = 1, {} do print({}) end",
        "table.insert({}, {}) -- {}", "while {} do {} = {} end",
    ]  # fmt: skip
    rows = [
        row(f"p{number // 6}", number % 6, "\n".join(
            chance.choice(statements).format(*chance.choices(names, k=3)) for _ in range(chance.randint(2, 5))
        ), pass_rate=chance.randint(1, 4) / 4)
        for number in range(600 if FULL else 240)
    ]  # fmt: skip
    chance.shuffle(rows)
    expected = {
        identity(rows[number]): {
            "keeper": f"{rows[keeper]['name']}/{rows[keeper]['completion']}",
            "score": score,
        }
        for number, (keeper, score) in brute_force(rows).items()
    }
    found = find_near_duplicates(rows, Deduplicate())
    assert {row: dropped.detail for row, dropped in found.items()} == expected
    assert {dropped.reason for dropped in found.values()} == {WITHIN, ACROSS}
    assert len(rows) - len(found) > 20

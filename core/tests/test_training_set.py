"""The training set: what strategies choose, what a mixture takes, and folders that are there whole or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multiplt.dataset.facts import facts, licences
from multiplt.dataset.folder import data_path
from multiplt.dataset.mix import Budget, draw, mix
from multiplt.dataset.solutions import Solution, read_solutions
from multiplt.dataset.strategies import choose_all, choose_best, choose_random
from multiplt.dataset.tokens import token_counter
from multiplt.errors import MultipltError
from multiplt.rows import Row, write_rows
from multiplt.rows.folders import replacing_folder
from multiplt.run import StageContext, StageResult, run_first_stage


def solution(function: int, number: int, pass_rate: float) -> Solution:
    return Solution("toy", function, f"program {number}", "tests", pass_rate, function, None, {"completion": number})


SOLUTIONS = st.lists(st.tuples(st.integers(0, 6), st.sampled_from([0.1, 0.5, 1.0])), max_size=30).map(
    lambda drawn: [solution(function, number, rate) for number, (function, rate) in enumerate(drawn)]
)


def by_function(solutions: list[Solution]) -> dict[int | str, list[Solution]]:
    groups = defaultdict(list)
    for each in solutions:
        groups[each.function].append(each)
    return groups


# ---- strategies


@given(SOLUTIONS, st.integers())
def test_random_takes_one_of_each_function_whatever_else_is_there(solutions: list[Solution], seed: int) -> None:
    choice = choose_random(solutions, seed)
    kept = [each for each, dropped in zip(solutions, choice, strict=True) if dropped is None]
    assert [each.function for each in kept] == list(dict.fromkeys(each.function for each in kept))
    assert {each.function for each in kept} == {each.function for each in solutions}
    for each, dropped in zip(solutions, choice, strict=True):
        (own,) = (other for other in kept if other.function == each.function)
        assert dropped is None if each is own else dropped and dropped.detail == {"keeper": own.called}
    for own in by_function(solutions).values():
        alone = choose_random(own, seed)
        assert own[alone.index(None)] in kept


def test_random_draws_every_solution_alike_and_another_with_another_seed() -> None:
    solutions = [solution(function, number, 0.5) for function in range(1000) for number in range(4)]
    drawn = [
        [number % 4 for number, dropped in enumerate(choose_random(solutions, seed)) if dropped is None]
        for seed in (0, 1)
    ]
    assert drawn[0] != drawn[1]
    assert all(200 < drawn[0].count(number) < 300 for number in range(4))  # 250 each, by 3.6 standard deviations


@given(SOLUTIONS)
def test_best_takes_the_first_of_the_highest_pass_rate(solutions: list[Solution]) -> None:
    choice = choose_best(solutions)
    kept = {each.function: each for each, dropped in zip(solutions, choice, strict=True) if dropped is None}
    for function, own in by_function(solutions).items():
        highest = max(each.pass_rate for each in own)
        assert kept[function] is next(each for each in own if each.pass_rate == highest)
    assert choose_all(solutions) == [None] * len(solutions)


# ---- reading translations


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"content": " \n"}, "it has no content"),
        ({"content": None}, "it has no content"),
        ({"tests": 3}, "it has no tests"),
        ({"language": None}, "it has no language"),
        ({"language": "klingon"}, "language 'klingon' is not installed"),
        ({"pass_rate": 0}, "it has no pass_rate above 0"),
        ({"pass_rate": True}, "it has no pass_rate above 0"),
        ({"pass_rate": float("nan")}, "it has no pass_rate above 0"),
        ({"original_id": 2.0}, "its original_id is neither text nor an integer"),
        ({"original_id": 2**63}, "its original_id is neither text nor an integer"),
        ({"name": None, "original_id": None}, "it has neither name nor original_id"),
        ({"content": "\ud800"}, "no Unicode"),
    ],
)
def test_a_row_that_is_no_translation_is_set_aside_with_its_reason(change: Row, reason: str) -> None:
    row = {"name": "f", "language": "lua", "completion": 3, "content": "x", "tests": "t", "pass_rate": 0.5} | change
    refused: list[tuple[Row, str]] = []
    with pytest.raises(MultipltError, match="none of the rows is a translation"):
        read_solutions([row], lambda row, reason: refused.append((row, reason)))
    ((described, said),) = refused
    assert reason in said
    assert described["completion"] == 3


WHOLE = {"name": "f", "language": "klingon", "completion": 0, "content": "x", "tests": "t", "pass_rate": 0.5}
ANYTHING = st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | st.text(max_size=3)
FIELD = st.sampled_from([*WHOLE, "original_id", "edu_score"])
ROWS = st.dictionaries(FIELD, ANYTHING | st.lists(ANYTHING, max_size=2), max_size=2).map(lambda odd: WHOLE | odd)


@given(st.lists(ROWS, min_size=1, max_size=5))
def test_whatever_a_row_holds_it_is_set_aside_once(rows: list[Row]) -> None:
    refused: list[Row] = []
    with pytest.raises(MultipltError, match="none of the rows is a translation"):
        read_solutions(rows, lambda row, reason: refused.append(row))
    assert len(refused) == len(rows)


# ---- mixtures


def rows_of(path: Path, texts: list[str]) -> str:
    path.write_text("".join(json.dumps({"content": text, "id": number}) + "\n" for number, text in enumerate(texts)))
    return str(path)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shelf")


@settings(max_examples=60)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=40), st.integers(0, 99), st.data())
def test_a_draw_comes_as_near_to_its_tokens_as_the_next_item_lets_it(
    shelf: Path, sizes: list[int], seed: int, data: st.DataObject
) -> None:
    source, count = rows_of(shelf / "rows.jsonl", ["a " * size for size in sizes]), token_counter(None)
    tokens = data.draw(st.integers(1, sum(sizes)))
    everything = draw(source, Budget("tokens", sum(sizes)), seed, count)
    assert sorted(item.tokens for item in everything) == sorted(sizes)
    drawn = draw(source, Budget("tokens", tokens), seed, count)
    assert drawn == everything[: len(drawn)]  # a larger draw only adds to it
    held = sum(item.tokens for item in drawn)
    assert held <= tokens
    assert held == tokens or held + everything[len(drawn)].tokens > tokens
    items = draw(source, Budget("items", len(drawn) or 1), seed, count)
    assert items == everything[: len(drawn) or 1]


def test_a_draw_has_no_favourites(tmp_path: Path) -> None:
    source = rows_of(tmp_path / "rows.jsonl", [str(number) for number in range(10)])
    drawn = [item.id for seed in range(600) for item in draw(source, Budget("items", 3), seed, token_counter(None))]
    assert all(120 < drawn.count(str(number)) < 240 for number in range(10))  # 180 each, by 5 standard deviations


def test_a_mixture_has_its_share_of_each_and_is_the_same_again(tmp_path: Path) -> None:
    ours = rows_of(tmp_path / "ours.jsonl", [f"ours {number}" for number in range(50)])
    stack = rows_of(tmp_path / "stack.jsonl", [f"the stack's {number}" for number in range(50)])
    rows, taken = mix(ours, stack, 0.3, Budget("items", 21), 0, token_counter(None))
    assert [(part.kind, part.items, part.tokens) for part in taken] == [("dataset", 15, 30), ("stack", 6, 18)]
    assert [row["source"] for row in rows].count("stack") == 6
    assert rows[0].keys() == {"content", "source", "source_id"}
    assert {row["source"] for row in rows[:12]} == {"dataset", "stack"}  # shuffled together
    assert mix(ours, stack, 0.3, Budget("items", 21), 0, token_counter(None))[0] == rows
    assert mix(ours, stack, 0.3, Budget("items", 21), 1, token_counter(None))[0] != rows
    with pytest.raises(MultipltError, match=r"stack\.jsonl holds 50 items and 60 are to be taken of it; ask for less"):
        mix(ours, stack, 0.6, Budget("items", 100), 0, token_counter(None))


# ---- what a run says


@dataclass(frozen=True)
class Keep:
    """A stage that keeps its rows."""

    name: str

    def settings(self) -> Mapping[str, Any]:
        return {}

    def __call__(self, rows: list[Row], context: StageContext) -> StageResult:
        return StageResult(rows)


def test_a_funnel_begins_with_the_python_files_and_a_folder_that_lacks_a_stage_says_less(tmp_path: Path) -> None:
    def stage(name: str, folder: str, *rows: Row) -> None:
        run_first_stage(Keep(name), rows, tmp_path / folder, shard_size=2)

    functions = [{"id": f"f{number}", "licence": licence} for number, licence in enumerate((["MIT"], "MIT", None))]
    stage("extract", "source/extract", *functions, {"id": "g"})
    stage("infer-types", "functions", *functions)
    assert facts(tmp_path, "toy") is None
    stage("translations", "translations/toy", {"name": "f0", "original_id": "f0"}, {"name": "f0", "original_id": "f0"})
    found = facts(tmp_path, "toy")
    assert found
    assert [(s.stage, s.rows_in) for s in found.stages] == [("extract", 4), ("infer-types", 3), ("translations", 2)]
    assert (found.functions, found.solved, found.sampling, found.toolchain) == (3, 1, {}, "")
    assert facts(tmp_path, "other") is None
    write_rows([{"original_id": id} for id in ("f0", "f1", "f1", "f2", "h")], tmp_path / data_path("toy"))
    assert licences(tmp_path, [tmp_path], ["toy"]) == {"MIT": 3, None: 2}


# ---- folders


def content(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def fill(path: Path, text: str) -> None:
    with replacing_folder(path) as folder:
        (folder / "data").mkdir()
        (folder / "data" / "rows").write_text(text)


def test_a_folder_takes_the_place_of_another(tmp_path: Path) -> None:
    for text in ("one", "two"):
        fill(tmp_path / "deep" / "set", text)
        assert content(tmp_path) == {"deep/set/data/rows": text}


def fail_half_way(path: Path) -> None:
    with replacing_folder(path) as folder:
        (folder / "half").write_text("written")
        raise RuntimeError


def test_a_folder_that_fails_half_way_leaves_what_was_there(tmp_path: Path) -> None:
    fill(tmp_path / "set", "one")
    with pytest.raises(RuntimeError):
        fail_half_way(tmp_path / "set")
    assert content(tmp_path) == {"set/data/rows": "one"}


@pytest.mark.parametrize("renames", [0, 1, 2])
def test_a_kill_at_any_rename_loses_nothing(tmp_path: Path, renames: int) -> None:
    fill(tmp_path / "set", "one")
    program = (
        "import os, sys; from pathlib import Path; from multiplt.rows.folders import replacing_folder\n"
        "rename, left = Path.rename, [int(sys.argv[2])]\n"
        "def counted(*args):\n"
        "    if not left[0]: os.kill(os.getpid(), 9)\n"
        "    left[0] -= 1\n"
        "    return rename(*args)\n"
        "Path.rename = counted\n"
        "with replacing_folder(Path(sys.argv[1])) as folder:\n"
        "    (folder / 'rows').write_text('two')\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "set"), str(renames)])
    assert done.returncode == (0 if renames == 2 else -9)
    assert "one" in content(tmp_path).values() or renames == 2
    with pytest.raises(RuntimeError):
        fail_half_way(tmp_path / "set")  # the next call mends first
    assert content(tmp_path) == ({"set/rows": "two"} if renames == 2 else {"set/data/rows": "one"})

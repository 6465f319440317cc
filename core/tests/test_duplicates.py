"""Of functions that are copies, or nearly, the first is kept, wherever in the input they stand."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tracemalloc
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from multiplt.rows import Row
from multiplt.run import StageSummary, import_rows, read_shards, run_stage
from multiplt.source.duplicates import EXACT, NEAR, Deduplicate, find_copies, tokens
from multiplt.source.signatures import Signatures, ngrams, similarity


def row(id: str, content: str) -> Row:
    return {"id": id, "entrypoint": "f", "content": content}


def long_function(seed: int, changed: int = 0) -> str:
    """Sixty statements, the last `changed` of which are others."""
    chance = random.Random(seed)
    lines = [f"    a{chance.randrange(99)} = b{chance.randrange(99)} * {chance.randrange(99)}" for _ in range(60)]
    lines[60 - changed :] = [f"    other{place} = {place} + 1" for place in range(changed)]
    return "\n".join(["def f(x):", *lines, "    return x", ""])


def test_copies_are_exact_or_near_and_the_first_is_kept() -> None:
    first = 'def f(x):\n    """Doc."""\n    return x + 1  # one\n'
    rows = [
        row("first", first),
        row("other", "def f(x):\n    return x * 3\n"),
        row("exact", first.replace("Doc", "Other words").replace("# one", "")),
        row("long", long_function(1)),
        row("near", long_function(1, changed=2)),
        row("far", long_function(1, changed=20)),
    ]
    copies = find_copies(rows)
    assert {id: (keeper.id, keeper.is_exact) for id, keeper in copies.items()} == {
        "exact": ("first", True),
        "near": ("long", False),
    }


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30)), max_size=12))
def test_it_agrees_with_comparing_all_pairs(shapes: list[tuple[int, int]]) -> None:
    rows = [row(str(number), long_function(*shape)) for number, shape in enumerate(shapes)]
    grams = [ngrams(list(tokens(row))) for row in rows]
    kept: list[int] = []
    for number in range(len(rows)):
        if all(similarity(grams[number], grams[other]) < 0.85 for other in kept):
            kept.append(number)
    copies = find_copies(rows)
    found = [number for number in range(len(rows)) if str(number) not in copies]
    close = [similarity(grams[a], grams[b]) for a in range(len(rows)) for b in range(a)]
    assert found == kept or any(0.8 < similarity < 0.9 for similarity in close)  # there a candidate may be missed
    assert find_copies([rows[number] for number in found]) == {}


def test_what_is_kept_instead_is_kept() -> None:
    rows = [row(str(number), long_function(number % 5, changed=number // 5 % 4)) for number in range(200)]
    copies = find_copies(rows)
    assert len(copies) == 195
    assert {keeper.id for keeper in copies.values()} == {row["id"] for row in rows} - copies.keys()


def test_an_exact_copy_of_what_is_dropped_is_nearly_one_of_what_is_kept() -> None:
    copies = find_copies([row(str(number), long_function(1, changed=number % 2)) for number in range(4)])
    assert {id: (keeper.id, keeper.is_exact) for id, keeper in copies.items()} == {
        "1": ("0", False),
        "2": ("0", True),
        "3": ("0", False),
    }


def test_what_is_close_is_found() -> None:
    pairs = [(long_function(seed), long_function(seed, changed=1 + seed % 4)) for seed in range(200)]
    rows = [row(f"{number}{side}", pair[side]) for number, pair in enumerate(pairs) for side in (0, 1)]
    close = [
        f"{number}1" for number, pair in enumerate(pairs)
        if similarity(*(ngrams(list(tokens(row("", content)))) for content in pair)) >= 0.9
    ]  # fmt: skip
    assert len(close) > 90
    assert not set(close) - find_copies(rows).keys()


def test_the_same_tokens_in_another_order_are_no_exact_copy() -> None:
    one, other = ("g(a, b, c)\n    " * times + "h(a, b, c)\n    " + "g(a, b, c)\n    " * 3 for times in (3, 9))
    copies = find_copies([row("1", f"def f(x):\n    {one}return x"), row("2", f"def f(x):\n    {other}return x")])
    assert not copies["2"].is_exact


def test_memory_does_not_grow_with_what_functions_hold() -> None:
    functions = [[f"{seed}", *map(str, range(seed, seed + 300))] for seed in range(1000)]
    with Signatures() as signatures:
        signatures.add("first", ["x"])
        tracemalloc.start()
        try:
            for number, function in enumerate(functions):
                signatures.add(f"{number:016x}", function)
            assert tracemalloc.get_traced_memory()[0] < 200 * len(functions)
        finally:
            tracemalloc.stop()


def test_every_process_finds_the_same() -> None:
    script = (
        "from multiplt.source.signatures import Signatures\n"
        "signatures = Signatures()\n"
        "for n in range(50): signatures.add(str(n), [str(n % 7 + k) for k in range(100 + n)])\n"
        "print(*signatures.copies(0.5))"
    )
    found = [
        subprocess.run([sys.executable, "-c", script], env={**os.environ, "PYTHONHASHSEED": seed}, check=True,
                       capture_output=True).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert found[0] == found[1] != b"\n"


def run(tmp_path: Path, rows: list[Row], shard_size: int) -> tuple[StageSummary, list[Row], list[Row]]:
    folder = tmp_path / str(shard_size)
    import_rows(rows, folder / "in", shard_size=shard_size)
    summary = run_stage(Deduplicate(), folder / "in", folder / "out")
    rejected = [path.read_text() for path in sorted((folder / "out").glob("*.rejected.jsonl"))]
    return summary, list(read_shards(folder / "out")), [line for text in rejected for line in text.splitlines()]


def test_the_result_does_not_depend_on_the_shards(tmp_path: Path) -> None:
    rows = [row(str(number), long_function(number % 7, changed=number % 2)) for number in range(30)]
    (summary, kept, rejected), *others = [run(tmp_path, rows, size) for size in (30, 1, 7)]
    assert [row["id"] for row in kept] == [str(number) for number in range(7)]
    assert summary.reasons == {EXACT: 9, NEAR: 14}
    assert (summary.rows_in, summary.rows_kept, summary.rows_rejected) == (30, 7, 23)
    assert all((found[1], found[2]) == (kept, rejected) for found in others)


def test_a_change_of_one_shard_makes_all_again(tmp_path: Path) -> None:
    rows = [row(str(number), long_function(number % 7)) for number in range(20)]
    run(tmp_path, rows, 5)
    changed = [*rows[:15], *(row(str(number), long_function(number)) for number in range(15, 20))]
    summary, kept, _ = run(tmp_path, changed, 5)
    assert summary.shards_made == 4
    assert len(kept) == 12
    assert run(tmp_path, changed, 5)[0].shards_made == 0

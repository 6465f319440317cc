"""The registry, what providers share, and recorded completions."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from multiplt.errors import MultipltError
from multiplt.models import Model, ModelRegistry, Request, Sample, derive_seed, register_builtin
from multiplt.models.base import in_parallel

ROWS = [
    {"name": "P1", "language": "toy", "completions": ["a", "b", "c"]},
    {"name": "P1", "language": "other", "completions": ["x"]},
    {"name": "P2", "language": "ty", "completions": []},
]


@pytest.fixture
def registry() -> ModelRegistry:
    registry = ModelRegistry()
    register_builtin(registry.register)
    return registry


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    file = tmp_path / "recorded.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return file


def wanted(problem: str, indexes: tuple[int, ...] = (0,), *languages: str) -> Request:
    return Request(f"{problem}-id", "prompt", indexes, problem=problem, languages=languages or ("toy", "ty"))


def collect(model: Model, *requests: Request) -> list[Sample]:
    async def run() -> list[Sample]:
        async with model:
            return [sample async for sample in model.generate(requests)]

    return asyncio.run(run())


# Seeds


def test_seeds_are_the_same_on_every_machine_and_day() -> None:
    assert derive_seed("run", "HumanEval_0", 3) == 241034966


def test_seeds_differ_and_stay_within_31_bits() -> None:
    seeds = {derive_seed("run", problem, index) for problem in range(100) for index in range(50)}
    assert len(seeds) == 5000
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert derive_seed("a", "b") != derive_seed("ab") != derive_seed("a,b")
    assert derive_seed("1") != derive_seed(1)


def test_the_seed_of_a_sample_does_not_depend_on_what_else_is_asked() -> None:
    all_of_them, what_is_left = Request("x", "p", range(50), seed=7), Request("x", "p", (3, 41), seed=7)
    assert all_of_them.n == 50
    assert [all_of_them.sample_seed(i) for i in (3, 41)] == [what_is_left.sample_seed(i) for i in (3, 41)]
    assert all_of_them.sample_seed(3) != Request("x", "p", range(50), seed=8).sample_seed(3)


# The registry


def test_an_unknown_scheme_names_those_that_are_there(registry: ModelRegistry) -> None:
    there_are = "'opnai' (there are artifact, openai, replay, transformers, vllm): did you mean openai:…"
    with pytest.raises(MultipltError, match=re.escape(there_are)):
        registry.find("opnai:m@http://localhost/v1")
    schemes = "artifact:…, openai:…, replay:…, transformers:…, vllm:…"
    with pytest.raises(MultipltError, match=re.escape(f"use one of {schemes}")):
        registry.find("zzz:x")
    with pytest.raises(MultipltError, match="a model is named SCHEME:WHERE"):
        registry.find("gpt2")


def test_a_scheme_belongs_to_one_plugin(registry: ModelRegistry) -> None:
    with pytest.raises(MultipltError, match="two plugins register the model scheme 'replay'"):
        registry.register("replay", lambda where, options: registry.find(where, options))


def test_a_plugin_adds_a_scheme(registry: ModelRegistry, recorded: Path) -> None:
    registry.register("again", lambda where, options: registry.find(f"replay:{where}", options))
    assert registry.find(f"again:{recorded}").name == f"replay:{recorded}"


def test_nothing_heavy_is_imported() -> None:
    code = "import multiplt.models, sys; print([m for m in ('openai', 'torch', 'vllm') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Recorded completions


def test_samples_come_by_problem_and_any_accepted_spelling(registry: ModelRegistry, recorded: Path) -> None:
    model = registry.find(f"replay:{recorded}")
    assert collect(model, wanted("P1", (0, 2)), wanted("P1", (0,), "no", "other"), wanted("P2", ())) == [
        Sample("P1-id", 0, "a", "stop"),
        Sample("P1-id", 2, "c", "stop"),
        Sample("P1-id", 0, "x", "stop"),
    ]
    assert asyncio.run(model.check()) == {"problems": 3, "completions": 4}


def test_requests_may_come_asynchronously(registry: ModelRegistry, recorded: Path) -> None:
    async def run() -> list[str]:
        async def requests() -> AsyncIterator[Request]:
            for index in range(3):
                await asyncio.sleep(0)
                yield wanted("P1", (index,))

        return [sample.text async for sample in registry.find(f"replay:{recorded}").generate(requests())]

    assert asyncio.run(run()) == ["a", "b", "c"]


def test_gzipped_rows_and_folders_of_completions_files(registry: ModelRegistry, recorded: Path, tmp_path: Path) -> None:
    zipped = tmp_path / "recorded.jsonl.gz"
    zipped.write_bytes(gzip.compress(recorded.read_bytes()))
    assert collect(registry.find(f"replay:{zipped}"), wanted("P1"))[0].text == "a"

    folder = tmp_path / "completions"
    folder.mkdir()
    (folder / "P1.json.gz").write_bytes(gzip.compress(json.dumps({**ROWS[0], "stop_tokens": []}).encode()))
    (folder / "P2.json").write_text(json.dumps(ROWS[1] | {"name": "P2"}))
    (folder / "P1.results.json.gz").write_bytes(gzip.compress(b'{"results": []}'))
    (folder / "notes.txt").write_text("not a row")
    samples = collect(registry.find(f"replay:{folder}"), wanted("P1", (2,)), wanted("P2", (0,), "other"))
    assert [sample.text for sample in samples] == ["c", "x"]
    assert collect(registry.find(f"replay:{folder / 'P1.json.gz'}"), wanted("P1", (1,)))[0].text == "b"


def test_any_text_survives(registry: ModelRegistry, tmp_path: Path) -> None:
    texts = ["", "\x00\u2028\r\n\x85", "\ud800", "x" * 1_000_000]
    file = tmp_path / "odd.jsonl"
    file.write_text(json.dumps({"name": "P1", "language": "toy", "completions": texts}) + "\n\n", newline="")
    assert [s.text for s in collect(registry.find(f"replay:{file}"), wanted("P1", (0, 1, 2, 3)))] == texts


def test_running_out_names_problem_language_file_and_counts(registry: ModelRegistry, recorded: Path) -> None:
    with pytest.raises(MultipltError) as error:
        collect(registry.find(f"replay:{recorded}"), wanted("P1", (0, 3)))
    assert str(error.value) == (
        f"replay:{recorded} has 3 completions for problem P1 in toy or ty and 4 are asked: record more or ask for 3"
    )


def test_a_missing_problem_is_named(registry: ModelRegistry, recorded: Path) -> None:
    with pytest.raises(MultipltError, match=r"has no completions for problem P9 in toy or ty: record some"):
        collect(registry.find(f"replay:{recorded}"), wanted("P9"))
    with pytest.raises(MultipltError, match=r"has no completions for problem P1 in third"):
        collect(registry.find(f"replay:{recorded}"), wanted("P1", (0,), "third"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"name": "P1", "language": "toy", "completions": ["a"]}\n{"name": ', r"recorded.jsonl, line 2 is not JSON"),
        (b'\n\n["P1"]', r"line 3 is no recorded row: it needs the texts name and language"),
        (b'{"name": "P1", "language": "toy", "completions": ["a", null]}', r"line 1 is no recorded row"),
        (b'{"name": "P1", "completions": []}', r"line 1 is no recorded row"),
        (b"[" * 100_000, r"line 1 is not JSON"),
        (b"\xff\xfe", r"cannot read the recorded completions in .*invalid start byte"),
        (b"\n", r"is empty: it needs a row"),
        (b'{"name": "P", "language": "t", "completions": []}\n' * 2, r"line 2 repeats problem P in t of .*, line 1"),
    ],
)
def test_a_malformed_file_is_named_with_its_line(
    registry: ModelRegistry, tmp_path: Path, content: bytes, message: str
) -> None:
    file = tmp_path / "recorded.jsonl"
    file.write_bytes(content)
    with pytest.raises(MultipltError, match=message):
        registry.find(f"replay:{file}")


def test_files_that_cannot_be_read_are_named(registry: ModelRegistry, tmp_path: Path) -> None:
    with pytest.raises(MultipltError, match=r"missing.jsonl: No such file or directory"):
        registry.find(f"replay:{tmp_path / 'missing.jsonl'}")
    with pytest.raises(MultipltError, match=r"holds no completions: name a folder of"):
        registry.find(f"replay:{tmp_path}")
    for content in (b"not gzip", gzip.compress(os.urandom(1000))[:500]):
        (tmp_path / "cut.jsonl.gz").write_bytes(content)
        with pytest.raises(MultipltError, match=r"cannot read the recorded completions in .*cut.jsonl.gz"):
            registry.find(f"replay:{tmp_path / 'cut.jsonl.gz'}")


# Bounded concurrency


async def count_to(n: int, taken: list[int]) -> AsyncIterator[int]:
    for number in range(n):
        taken.append(number)
        yield number


def test_jobs_run_in_parallel_within_the_limit_and_all_come_out() -> None:
    async def run() -> tuple[list[int], int]:
        at_work = most = 0

        async def work(job: int) -> int:
            nonlocal at_work, most
            at_work += 1
            most = max(most, at_work)
            await asyncio.sleep(0.001 * (job % 3))
            at_work -= 1
            return job

        return [result async for result in in_parallel(count_to(100, []), work, 7)], most

    results, most = asyncio.run(run())
    assert sorted(results) == list(range(100))
    assert most == 7


def test_nothing_more_is_taken_while_results_wait() -> None:
    async def run() -> list[int]:
        taken: list[int] = []
        levels = []

        async def work(job: int) -> int:
            return job

        async with aclosing(in_parallel(count_to(1000, taken), work, 4)) as results:
            for _ in range(3):
                await anext(results)
                await asyncio.sleep(0.01)
                levels.append(len(taken))
        return levels

    assert asyncio.run(run()) == [9, 10, 11]  # 1 consumed, and 4 at work + 4 waiting


def test_results_come_while_the_source_waits_for_them() -> None:
    async def run() -> list[int]:
        seen: list[int] = []

        async def rounds() -> AsyncIterator[int]:
            for number in range(5):
                yield number
                while number not in seen:
                    await asyncio.sleep(0)

        async def work(job: int) -> int:
            return job

        async for result in in_parallel(rounds(), work, 3):
            seen.append(result)
        return seen

    assert asyncio.run(asyncio.wait_for(run(), 5)) == [0, 1, 2, 3, 4]


def test_an_error_comes_after_what_is_done_and_stops_the_rest() -> None:
    async def run() -> tuple[list[int], int]:
        results, cancelled = [], 0

        async def work(job: int) -> int:
            nonlocal cancelled
            if job == 2:
                await asyncio.sleep(0.02)
                raise MultipltError("broken")
            if job > 2:
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    cancelled += 1
                    raise
            return job

        try:
            async for result in in_parallel(count_to(10, []), work, 3):
                results.append(result)
        except MultipltError:
            return results, cancelled
        raise AssertionError("no error")

    assert asyncio.run(run()) == ([0, 1], 2)


def test_closing_early_cancels_what_is_in_flight() -> None:
    async def run() -> int:
        cancelled = 0

        async def work(job: int) -> int:
            nonlocal cancelled
            try:
                await asyncio.sleep(0 if job == 0 else 60)
            except asyncio.CancelledError:
                cancelled += 1
                raise
            return job

        async with aclosing(in_parallel(count_to(10, []), work, 3)) as results:
            assert await anext(results) == 0
            await asyncio.sleep(0.01)
        return cancelled

    assert asyncio.run(run()) == 3

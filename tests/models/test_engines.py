"""vLLM's offline engine and transformers, in processes of their own, with a tiny model."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from multiplt.errors import MultipltError
from multiplt.models import Model, ModelOptions, ModelRegistry, Request, Sample, Sampling, register_builtin
from multiplt.run.model_session import ModelSession

pytestmark = pytest.mark.models

SAMPLING = Sampling(temperature=0.8, top_p=0.95, max_tokens=24)
OPTIONS = {"vllm": {"enforce_eager": True, "max_model_len": 512, "block_size": 32}, "transformers": {}}


class Opened:
    """A model and the event loop that it lives in."""

    def __init__(self, name: str, **options: object) -> None:
        registry = ModelRegistry()
        register_builtin(registry.register)
        kind = name.partition(":")[0]
        self.model: Model = registry.find(name, ModelOptions(extra={**OPTIONS[kind], **options}))
        self.runner = asyncio.Runner()

    def collect(self, *requests: Request) -> list[Sample]:
        async def run() -> list[Sample]:
            return sorted([s async for s in self.model.generate(requests)], key=lambda s: (s.id, s.index))

        return self.runner.run(run())

    def check(self) -> object:
        return self.runner.run(self.model.check())

    def close(self) -> None:
        self.runner.run(self.model.close())
        self.runner.close()


@pytest.fixture(scope="module", params=OPTIONS)
def opened(request: pytest.FixtureRequest, tiny_model: Path) -> Iterator[Opened]:
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    model = Opened(f"{request.param}:{tiny_model}")
    yield model
    model.close()


def ask(name: str = "p", n: int = 1, **changes: object) -> Request:
    request = Request(name, f"def {name}(x):\n", range(n), seed=1, sampling=SAMPLING)
    return replace(request, **changes)  # type: ignore[arg-type]


def test_check_describes_the_model(opened: Opened) -> None:
    described = opened.check()
    assert described == {"context_length": 512, "parameters": described["parameters"], "chat_template": True, "gpus": 0}
    assert described["parameters"] > 100_000
    assert opened.model.version


def test_completions_come_with_their_token_counts(opened: Opened) -> None:
    samples = opened.collect(ask(n=8))
    assert [sample.index for sample in samples] == list(range(8))
    assert {sample.prompt_tokens for sample in samples} == {len("def p(x):\n")}
    for sample in samples:
        assert sample.completion_tokens is not None
        assert (sample.finish_reason == "length") == (sample.completion_tokens == SAMPLING.max_tokens)


def test_chat_goes_through_the_chat_template(opened: Opened) -> None:
    (sample,) = opened.collect(ask(prompt="hi", chat=True, system="be brief"))
    assert sample.prompt_tokens == len("<system>be brief\n<user>hi\n<assistant>")


def test_samples_are_distinct(opened: Opened) -> None:
    assert len({sample.text for sample in opened.collect(ask(n=16))}) == 16


@pytest.mark.parametrize("chat", [False, True])
def test_a_sample_is_the_same_alone_in_a_batch_and_reordered(opened: Opened, chat: bool) -> None:
    requests = [ask(f"p{i}" * (i + 1), 4, seed=i, chat=chat) for i in range(4)]
    batch = opened.collect(*requests)
    assert opened.collect(*reversed(requests)) == batch
    alone = [
        sample for request in requests for i in (3, 1) for sample in opened.collect(replace(request, indexes=(i,)))
    ]
    assert {(s.id, s.index, s.text) for s in alone} == {(s.id, s.index, s.text) for s in batch if s.index in (1, 3)}


def test_a_stop_text_ends_the_completion_and_is_cut(opened: Opened) -> None:
    (whole,) = opened.collect(ask(sampling=replace(SAMPLING, max_tokens=64)))
    stop = next(char for char in whole.text[8:] if char.isascii() and char not in whole.text[:8])
    (cut,) = opened.collect(ask(sampling=replace(SAMPLING, max_tokens=64, stop=(stop,))))
    assert cut.text == whole.text[: whole.text.index(stop)]
    assert cut.finish_reason == "stop"


def test_greedy(opened: Opened) -> None:
    first, second = opened.collect(ask(n=2, sampling=Sampling(temperature=0, max_tokens=9)))
    assert first.text == second.text


def test_a_prompt_too_long_for_the_model_is_set_aside(opened: Opened) -> None:
    long, short = opened.collect(ask("a", prompt="x" * 600), ask("b"))
    assert long.finish_reason == "error"
    assert "512" in (long.error or "")
    assert short.error is None


@pytest.mark.parametrize("kind", OPTIONS)
def test_a_model_that_is_not_there_is_named(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    model = Opened(f"{kind}:nobody/nothing")
    with pytest.raises(MultipltError, match=r"^nobody/nothing is not here and the Hub cannot be reached"):
        model.check()
    model.close()


def test_an_option_that_vllm_does_not_know_is_named(tiny_model: Path) -> None:
    model = Opened(f"vllm:{tiny_model}", tensor_paralel_size=2)
    with pytest.raises(MultipltError, match="tensor_paralel_size"):
        model.collect(ask())
    model.close()


@pytest.mark.parametrize("kind", OPTIONS)
def test_an_engine_killed_in_the_middle_ends_the_run_in_one_sentence(kind: str, tiny_model: Path) -> None:
    model = Opened(f"{kind}:{tiny_model}")
    kept: list[Sample] = []

    async def run() -> None:
        requests = [ask(f"p{i}", 10, sampling=replace(SAMPLING, max_tokens=200)) for i in range(100)]
        async for sample in model.model.generate(requests):
            kept.append(sample)
            if len(kept) == 5:
                (engine,) = model.model._engines  # type: ignore[attr-defined]
                os.kill(engine._process.pid, signal.SIGKILL)

    with pytest.raises(MultipltError, match=rf"^the {kind} engine of .* was killed by signal 9"):
        model.runner.run(run())
    assert len(kept) >= 5
    assert all(sample.error is None for sample in kept)
    model.close()


def test_an_engine_killed_in_the_middle_is_started_again_where_it_is_waited_for(tiny_model: Path) -> None:
    """What it had answered is not asked for again, and every sample is the one of an engine that lives."""
    requests = [ask(f"p{i}", sampling=replace(SAMPLING, max_tokens=60)) for i in range(24)]
    options = ModelOptions(concurrency=4, wait_s=120)
    with closing(ModelSession(f"transformers:{tiny_model}", options)) as session:
        samples = chain.from_iterable(session.batches(requests))
        first = [next(samples) for _ in range(5)]
        (engine,) = session.model._engines  # type: ignore[attr-defined]
        os.kill(engine._process.pid, signal.SIGKILL)
        found = [*first, *samples]
        again = {sample.id: sample.text for sample in chain.from_iterable(session.batches(requests))}
    assert len(found) == 24
    assert {sample.id: sample.text for sample in found} == again

"""The OpenAI-compatible provider against a real vLLM server that serves a tiny model."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from vllm_server import VllmServer

from multiplt.errors import MultipltError
from multiplt.models import Model, ModelOptions, ModelRegistry, Request, Sample, Sampling, register_builtin

pytestmark = pytest.mark.models

SAMPLING = Sampling(temperature=0.8, top_p=0.95, max_tokens=24)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def model(vllm_server: VllmServer) -> Model:
    return connect(vllm_server)


def connect(server: VllmServer, name: str = "tiny", **options: Any) -> Model:
    registry = ModelRegistry()
    register_builtin(registry.register)
    return registry.find(f"openai:{name}@{server.url}", ModelOptions(timeout_s=60, **options))


def collect(model: Model, *requests: Request) -> list[Sample]:
    async def run() -> list[Sample]:
        return sorted([s async for s in model.generate(requests)], key=lambda s: (s.id, s.index))

    return asyncio.run(run())


def ask(name: str = "p", n: int = 1, **changes: object) -> Request:
    request = Request(name, f"def {name}(x):\n", range(n), seed=1, sampling=SAMPLING)
    return replace(request, **changes)  # type: ignore[arg-type]


def test_check_tells_the_context_length(model: Model) -> None:
    assert asyncio.run(model.check()) == {"context_length": 512}


def test_completions_come_with_their_token_counts(model: Model) -> None:
    samples = collect(model, ask(n=8))
    assert [sample.index for sample in samples] == list(range(8))
    assert {sample.prompt_tokens for sample in samples} == {len("def p(x):\n")}
    for sample in samples:
        assert sample.completion_tokens is not None
        assert (sample.finish_reason == "length") == (sample.completion_tokens == SAMPLING.max_tokens)


def test_chat_goes_through_the_chat_template(model: Model) -> None:
    (sample,) = collect(model, ask(prompt="hi", chat=True, system="be brief"))
    assert sample.finish_reason in ("stop", "length")
    assert sample.prompt_tokens == len("<system>be brief\n<user>hi\n<assistant>")


def test_samples_are_distinct(model: Model) -> None:
    assert len({sample.text for sample in collect(model, ask(n=16))}) == 16


@pytest.mark.parametrize("chat", [False, True])
def test_a_sample_is_the_same_alone_in_a_batch_and_reordered(model: Model, chat: bool) -> None:
    requests = [ask(f"p{i}", 4, seed=i, chat=chat) for i in range(4)]
    batch = collect(model, *requests)
    assert collect(model, *reversed(requests)) == batch
    alone = [
        sample for request in requests for i in (3, 1) for sample in collect(model, replace(request, indexes=(i,)))
    ]
    assert {(s.id, s.index, s.text) for s in alone} == {(s.id, s.index, s.text) for s in batch if s.index in (1, 3)}


def test_another_seed_gives_other_samples(model: Model) -> None:
    assert collect(model, ask())[0].text != collect(model, ask(seed=2))[0].text


def test_a_stop_text_ends_the_completion_and_is_cut(model: Model) -> None:
    (whole,) = collect(model, ask(sampling=replace(SAMPLING, max_tokens=64)))
    stop = next(char for char in whole.text[8:] if char.isascii() and char not in whole.text[:8])
    (cut,) = collect(model, ask(sampling=replace(SAMPLING, max_tokens=64, stop=(stop,))))
    assert cut.text == whole.text[: whole.text.index(stop)]
    assert cut.finish_reason == "stop"


def test_max_tokens_ends_a_completion_as_length(model: Model) -> None:
    (sample,) = collect(model, ask(sampling=replace(SAMPLING, max_tokens=2, temperature=0.0)))
    assert (sample.finish_reason, sample.completion_tokens) == ("length", 2)


def test_a_prompt_too_long_for_the_model_is_set_aside(model: Model) -> None:
    long, short = collect(model, ask("a", prompt="x" * 600), ask("b"))
    assert long.finish_reason == "error"
    assert "maximum context length is 512 tokens" in (long.error or "")
    assert short.error is None


def test_a_model_that_is_not_served_is_named_with_those_that_are(vllm_server: VllmServer) -> None:
    model = connect(vllm_server, "huge")
    sentence = f"^{vllm_server.url} does not serve huge: use one of tiny$"
    with pytest.raises(MultipltError, match=sentence):
        asyncio.run(model.check())
    with pytest.raises(MultipltError, match=sentence):
        collect(model, ask())


def test_a_server_killed_in_the_middle_ends_the_run_in_one_sentence(start_vllm: Callable[[], VllmServer]) -> None:
    server = start_vllm()
    kept: list[Sample] = []

    async def run() -> None:
        requests = [ask(f"p{i}", 10, sampling=replace(SAMPLING, max_tokens=200)) for i in range(100)]
        async for sample in connect(server, retries=2, concurrency=4).generate(requests):
            kept.append(sample)
            if len(kept) == 5:
                server.kill()

    start = time.monotonic()
    with pytest.raises(MultipltError, match=rf"^cannot reach {server.url} \(.+\): is the server up\?$"):
        asyncio.run(run())
    assert 5 <= len(kept) < 20
    assert all(sample.error is None for sample in kept)
    assert time.monotonic() - start < 60

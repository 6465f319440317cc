"""The OpenAI-compatible provider against a real HTTP server on loopback that behaves and misbehaves."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from email.utils import formatdate
from itertools import pairwise
from typing import Any

import pytest

from multiplt.errors import MultipltError
from multiplt.models import Model, ModelOptions, ModelRegistry, Request, Sample, Sampling, register_builtin

KEY = "sk-very-secret-0123456789"
QUICK = ModelOptions(retries=2, timeout_s=5, connect_timeout_s=2)


@dataclass
class Query:
    """What the server was sent: `tried` counts the attempts with this very body, from 0."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    tried: int
    at: float = field(default_factory=time.monotonic)


Reply = tuple[int, dict[str, str], Any] | None
"""Status, headers and body (bytes as they are, else JSON); None drops the connection."""


def right(query: Query) -> Reply:
    prompt = query.body.get("prompt")
    said = {"text": f"{prompt}!"} if prompt is not None else {"message": {"role": "assistant", "content": "hello"}}
    usage = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
    return 200, {}, {"choices": [{"index": 0, "finish_reason": "length", **said}], "usage": usage}


def fault(status: int, message: str = "no", **headers: str) -> Reply:
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, {"error": {"message": message}}


def find(name: str, options: ModelOptions = QUICK) -> Model:
    registry = ModelRegistry()
    register_builtin(registry.register)
    return registry.find(name, options)


class Server:
    """An HTTP/1.1 server whose answers a function decides."""

    def __init__(self, behave: Callable[[Query], Reply | Awaitable[Reply]], models: Reply = None) -> None:
        self.behave = behave
        self.models = models or (200, {}, {"object": "list", "data": [{"id": "m", "object": "model"}]})
        self.seen: list[Query] = []
        self.at_work = self.most_at_work = 0

    async def __aenter__(self) -> Server:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    def model(self, options: ModelOptions = QUICK, name: str = "m") -> Model:
        return find(f"openai:{name}@{self.url}", options)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().strip().split("\r\n")
                headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
                raw = await reader.readexactly(int(headers.get("content-length", 0)))
                body = json.loads(raw) if raw else {}
                query = Query(first.split()[1], headers, body, sum(q.body == body for q in self.seen))
                reply = self.models if query.path.endswith("/models") else await self._answer(query)
                if reply is None:
                    return
                status, extra, content = reply
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                fields = {"Content-Type": "application/json", "Content-Length": str(len(data)), **extra}
                lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in fields.items())]
                writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + data)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, query: Query) -> Reply:
        self.seen.append(query)
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        try:
            reply = self.behave(query)
            return await reply if isinstance(reply, Awaitable) else reply
        finally:
            self.at_work -= 1


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("MULTIPLT_API_KEY", KEY)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multiplt.models.retry.FIRST_WAIT_S", 0.02)


def run(scenario: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(scenario, 30))


def ask(prompt: str = "p", **changes: Any) -> Request:
    return Request(**{"id": prompt, "prompt": prompt, "seed": 1, **changes})


async def collect(model: Model, *requests: Request) -> list[Sample]:
    return [sample async for sample in model.generate(requests)]


def samples_of(behave: Callable[[Query], Any], *requests: Request, options: ModelOptions = QUICK) -> list[Sample]:
    """The samples that the requests (one, if none is given) get from a server that behaves so."""

    async def scenario() -> list[Sample]:
        async with Server(behave) as server:
            return await collect(server.model(options), *(requests or (ask(),)))

    samples: list[Sample] = run(scenario())
    return samples


# What is sent and what comes back


def test_a_completion_is_asked_with_all_settings_and_read_with_its_counts() -> None:
    async def scenario() -> None:
        async with Server(right) as server:
            sampling = Sampling(0.2, 0.9, 77, ("\n\n", ";;"))
            options = ModelOptions(extra={"top_k": 20})
            request = ask("def", indexes=(0, 4), sampling=sampling)
            samples = await collect(server.model(options), request)
            assert sorted(samples, key=lambda s: s.index) == [Sample("def", i, "def!", "length", 3, 5) for i in (0, 4)]
            bodies = sorted((query.body for query in server.seen), key=lambda body: body["seed"])
            settings = {"model": "m", "prompt": "def", "temperature": 0.2, "top_p": 0.9, "max_tokens": 77, "top_k": 20}
            seeds = sorted(request.sample_seed(index) for index in (0, 4))
            assert bodies == [{**settings, "stop": ["\n\n", ";;"], "seed": seed} for seed in seeds]
            assert {query.path for query in server.seen} == {"/v1/completions"}
            assert {query.headers["authorization"] for query in server.seen} == {f"Bearer {KEY}"}

    run(scenario())


def test_chat_sends_messages_and_no_empty_stop() -> None:
    async def scenario() -> None:
        async with Server(right) as server:
            (sample,) = await collect(server.model(), ask("hi", chat=True, system="be brief"))
            assert (sample.text, sample.prompt_tokens, sample.completion_tokens) == ("hello", 3, 5)
            (query,) = server.seen
            assert query.path == "/v1/chat/completions"
            assert query.body["messages"] == [
                {"role": "system", "content": "be brief"},
                {"role": "user", "content": "hi"},
            ]
            assert "stop" not in query.body

    run(scenario())


@pytest.mark.parametrize(
    ("given", "kept", "error"),
    [("stop", "stop", None), (None, "stop", None), ("eos", "stop", None), ("length", "length", None),
     ("content_filter", "error", "the server ended it with 'content_filter'")],
)  # fmt: skip
def test_finish_reasons(given: str | None, kept: str, error: str | None) -> None:
    answer = {"choices": [{"index": 0, "finish_reason": given, "text": "t"}]}
    assert samples_of(lambda query: (200, {}, answer)) == [Sample("p", 0, "t", kept, error=error)]  # type: ignore[arg-type]


def test_at_most_concurrency_requests_are_in_flight_and_all_are_answered() -> None:
    async def slowly(query: Query) -> Reply:
        await asyncio.sleep(0.02)
        return right(query)

    async def scenario() -> None:
        async with Server(slowly) as server:
            model = server.model(ModelOptions(concurrency=5))
            samples = await collect(model, *(ask(f"p{i}", indexes=range(3)) for i in range(10)))
            assert len({(s.id, s.index) for s in samples}) == 30
            assert server.most_at_work == 5

    run(scenario())


def test_requests_are_not_taken_while_samples_wait() -> None:
    async def scenario() -> None:
        taken = 0

        async def requests() -> AsyncIterator[Request]:
            nonlocal taken
            for number in range(1000):
                taken += 1
                yield ask(f"p{number}")

        async with Server(right) as server:
            samples = server.model(ModelOptions(concurrency=2)).generate(requests())
            await anext(samples)
            await asyncio.sleep(0.3)
            assert taken == 5  # 1 consumed, 2 waiting and 2 that have no room
            await samples.aclose()

    run(scenario())


# The key


def test_the_key_is_in_no_repr_name_log_or_error(caplog: pytest.LogCaptureFixture, fast: None) -> None:
    caplog.set_level(logging.DEBUG)

    async def scenario() -> None:
        async with Server(lambda query: fault([500, 401][query.tried], f"bad key {KEY}")) as server:
            model = server.model()
            with pytest.raises(MultipltError) as error:
                await collect(model, ask())
            assert str(error.value) == (
                f"{server.url} refuses the API key (401: bad key ***): set MULTIPLT_API_KEY or OPENAI_API_KEY"
            )
            assert KEY not in repr(model) + model.name

    run(scenario())
    assert "asking again" in caplog.text
    assert KEY not in caplog.text


def test_without_a_key_a_placeholder_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MULTIPLT_API_KEY")

    async def scenario() -> list[str]:
        async with Server(right) as server:
            await collect(server.model(), ask())
            monkeypatch.setenv("OPENAI_API_KEY", "other\n")
            await collect(server.model(), ask())
            return [query.headers["authorization"] for query in server.seen]

    assert run(scenario()) == ["Bearer none", "Bearer other"]


def test_a_key_that_cannot_be_one_is_refused_without_showing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MULTIPLT_API_KEY", "geheim\u00fc key")
    with pytest.raises(MultipltError, match="MULTIPLT_API_KEY holds spaces or characters outside ASCII") as error:
        find("openai:m@http://localhost/v1")
    assert "geheim" not in str(error.value)


# Names


def test_a_name_is_canonical() -> None:
    assert find("openai:org/m@v:2@https://host:8000/v1/").name == "openai:org/m@v:2@https://host:8000/v1"


@pytest.mark.parametrize(
    "name",
    ["openai:gpt", "openai:m@localhost:8000", "openai:@http://h/v1", "openai:m@http://u:hush@h/v1",
     "openai:m@http://h/v1?key=hush", "openai:m@http://h:99999/v1", "openai:m@http://:80/v1", "openai:http://u:hush@h",
     "openai:m@http://[::1/v1"],
)  # fmt: skip
def test_a_name_that_cannot_be_read_is_explained_without_secrets(name: str) -> None:
    with pytest.raises(MultipltError, match=r"name it openai:MODEL@URL, such as openai:bigcode") as error:
        find(name)
    assert "hush" not in str(error.value)


# What passes is asked again


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 529])
def test_passing_faults_are_asked_again(fast: None, status: int) -> None:
    assert samples_of(lambda query: right(query) if query.tried else fault(status))[0].text == "p!"


@pytest.mark.parametrize(
    "broken",
    [None, (200, {}, b'{"choices": [{"te'), (200, {"Content-Length": "999"}, b"{}"), (200, {}, {"choices": []}),
     (200, {}, {"choices": [{"text": None}]}), (200, {"Content-Type": "text/html"}, b"<html>"), (200, {}, b"[1]"),
     (200, {}, b"\xff\xff"), (200, {}, b"null"), (200, {"Content-Encoding": "gzip"}, b"no gzip")],
)  # fmt: skip
def test_dropped_connections_and_half_answers_are_asked_again(fast: None, broken: Reply) -> None:
    def behave(query: Query) -> Reply:
        return right(query) if query.tried else broken

    options = ModelOptions(retries=1, timeout_s=1)
    assert samples_of(behave, options=options)[0].text == "p!"


def test_the_same_seed_is_asked_again(fast: None) -> None:
    async def scenario() -> None:
        async with Server(lambda query: right(query) if len(server.seen) > 2 else fault(500)) as server:
            await collect(server.model(), ask())
            assert len({json.dumps(query.body, sort_keys=True) for query in server.seen}) == 1
            assert len(server.seen) == 3

    run(scenario())


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_honoured(fast: None, form: str) -> None:
    async def scenario() -> float:
        def behave(query: Query) -> Reply:
            after = "1" if form == "seconds" else formatdate(time.time() + 2, usegmt=True)  # whole seconds, so 1 to 2
            return right(query) if query.tried else fault(429, Retry_After=after)

        async with Server(behave) as server:
            await collect(server.model(), ask())
            first, second = server.seen
            return second.at - first.at

    assert 0.95 <= run(scenario()) < 3


def test_a_retry_after_of_hours_is_not_waited_for() -> None:
    with pytest.raises(MultipltError, match=r"turns requests away \(429: quota\): lower the concurrency or try later"):
        samples_of(lambda query: fault(429, "quota", Retry_After="7200"))


def test_waits_grow_and_are_jittered() -> None:
    async def scenario() -> list[list[float]]:
        async with Server(lambda query: fault(500) if query.tried < 2 else right(query)) as server:
            prompts = [f"p{i}" for i in range(12)]
            await collect(server.model(), *map(ask, prompts))
            times = [[query.at for query in server.seen if query.body["prompt"] == prompt] for prompt in prompts]
            return [[second - first for first, second in pairwise(of_one)] for of_one in times]

    first, second = zip(*run(scenario()), strict=True)
    assert min(first) >= 0.24
    assert min(second) >= 0.49
    assert max(first) - min(first) > 0.03


async def hang(query: Query) -> Reply:
    await asyncio.sleep(60)
    return right(query)


def test_a_hanging_server_ends_within_the_time_limits(fast: None) -> None:
    start = time.monotonic()
    with pytest.raises(MultipltError, match=r"does not answer in time \(limits: 2 s to connect, 0\.3 s in all\)"):
        samples_of(hang, options=ModelOptions(retries=1, timeout_s=0.3, connect_timeout_s=2))
    assert 0.6 <= time.monotonic() - start < 3


def test_a_server_that_sends_a_byte_now_and_then_ends_within_the_time_limit() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10000\r\n\r\n")
        for _ in range(300):
            writer.write(b" ")
            await asyncio.sleep(0.05)

    async def scenario() -> None:
        listener = await asyncio.start_server(drip, "127.0.0.1", 0)
        server = Server(right)
        server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/v1"
        with pytest.raises(MultipltError, match="does not answer in time"):
            await collect(server.model(ModelOptions(retries=0, timeout_s=0.5)), ask())

    start = time.monotonic()
    run(scenario())
    assert time.monotonic() - start < 5


# What does not pass


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refused_request_is_set_aside_with_its_reason(status: int) -> None:
    def behave(query: Query) -> Reply:
        return fault(status, "too\nlong") if query.body["prompt"] == "bad" else right(query)

    samples = {s.id: s for s in samples_of(behave, ask("bad"), ask("good"))}
    assert samples["bad"] == Sample("bad", 0, "", "error", error=f"{status}: too long")
    assert samples["good"].text == "good!"


def test_a_prompt_that_is_no_text_is_set_aside() -> None:
    samples = {s.id: s for s in samples_of(right, Request("bad", "\ud800"), ask("good"))}
    assert samples["bad"].error == "the prompt holds half a surrogate pair, which is no Unicode text"
    assert samples["good"].text == "good!"


@pytest.mark.parametrize(
    ("failure", "reason"),
    [(fault(500, "crash"), "500: crash"), ("hang", "limits: 10 s to connect, 1 s in all"),
     ((200, {}, b"{"), "its answer is not JSON"), ((200, {}, {}), "its answer is not what the OpenAI API specifies")],
)  # fmt: skip
@pytest.mark.parametrize("others", [0, 9])
def test_a_request_that_alone_keeps_failing_is_set_aside(fast: None, failure: Any, reason: str, others: int) -> None:
    async def behave(query: Query) -> Reply:
        if query.body["prompt"] != "bad":
            return right(query)
        reply: Reply = await hang(query) if failure == "hang" else failure
        return reply

    options = ModelOptions(retries=1, timeout_s=1)
    samples = {s.id: s for s in samples_of(behave, ask("bad"), *(ask(f"p{i}") for i in range(others)), options=options)}
    assert samples["bad"] == Sample("bad", 0, "", "error", error=reason)
    assert len([s for s in samples.values() if s.finish_reason == "length"]) == others


def test_a_server_that_keeps_failing_stops_the_run(fast: None) -> None:
    with pytest.raises(MultipltError, match=r"keeps failing \(503: loading\): look at the server's log$"):
        samples_of(lambda query: fault(503, "loading"), *(ask(f"p{i}") for i in range(9)))


def test_no_request_is_blamed_for_a_server_that_breaks_in_the_middle(fast: None) -> None:
    async def breaks(query: Query) -> Reply:
        works = len(server.seen) <= 20
        await asyncio.sleep(0.01 * (len(server.seen) % 3))
        return right(query) if works else fault(503, "loading")

    async def scenario() -> list[Sample]:
        kept: list[Sample] = []

        async def consume() -> None:
            async for sample in server.model(ModelOptions(concurrency=6, retries=3)).generate(requests):
                kept.append(sample)

        requests = [ask(f"p{i}") for i in range(60)]
        async with server:
            with pytest.raises(MultipltError, match="keeps failing"):
                await consume()
        return kept

    server = Server(breaks)
    kept = run(scenario())
    assert len(kept) == 20
    assert all(sample.error is None for sample in kept)


def test_a_server_that_refuses_everything_stops_the_run() -> None:
    with pytest.raises(MultipltError, match=r"refuses every request \(400: no chat template\): change the settings"):
        samples_of(lambda query: fault(400, "no chat template"), *(ask(f"p{i}") for i in range(100)))


def test_a_server_that_goes_away_stops_the_run_and_what_came_is_kept(fast: None) -> None:
    async def scenario() -> list[Sample]:
        kept: list[Sample] = []

        async def consume() -> None:
            async for sample in server.model().generate([ask(f"p{i}") for i in range(20)]):
                kept.append(sample)

        async with Server(lambda query: right(query) if len(server.seen) <= 3 else None) as server:
            with pytest.raises(MultipltError, match=rf"^cannot reach {server.url} \(.+\): is the server up\?$"):
                await consume()
        return kept

    assert len(run(scenario())) == 3


# Before any work


def test_check_passes_and_tells_the_context_length() -> None:
    async def scenario() -> Any:
        listed = {"object": "list", "data": [{"id": "m", "object": "model", "max_model_len": 4096}]}
        async with Server(right, (200, {}, listed)) as server:
            return await server.model().check()

    assert run(scenario()) == {"context_length": 4096}


def test_check_names_the_served_models() -> None:
    async def scenario() -> None:
        async with Server(lambda query: fault(404, "no such model")) as server:
            model = server.model(name="other")
            sentence = f"{server.url} does not serve other: use one of m"
            with pytest.raises(MultipltError) as error:
                await model.check()
            assert str(error.value) == sentence
            with pytest.raises(MultipltError) as error:
                await collect(model, ask())
            assert str(error.value) == sentence

    run(scenario())


@pytest.mark.parametrize(
    "models", [fault(404), fault(500), (200, {}, {"data": None}), (200, {}, b"<html>"), (200, {}, b"[]")]
)
def test_a_server_need_not_list_its_models(fast: None, models: Reply) -> None:
    async def scenario() -> Any:
        async with Server(right, models) as server:
            assert await server.model().check() == {}
            return (await collect(server.model(), ask()))[0].text

    assert run(scenario()) == "p!"


def test_nothing_at_the_address_is_explained() -> None:
    async def scenario() -> None:
        async with Server(lambda query: fault(404, "Not Found")) as server:
            with pytest.raises(MultipltError, match=r"nothing there \(404: Not Found\): does the address end in /v1"):
                await collect(server.model(), ask())

    run(scenario())


def test_check_stops_at_a_refused_key() -> None:
    async def scenario() -> None:
        async with Server(right, fault(401, "who are you")) as server:
            with pytest.raises(MultipltError, match=r"refuses the API key \(401: who are you\): set MULTIPLT_API_KEY"):
                await server.model().check()

    run(scenario())


def test_check_does_not_wait_for_a_server_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multiplt.models.openai.CHECK_S", 0.5)

    async def scenario() -> None:
        listener = await asyncio.start_server(lambda reader, writer: asyncio.sleep(60), "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        with pytest.raises(MultipltError, match=r"does not answer in time \(limit: 0\.5 s to list its models\)"):
            await find(f"openai:m@http://127.0.0.1:{port}/v1").check()

    run(scenario())


@pytest.mark.parametrize("host", ["127.0.0.1:9", "no-such-host.invalid"])
def test_check_stops_at_once_where_there_is_no_server(host: str) -> None:
    start = time.monotonic()
    with pytest.raises(MultipltError, match=rf"cannot reach http://{host}/v1 \(.+\): is the server up\?"):
        run(find(f"openai:m@http://{host}/v1").check())
    assert time.monotonic() - start < 10

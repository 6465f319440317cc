"""A model that several threads ask at once, against a real HTTP server that comes and goes."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from typing import ClassVar

import pytest

from multiplt.errors import MultipltError
from multiplt.models import ModelOptions, Request, Sample
from multiplt.run import model_session
from multiplt.run.model_session import ModelSession


class Echo(BaseHTTPRequestHandler):
    """Answers with the prompt; counts what it is asked."""

    protocol_version = "HTTP/1.1"
    lock: ClassVar[threading.Lock] = threading.Lock()
    asked: ClassVar[list[tuple[str, int]]] = []
    at_work: ClassVar[int] = 0
    most_at_work: ClassVar[int] = 0
    takes_s: ClassVar[float] = 0.0

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.lock:
            Echo.asked.append((query["prompt"], query["seed"]))
            Echo.at_work += 1
            Echo.most_at_work = max(Echo.most_at_work, Echo.at_work)
        time.sleep(self.takes_s)
        with self.lock:
            Echo.at_work -= 1
        choice = {"index": 0, "finish_reason": "stop", "text": query["prompt"]}
        data = json.dumps({"id": "1", "object": "x", "created": 0, "model": "m", "choices": [choice]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def serving(port: int = 0) -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", port), Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    Echo.asked.clear()
    Echo.most_at_work, Echo.takes_s = 0, 0.0
    monkeypatch.setattr(model_session, "AGAIN_S", 0.1)


def session(port: int, wait_s: float = 0.0) -> ModelSession:
    options = ModelOptions(concurrency=3, retries=0, timeout_s=10, wait_s=wait_s)
    return ModelSession(f"openai:m@http://127.0.0.1:{port}/v1", options)


def requests(name: str, count: int, n: int) -> list[Request]:
    return [Request(f"{name}{number}", f"{name} {number}", range(n), seed=number) for number in range(count)]


def samples_of(model: ModelSession, asked: list[Request]) -> Iterator[Sample]:
    return chain.from_iterable(model.batches(asked))


def test_every_thread_gets_its_own_samples_and_all_together_keep_to_the_limit() -> None:
    Echo.takes_s = 0.01
    with serving() as port, closing(session(port)) as model, ThreadPoolExecutor(5) as threads:
        found = list(threads.map(lambda name: list(samples_of(model, requests(name, 4, 3))), "abcde"))
    for name, samples in zip("abcde", found, strict=True):
        assert sorted((s.id, s.index, s.text) for s in samples) == [
            (f"{name}{number}", index, f"{name} {number}") for number in range(4) for index in range(3)
        ]
    assert len(Echo.asked) == len(set(Echo.asked)) == 60
    assert 1 < Echo.most_at_work <= 3


def test_a_model_that_is_lost_stops_everybody_in_one_sentence() -> None:
    with serving() as port:
        pass
    with closing(session(port)) as model, ThreadPoolExecutor(2) as threads:
        asked = [threads.submit(lambda: list(samples_of(model, requests("a", 2, 2)))) for _ in range(2)]
        for future in asked:
            with pytest.raises(MultipltError, match=r"^cannot reach http://127\.0\.0\.1"):
                future.result(timeout=30)


def test_a_model_that_is_lost_is_waited_for_and_asked_for_what_is_missing(caplog: pytest.LogCaptureFixture) -> None:
    with serving() as port, closing(session(port, wait_s=30)) as model:
        samples = samples_of(model, requests("a", 10, 2))
        first = [next(samples) for _ in range(5)]
        Echo.takes_s = 0.2
    # the server is gone; another one takes its place
    with closing(session(port, wait_s=30)) as model, ThreadPoolExecutor(1) as threads, caplog.at_level(logging.WARNING):
        rest = threads.submit(lambda: list(samples_of(model, requests("b", 5, 2))))
        time.sleep(0.5)
        with serving(port):
            assert len(rest.result(timeout=30)) == 10
    assert len(first) == 5
    assert any("waiting for it" in record.getMessage() for record in caplog.records)
    again = [key for key in Echo.asked if key[0].startswith("b")]
    assert len(again) == len(set(again)) == 10


def test_a_model_that_stays_away_too_long_is_given_up() -> None:
    with serving() as port:
        pass
    begun = time.monotonic()
    with closing(session(port, wait_s=0.6)) as model, pytest.raises(MultipltError, match="cannot reach"):
        list(samples_of(model, requests("a", 1, 1)))
    assert 0.3 < time.monotonic() - begun < 20


def test_who_waits_when_the_model_is_closed_is_told() -> None:
    Echo.takes_s = 5.0
    with serving() as port, ThreadPoolExecutor(1) as threads:
        model = session(port)
        waiting = threads.submit(lambda: list(samples_of(model, requests("a", 1, 1))))
        time.sleep(0.3)
        model.close()
        with pytest.raises(MultipltError, match="closed"):
            waiting.result(timeout=10)


def test_what_nobody_takes_holds_the_model_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_session, "WAITING", 10)
    with serving() as port, closing(session(port)) as model:
        samples = samples_of(model, requests("a", 100, 1))
        next(samples)
        time.sleep(0.7)
        assert len(Echo.asked) < 40
        assert len(list(samples)) == 99

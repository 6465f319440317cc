"""HTTP servers on this machine whose answers a function decides: in JSON, and as a model behind OpenAI's protocol."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def answering(answer: Callable[[str, bytes], tuple[int, Any]], port: int = 0) -> Iterator[int]:
    """The port of a server; `answer` makes of a path and a body, empty where there is none, a status and the JSON."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.reply(b"")

        def do_POST(self) -> None:
            self.reply(self.rfile.read(int(self.headers["Content-Length"])))

        def reply(self, body: bytes) -> None:
            status, said = answer(self.path, body)
            data = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_port
        server.shutdown()


@dataclass
class ModelServer:
    """Where a model is served, and the requests for completions that it got."""

    port: int = 0
    asked: list[dict[str, Any]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"openai:m@http://127.0.0.1:{self.port}/v1"


@contextmanager
def serving_model(complete: Callable[[dict[str, Any]], dict[str, Any]], port: int = 0) -> Iterator[ModelServer]:
    """As much of OpenAI's protocol as a client needs: `complete` makes of a request the choice, or the `error`."""
    server = ModelServer()

    def answer(path: str, body: bytes) -> tuple[int, Any]:
        if not body:
            return 200, {"object": "list", "data": [{"id": "m", "object": "model"}]}
        server.asked.append(asked := json.loads(body))
        choice = complete(asked)
        if "error" in choice:
            return 400, choice
        choices = [{"index": 0, "finish_reason": "stop", **choice}]
        return 200, {"id": "1", "object": "x", "created": 0, "model": "m", "choices": choices}

    with answering(answer, port) as server.port:
        yield server

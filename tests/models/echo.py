"""A server that speaks OpenAI's protocol, answers with the prompt after a while, and keeps what it was asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar


class Echo(BaseHTTPRequestHandler):
    """Answers take `takes_s` seconds."""

    protocol_version = "HTTP/1.1"
    takes_s: ClassVar[float] = 0.05
    asked: ClassVar[list[tuple[str, int]]] = []

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((query["prompt"], query["seed"]))
        time.sleep(self.takes_s)
        choice = {"index": 0, "finish_reason": "stop", "text": query["prompt"]}
        data = json.dumps({"id": "1", "object": "x", "created": 0, "model": "m", "choices": [choice]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def echoing() -> Iterator[str]:
    """The model's name."""
    Echo.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"openai:m@http://127.0.0.1:{server.server_address[1]}/v1"
        server.shutdown()

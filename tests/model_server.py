"""A server with a model that knows the number to add, and takes 20 ms for a completion."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SERVER = """
import json, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.answer({"object": "list", "data": [{"id": "m", "object": "model"}]})
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        time.sleep(0.02)
        number = body["prompt"].split("add_")[1].split()[0].split("(")[0]
        with open(sys.argv[2], "a") as log:
            log.write(f"{number} {body['seed']}\\n")
        choice = {"index": 0, "finish_reason": "stop", "text": f" n + {number}\\n"}
        self.answer({"id": "1", "object": "x", "created": 0, "model": "m", "choices": [choice]})
    def answer(self, value):
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    def log_message(self, *arguments):
        pass

server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


@contextmanager
def serving(log: Path, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The server's process and port; `log` gets a line, number and seed, for each completion that it is asked for."""
    command = [sys.executable, "-c", SERVER, str(port), str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield process, int(process.stdout.readline())
        process.kill()

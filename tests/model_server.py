"""A server with a model that knows the number to add, and takes 20 ms for a completion."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SERVER = """
import signal, sys, time
from servers import serving_model

def complete(asked):
    time.sleep(0.02)
    number = asked["prompt"].split("add_")[1].split()[0].split("(")[0]
    with open(sys.argv[2], "a") as log:
        log.write(f"{number} {asked['seed']}\\n")
    return {"text": f" n + {number}\\n"}

with serving_model(complete, int(sys.argv[1])) as server:
    print(server.port, flush=True)
    signal.pause()
"""


@contextmanager
def serving(log: Path, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The server's process and port; `log` gets a line, number and seed, for each completion that it is asked for."""
    command = [sys.executable, "-c", SERVER, str(port), str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent) as process:
        assert process.stdout
        yield process, int(process.stdout.readline())
        process.kill()

"""A vLLM server of a model on loopback, in a process group of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

START_S = 240  # a cold start on a loaded machine


@dataclass(frozen=True)
class VllmServer:
    """A running server: the leader of its process group, and its address."""

    process: subprocess.Popen[bytes]
    url: str

    def kill(self) -> None:
        """End the server and all that it started, at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def start_vllm_server(model: Path, log: Path, context: int) -> VllmServer:
    """Serve `model` as `tiny` with a context of so many tokens, and wait until it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(model),
        "--served-model-name", "tiny", "--host", "127.0.0.1", "--port", str(port), "--enforce-eager",
        "--dtype", "float32", "--max-model-len", str(context), "--block-size", "32",
    ]  # fmt: skip
    settings = {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", "OMP_NUM_THREADS": "1", "VLLM_CPU_KVCACHE_SPACE": "1",
                "VLLM_NO_USAGE_STATS": "1", "HF_HUB_OFFLINE": "1"}  # fmt: skip
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env={**os.environ, **settings}, stdout=output, stderr=output, start_new_session=True
        )
    server = VllmServer(process, f"http://127.0.0.1:{port}/v1")
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
            return server
        time.sleep(0.2)
    server.kill()
    raise RuntimeError(f"vLLM did not start: {log.read_text(errors='replace')[-2000:]}")

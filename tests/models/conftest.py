"""A tiny model and a vLLM server that serves it, made once per test session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from tiny import CONTEXT, make_tiny_model
from vllm_server import VllmServer, start_vllm_server


def _need(*packages: str) -> None:
    for package in packages:
        if find_spec(package) is None:
            pytest.skip(f"{package} is not installed (make test-models installs it)")


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model."""
    _need("torch", "transformers")
    return make_tiny_model(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture(scope="session")
def start_vllm(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], VllmServer]]:
    """Start a server of the tiny model; whatever was started ends with the session."""
    _need("vllm")
    started: list[VllmServer] = []

    def start() -> VllmServer:
        server = start_vllm_server(tiny_model, tmp_path_factory.mktemp("vllm") / "server.log", CONTEXT)
        started.append(server)
        return server

    yield start
    for server in started:
        server.kill()


@pytest.fixture(scope="session")
def vllm_server(start_vllm: Callable[[], VllmServer]) -> VllmServer:
    """The server that all tests share."""
    return start_vllm()

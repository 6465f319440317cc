"""What goes between multiplt and the process of an engine: jobs there, answers back, as lines of JSON on a socket."""

from __future__ import annotations

import json
import select
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from multiplt.models.base import Sampling


@dataclass(frozen=True)
class Job:
    """One sample wanted; `seed` is its own."""

    id: int
    prompt: str
    seed: int
    sampling: Sampling
    chat: bool = False
    system: str | None = None

    @property
    def messages(self) -> list[dict[str, str]]:
        """The conversation of a chat."""
        system = [{"role": "system", "content": self.system}] if self.system is not None else []
        return [*system, {"role": "user", "content": self.prompt}]


@dataclass(frozen=True)
class Answer:
    """One sample, or why there is none; the fields are those of `multiplt.models.Sample`."""

    id: int
    text: str = ""
    finish_reason: Literal["stop", "length", "error"] = "stop"
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    error: str | None = None


class Engine(Protocol):
    """What makes samples, inside its process."""

    @property
    def is_busy(self) -> bool:
        """Whether there is anything to do."""

    def add(self, job: Job) -> None:
        """Take a job. What it raises is why there can be no sample."""

    def drop(self, id: int) -> None:
        """Give a job up, if it is still there."""

    def step(self) -> list[Answer]:
        """Work on for a moment; the samples that are done."""


def to_line(message: Job | Answer | Mapping[str, Any]) -> bytes:
    """A message as a line."""
    fields = message if isinstance(message, Mapping) else asdict(message)
    return json.dumps(fields).encode() + b"\n"


def read_job(fields: dict[str, Any]) -> Job:
    """The job that a line holds."""
    sampling = fields.pop("sampling")
    return Job(**fields, sampling=Sampling(**sampling | {"stop": tuple(sampling["stop"])}))


class Channel:
    """The engine's end of the socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._unread = b""

    def send(self, message: Answer | Mapping[str, Any]) -> None:
        """Send one message."""
        self._socket.sendall(to_line(message))

    def receive(self, *, wait: bool) -> list[dict[str, Any]]:
        """The messages that have come; with `wait`, at least one. Raises `EOFError` when the other end is gone."""
        messages: list[dict[str, Any]] = []
        while select.select([self._socket], [], [], None if wait and not messages else 0)[0]:
            received = self._socket.recv(1 << 20)
            if not received:
                raise EOFError
            *lines, self._unread = (self._unread + received).split(b"\n")
            messages += map(json.loads, lines)
        return messages

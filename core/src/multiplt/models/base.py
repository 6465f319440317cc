"""What every way to reach a model has in common: requests in, samples out, as they arrive."""

from __future__ import annotations

import asyncio
import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from multiplt.errors import MultipltError

Job = TypeVar("Job")
Result = TypeVar("Result")


def derive_seed(*parts: str | int) -> int:
    """A seed from 0 to 2**31 - 1 that depends on `parts` alone: the same on every machine and day.

    >>> derive_seed("run", 0) == derive_seed("run", 0) != derive_seed("run", 1)
    True
    """
    digest = hashlib.sha256(json.dumps(parts).encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


@dataclass(frozen=True)
class Sampling:
    """How to sample: the settings that every provider understands.

    `max_tokens` bounds one completion, in the model's tokens; `stop` ends it before the first of
    these texts, which is not part of it. Temperature 0 is greedy.
    """

    temperature: float = 0.8
    top_p: float = 0.95
    max_tokens: int = 512
    stop: tuple[str, ...] = ()


@dataclass(frozen=True)
class Request:
    """Samples wanted of one prompt.

    `indexes` are the samples wanted, counted from 0: `range(n)` for n of them, or those that an
    interrupted run lacks. `seed` is the item's, made with `derive_seed` from the run's seed and the
    problem. With `chat` the prompt is the user's message, after `system` if there is one. `problem` and
    `languages` (every accepted spelling) say what the prompt is about, for providers that look it up.
    """

    id: str
    prompt: str
    indexes: Sequence[int] = range(1)
    seed: int = 0
    sampling: Sampling = field(default_factory=Sampling)
    chat: bool = False
    system: str | None = None
    problem: str = ""
    languages: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """How many samples are wanted."""
        return len(self.indexes)

    def sample_seed(self, index: int) -> int:
        """The seed of one sample: whatever else is asked with it, before it or again, it is the same."""
        return derive_seed(self.seed, index)


@dataclass(frozen=True)
class Sample:
    """One completion of one request.

    `finish_reason` is `stop` (a stop text or the model's own end), `length` (`max_tokens` reached) or
    `error`: this one sample cannot be had, for the reason in `error`, and the rest goes on. Token
    counts are the server's, where it gives them.
    """

    id: str
    index: int
    text: str
    finish_reason: Literal["stop", "length", "error"] = "stop"
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    error: str | None = None


@dataclass(frozen=True)
class ModelOptions:
    """How to treat a model: `concurrency` samples in flight at most, by default what suits the provider; an
    attempt may take `timeout_s` seconds, of these `connect_timeout_s` to connect, and what may pass is tried
    again `retries` times. A model that is lost after all is waited for, `wait_s` seconds at most. `extra` is handed
    to the provider as it is.
    """

    concurrency: int | None = None
    retries: int = 6
    timeout_s: float = 600.0
    connect_timeout_s: float = 10.0
    wait_s: float = 0.0
    extra: Mapping[str, Any] = field(default_factory=dict)


class ModelLost(MultipltError):
    """A model that answered, or might have, is gone: it may come back."""


class Model(ABC):
    """A way to get samples.

    `name` is canonical, URL-like and without secrets; `version` tells apart what the same name stood
    for at different times, where that can be known. `gpus` is how many of them, where there are some, one
    copy of the model needs in its own process or below it.
    """

    name: str
    version: str = ""
    gpus: int = 0

    @abstractmethod
    def generate(self, requests: Iterable[Request] | AsyncIterable[Request]) -> AsyncGenerator[Sample, None]:
        """Yield every sample wanted, in the order of arrival.

        Requests are taken as there is room for them, and no more while samples wait to be consumed.
        Close the generator (`contextlib.aclosing`) to drop what is in flight.

        Raises `ModelLost` when the model cannot be reached any more, and `MultipltError` when it cannot be used.
        """

    async def check(self) -> Mapping[str, Any]:
        """Make sure, before any work, that the model is there; return what it says of itself.

        Raises `MultipltError` when it is not.
        """
        return {}

    async def close(self) -> None:
        """Let go of connections, processes and memory."""
        return

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


async def each(items: Iterable[Job] | AsyncIterable[Job]) -> AsyncIterator[Job]:
    """Iterate over what may be asynchronous or not."""
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item


async def each_sample(requests: Iterable[Request] | AsyncIterable[Request]) -> AsyncIterator[tuple[Request, int]]:
    """Every sample wanted: its request and its index."""
    async for request in each(requests):
        for index in request.indexes:
            yield request, index


async def in_parallel(
    jobs: AsyncIterator[Job], work: Callable[[Job], Awaitable[Result]], limit: int
) -> AsyncGenerator[Result, None]:
    """Do `work` on the jobs, `limit` at a time, and yield the results as they come.

    At most `limit` results wait to be consumed; then no further job is taken. When a job fails,
    what is done by then is still yielded, the rest is cancelled and the error raised.
    """
    finished: asyncio.Queue[Result | None] = asyncio.Queue()
    room = asyncio.Semaphore(2 * limit)  # for `limit` at work and `limit` waiting
    turn = asyncio.Lock()  # one asks for the next job, the others wait

    async def worker() -> None:
        while True:
            await room.acquire()
            async with turn:
                job = await anext(jobs, None)
            if job is None:
                return
            finished.put_nowait(await work(job))

    async def work_all() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(limit):
                group.create_task(worker())

    running = asyncio.create_task(work_all())
    running.add_done_callback(lambda _: finished.put_nowait(None))
    try:
        while (result := await finished.get()) is not None:
            room.release()
            yield result
        await running
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

"""A model that several threads ask at once: through one call of `Model.generate`, so that its limits hold for all."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, TypeVar

from multiplt.errors import MultipltError
from multiplt.models import Model, ModelLost, ModelOptions, ModelRegistry, Request, Sample
from multiplt.plugins import installed

T = TypeVar("T")

WAITING = 1024
"""Samples that have come and that nobody has taken yet; then the model is asked for no more."""

BATCH = 64
"""Samples that are handed on at a time, at most."""

CLOSED = "the model was closed"

AGAIN_S = 5.0
"""Between two attempts at a model that is gone."""

log = logging.getLogger(__name__)

Inbox = queue.SimpleQueue[Sample | Exception]


def open_model(name: str, options: ModelOptions) -> Model:
    """The model of that name, from the core or a plugin; whether it answers, `Model.check` tells."""
    registry = ModelRegistry()
    installed().manager.hook.multiplt_register_models(register=registry.register)
    return registry.find(name, options)


class ModelSession:
    """A model and the thread with the event loop that it lives in.

    A model that is lost (`ModelLost`) is asked again for what is missing until it has been away for
    `ModelOptions.wait_s` seconds.
    """

    def __init__(self, name: str, options: ModelOptions) -> None:
        self.model = open_model(name, options)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"multiplt-model {name}", daemon=True)
        self._thread.start()
        self._desk = _Desk(self.model, options.wait_s)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the model's event loop."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def batches(self, requests: Sequence[Request]) -> Generator[list[Sample], None, None]:
        """The samples wanted, as many at a time as have come; what is not taken holds the model back.

        Raises `MultipltError` when the model cannot be reached or used any more, or the session is closed.
        """
        inbox: Inbox = queue.SimpleQueue()
        if not self._tell(self._desk.ask, requests, inbox):
            raise MultipltError(CLOSED)
        try:
            wanted = sum(request.n for request in requests)
            while wanted:
                batch, error = _take(inbox)
                if batch:
                    self._tell(self._desk.taken, len(batch))
                    yield batch
                if error:
                    raise error
                wanted -= len(batch)
        finally:
            self._tell(self._desk.forget, inbox)

    def _tell(self, what: Callable[..., None], *arguments: object) -> bool:
        """Have the desk do something; False where the session is closed."""
        try:
            self._loop.call_soon_threadsafe(what, *arguments)
        except RuntimeError:
            return False
        return True

    def close(self) -> None:
        """Close the model; who still waits for a sample gets a `MultipltError`."""
        self.run(self._desk.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def _take(inbox: Inbox) -> tuple[list[Sample], Exception | None]:
    """What is there by now, once something is; an error ends it."""
    batch: list[Sample] = []
    while len(batch) < BATCH and not (batch and inbox.empty()):
        sample = inbox.get()
        if isinstance(sample, Exception):
            return batch, sample
        batch.append(sample)
    return batch, None


@dataclass
class _Wanted:
    """A request under a name of its own, and who gets its samples."""

    request: Request
    id: str
    missing: set[int]
    inbox: Inbox


class _Desk:
    """Takes requests, hands out samples; all of it in the event loop."""

    def __init__(self, model: Model, wait_s: float) -> None:
        self._model, self._wait_s = model, wait_s
        self._wanted: dict[str, _Wanted] = {}
        self._waiting: asyncio.Queue[_Wanted] = asyncio.Queue()
        self._room = asyncio.Semaphore(WAITING)
        self._numbers = count()
        self._answered = time.monotonic()
        self._working: asyncio.Task[None] | None = None

    def ask(self, requests: Sequence[Request], inbox: Inbox) -> None:
        for request in requests:
            wanted = _Wanted(request, str(next(self._numbers)), set(request.indexes), inbox)
            self._wanted[wanted.id] = wanted
            self._waiting.put_nowait(wanted)
        if self._working is None or self._working.done():
            self._answered = time.monotonic()
            self._working = asyncio.create_task(self._work())

    def taken(self, count: int) -> None:
        for _ in range(count):
            self._room.release()

    def forget(self, inbox: Inbox) -> None:
        """Ask for no more for whoever has that inbox, and count what is left in it as taken."""
        self._wanted = {id: wanted for id, wanted in self._wanted.items() if wanted.inbox is not inbox}
        while not inbox.empty():
            inbox.get_nowait()
            self._room.release()

    async def close(self) -> None:
        if self._working:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)
        self._fail(MultipltError(CLOSED))
        await self._model.close()

    async def _work(self) -> None:
        while True:
            try:
                async with aclosing(self._model.generate(self._requests())) as samples:
                    async for sample in samples:
                        await self._deliver(sample)
            except ModelLost as error:
                if not await self._can_wait(error):
                    return self._fail(error)
                self._waiting = asyncio.Queue()
                for wanted in self._wanted.values():
                    self._waiting.put_nowait(wanted)
            except Exception as error:
                return self._fail(error)

    async def _requests(self) -> AsyncIterator[Request]:
        while True:
            wanted = await self._waiting.get()
            if wanted.id in self._wanted:
                yield replace(wanted.request, id=wanted.id, indexes=sorted(wanted.missing))

    async def _deliver(self, sample: Sample) -> None:
        self._answered = time.monotonic()
        wanted = self._wanted.get(sample.id)
        if wanted is None:  # who asked is gone
            return
        await self._room.acquire()
        wanted.missing.discard(sample.index)
        if not wanted.missing:
            self._wanted.pop(sample.id, None)
        wanted.inbox.put(replace(sample, id=wanted.request.id))

    async def _can_wait(self, error: ModelLost) -> bool:
        away_s = time.monotonic() - self._answered
        if away_s + AGAIN_S > self._wait_s:
            return False
        log.warning("%s; waiting for it, for %.0f more seconds at most", error, self._wait_s - away_s)
        await asyncio.sleep(AGAIN_S)
        return True

    def _fail(self, error: Exception) -> None:
        for inbox in {id(wanted.inbox): wanted.inbox for wanted in self._wanted.values()}.values():
            inbox.put(error)
        self._wanted.clear()

"""One engine in a process of its own: started, asked, watched, ended."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from multiplt.errors import MultipltError
from multiplt.models.base import ModelLost
from multiplt.models.engine.jobs import Answer, Job, to_line

LOG_LINES = 5
"""Of an engine's log, in the sentence that says that it died."""


class EngineProcess:
    """A process that runs the engine `kind` with `model`; it ends with this one, and so do its children."""

    def __init__(
        self, kind: str, model: str, options: Mapping[str, Any], environment: Mapping[str, str] | None = None
    ) -> None:
        self._kind, self._model, self._options = kind, model, options
        self._environment = environment or {}
        self._asked: dict[int, asyncio.Future[Answer]] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._died: ModelLost | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def in_hand(self) -> int:
        """How many jobs wait for their answers."""
        return len(self._asked)

    async def describe(self) -> Mapping[str, Any]:
        """What the model is, by a process that ends at once. Raises `MultipltError` where there is no such model."""
        try:
            return await self._open(describe=True)
        finally:
            await self.stop()

    async def start(self) -> None:
        """Load the model. Raises `MultipltError` where it cannot be loaded."""
        await self._open(describe=False)
        self._reading = asyncio.create_task(self._read())

    async def ask(self, job: Job) -> Answer:
        """The answer to a job. Raises `ModelLost` when the engine dies."""
        if self._died:
            raise self._died
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked[job.id] = answer
        try:
            self._writer.write(to_line(job))
            return await answer
        except asyncio.CancelledError:
            self._writer.write(to_line({"drop": job.id}))
            raise
        finally:
            del self._asked[job.id]

    async def stop(self) -> None:
        """End the process and its children."""
        if self._process is None:
            return
        if self._reading:
            self._reading.cancel()
        self._writer.close()
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        self._log.close()
        self._process = None

    async def _open(self, *, describe: bool) -> Mapping[str, Any]:
        ours, theirs = socket.socketpair()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115, it is read when the process is dead
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "multiplt.models.engine.worker", self._kind, str(theirs.fileno()),
            stdin=asyncio.subprocess.DEVNULL, stdout=self._log, stderr=self._log, pass_fds=[theirs.fileno()],
            start_new_session=True, env={**os.environ, **self._environment},
        )  # fmt: skip
        theirs.close()
        self._reader, self._writer = await asyncio.open_connection(sock=ours, limit=1 << 24)
        self._writer.write(to_line({"model": self._model, "options": dict(self._options), "describe": describe}))
        line = await self._reader.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"failed": await self._last_words()}
        if "failed" in answer:
            await self.stop()
            raise MultipltError(answer["failed"])
        return dict(answer["described"])

    async def _read(self) -> None:
        with suppress(ConnectionError):
            while line := await self._reader.readline():
                answer = Answer(**json.loads(line))
                if (asked := self._asked.get(answer.id)) and not asked.done():
                    asked.set_result(answer)
        self._died = ModelLost(await self._last_words())
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(self._died)

    async def _last_words(self) -> str:
        assert self._process is not None
        code = await self._process.wait()
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()[-LOG_LINES:]
        said = " / ".join(line.strip() for line in lines)
        return f"the {self._kind} engine of {self._model} {how} ({said or 'it said nothing'}): start again to go on"

"""The side of multiplt: engines in processes of their own, jobs handed out, answers collected."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from multiplt.errors import MultipltError
from multiplt.models.base import Model, ModelLost, ModelOptions, Request, Sample, each_sample, in_parallel
from multiplt.models.engine.jobs import Answer, Job
from multiplt.models.engine.process import EngineProcess

AT_ONCE = {"vllm": 256, "transformers": 64}
"""Samples that each engine has in hand: its batch, and enough for the next to begin at once."""


class EngineModel(Model):
    """A model in engines on this machine: one, or one for each `tensor_parallel_size` GPUs.

    `ModelOptions.extra` is handed to the engine, but for `replicas`, how many engines there are.
    """

    def __init__(self, kind: str, where: str, options: ModelOptions) -> None:
        if not where:
            raise MultipltError(f"what follows {kind}: names no model: name it {kind}:OWNER/NAME or {kind}:FOLDER")
        self.name = f"{kind}:{where}"
        self._kind, self._where = kind, str(Path(where).expanduser())
        self._options = options
        self._engine_options = {name: value for name, value in options.extra.items() if name != "replicas"}
        self.gpus = int(self._engine_options.get("tensor_parallel_size", 1))
        self._described: Mapping[str, Any] | None = None
        self._engines: list[EngineProcess] = []
        self._last = 0

    async def check(self) -> Mapping[str, Any]:
        """Describe the model, without loading its weights."""
        if self._described is None:
            process = EngineProcess(self._kind, self._where, self._engine_options)
            self._described = await process.describe()
            self.version = str(self._described["version"])
        return {name: value for name, value in self._described.items() if name != "version"}

    async def generate(self, requests: Iterable[Request] | AsyncIterable[Request]) -> AsyncGenerator[Sample, None]:
        """Yield the samples as the engines finish them; the engines stay up until `close`, or until one dies."""
        await self._start()
        at_once = self._options.concurrency or AT_ONCE[self._kind] * len(self._engines)
        try:
            async with aclosing(in_parallel(each_sample(requests), self._sample, at_once)) as samples:
                async for sample in samples:
                    yield sample
        except ModelLost:
            await self.close()
            raise

    async def close(self) -> None:
        """End the engines."""
        engines, self._engines = self._engines, []
        for engine in engines:
            await engine.stop()

    async def _start(self) -> None:
        if self._engines:
            return
        gpus = int((await self.check())["gpus"])
        replicas = int(self._options.extra.get("replicas", max(1, gpus // self.gpus)))
        self._engines = [
            EngineProcess(self._kind, self._where, self._engine_options, _devices(number, self.gpus, gpus))
            for number in range(replicas)
        ]
        try:
            async with asyncio.TaskGroup() as group:
                for engine in self._engines:
                    group.create_task(engine.start())
        except BaseExceptionGroup as failures:
            await self.close()
            raise failures.exceptions[0] from None

    async def _sample(self, item: tuple[Request, int]) -> Sample:
        request, index = item
        engine = min(self._engines, key=lambda engine: engine.in_hand)
        self._last += 1
        seed = request.sample_seed(index)
        job = Job(self._last, request.prompt, seed, request.sampling, request.chat, request.system)
        return _sample_of(await engine.ask(job), request, index)


def _devices(number: int, each: int, gpus: int) -> Mapping[str, str]:
    """Which GPUs an engine of several sees."""
    if gpus <= each:
        return {}
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", ",".join(map(str, range(gpus)))).split(",")
    return {"CUDA_VISIBLE_DEVICES": ",".join(visible[number * each : (number + 1) * each])}


def _sample_of(answer: Answer, request: Request, index: int) -> Sample:
    fields = asdict(answer)
    del fields["id"]
    return Sample(request.id, index, **fields)

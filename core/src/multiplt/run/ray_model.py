"""A model on a Ray cluster: replicas in actors, each with its GPUs, and the session in which a shard asks them."""

from __future__ import annotations

import random
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from multiplt.errors import MultipltError
from multiplt.models import ModelLost, ModelOptions, Request, Sample
from multiplt.run.model_session import ModelSession
from multiplt.run.ray_cluster import need, result
from multiplt.run.sampling import ModelSettings
from multiplt.run.shared import Resources

SHARDS = 512
"""Shards that a replica answers at once; more wait."""

UNREAD = 8
"""Batches of samples on the way to one shard; then the replica is held back."""

RESTART_S = 1800.0
"""So long a lost replica may take until it is there again: another node has to be free and to load the weights."""

LOSSES = 5
"""Replicas may be lost so often each without an answer in between; beyond that it is the requests that kill them."""


class Replica:
    """The actor that has one copy of a model."""

    def __init__(self, name: str, options: ModelOptions) -> None:
        self._name, self._options, self._open = name, options, Resources()

    def ready(self) -> None:
        """Answer."""

    def batches(self, requests: Sequence[Request]) -> Generator[list[Sample], None, None]:
        """See `ModelSession`. Ray closes the generator where who asked is gone."""
        session = self._open.get("session", lambda: ModelSession(self._name, self._options))
        yield from session.batches(requests)


class Replicas:
    """The driver's side: as many as the option `replicas` says, else as the cluster has GPUs for, else one.

    Ray starts one again, on another node if need be, when its own is lost.
    """

    def __init__(self, model: ModelSettings) -> None:
        import ray

        gpus = int(ray.cluster_resources().get("GPU", 0))
        each = model.gpus if gpus else 0
        need(f"{model.name} on each replica's node (tensor_parallel_size)", GPU=each)
        extra = dict(model.options.extra)
        count = max(1, int(extra.pop("replicas", gpus // each if each else 1)))
        concurrency = model.options.concurrency
        share = None if concurrency is None else max(1, concurrency // count)
        options = replace(model.options, extra=extra, concurrency=share)
        actor = ray.remote(Replica).options(
            num_cpus=0, num_gpus=each, max_restarts=-1, max_concurrency=SHARDS, scheduling_strategy="SPREAD"
        )
        self.actors = [actor.remote(model.name, options) for _ in range(count)]

    def close(self) -> None:
        """End them."""
        import ray

        for actor in self.actors:
            ray.kill(actor)


@dataclass
class _Stream:
    """Samples on their way, of which replica and for which requests."""

    replica: int
    requests: Sequence[Request]


class RemoteSession:
    """A worker's side: spreads requests over the replicas; what one that is lost still owed, others are asked for.

    Where all are lost, it waits for one to come back.
    """

    def __init__(self, replicas: Sequence[Any], wait_s: float) -> None:
        self._replicas, self._patience_s = replicas, max(wait_s, RESTART_S)
        self._there = set(range(len(replicas)))
        self._coming: dict[Any, int] = {}

    def batches(self, requests: Sequence[Request]) -> Generator[list[Sample], None, None]:
        """See `ModelSession`."""
        import ray

        missing = {request.id: set(request.indexes) for request in requests}
        given_up: set[int] = set()
        losses = 0
        streams = self._ask([request for request in requests if request.n], given_up)
        while streams:
            stream = ray.wait(list(streams), num_returns=1, fetch_local=False)[0][0]
            try:
                batch: list[Sample] = result(next(stream))
            except StopIteration:
                del streams[stream]
            except (ModelLost, ray.exceptions.RayError) as error:
                if isinstance(error, ray.exceptions.RayTaskError):  # no loss but a fault
                    raise
                losses += 1
                if losses > LOSSES * len(self._replicas):
                    raise ModelLost("the model's replicas die when they are asked; look into Ray's logs") from error
                lost = streams.pop(stream)
                self._lose(lost.replica, error, given_up)
                owed = [replace(request, indexes=sorted(missing[request.id])) for request in lost.requests]
                streams |= self._ask([request for request in owed if request.n], given_up)
            else:
                losses = 0
                for sample in batch:
                    missing[sample.id].discard(sample.index)
                yield batch

    def _ask(self, requests: Sequence[Request], given_up: Iterable[int]) -> dict[Any, _Stream]:
        if not requests:
            return {}
        there = self._find().difference(given_up)
        if not there:
            raise ModelLost("every replica of the model is lost; see to its nodes and run the command again")
        numbers = random.sample(sorted(there), len(there))  # or the first would get all of what is little
        streams = {}
        for place, number in enumerate(numbers):
            if share := requests[place :: len(numbers)]:
                method = self._replicas[number].batches
                call = method.options(num_returns="streaming", _generator_backpressure_num_objects=UNREAD)
                streams[call.remote(share)] = _Stream(number, share)
        return streams

    def _lose(self, number: int, error: Exception, given_up: set[int]) -> None:
        """Ask others from now on: until Ray has started the replica again, or in this call where its model is lost."""
        if isinstance(error, ModelLost):
            given_up.add(number)
            if given_up >= self._there:
                raise error
        elif number in self._there:
            self._there.remove(number)
            ready = self._replicas[number].ready.options(max_task_retries=-1).remote()
            self._coming[ready] = number

    def _find(self) -> set[int]:
        """The replicas that are there; where there is none, wait for one."""
        import ray

        deadline = time.monotonic() + self._patience_s
        while self._coming:
            left_s = 0 if self._there else max(0, deadline - time.monotonic())
            ready, _ = ray.wait(list(self._coming), num_returns=1, timeout=left_s)
            if not ready:
                break
            number = self._coming.pop(ready[0])
            with suppress(ray.exceptions.RayError):  # it is gone for good
                ray.get(ready[0])
                self._there.add(number)
        if not self._there:
            raise MultipltError(
                f"no replica of the model came back within {self._patience_s:.0f} s; "
                "look for its node with `ray status`, then run the command again: it goes on from here"
            )
        return self._there

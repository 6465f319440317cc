"""A stage's log of completions on a Ray cluster: one writer on the driver's node, asked from everywhere."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from multiplt.rows.jsonl import Row
from multiplt.run.completions import CompletionLog, Entry
from multiplt.run.ray_cluster import result
from multiplt.run.shared import Resources

ON_THE_WAY = 16
"""Batches of completions of one shard that are sent to the log and not known to be in it."""

PATIENCE_S = 30.0
"""For the keeper of a driver that was killed, or the one before this: so long Ray may take to end its process."""


class LogKeeper:
    """The actor that has the log. It opens it when it is first asked, so that who asks is told what is wrong."""

    def __init__(self, path: Path) -> None:
        self._path, self._open = path, Resources()

    @property
    def _log(self) -> CompletionLog:
        return self._open.get("log", lambda: CompletionLog(self._path, PATIENCE_S))

    def found(self, key: str, indexes: Sequence[int]) -> dict[int, Row]:
        """See `CompletionLog`."""
        return self._log.found(key, indexes)

    def extend(self, entries: Sequence[Entry]) -> None:
        """See `CompletionLog`."""
        self._log.extend(entries)

    def close(self) -> None:
        """See `CompletionLog`."""
        self._open.close()


class KeptLog:
    """The driver's side: starts the keeper beside itself, so that it is lost with the driver alone."""

    def __init__(self, path: Path) -> None:
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        options = {"num_cpus": 0, "max_restarts": -1, "max_task_retries": -1, "scheduling_strategy": here}
        self.keeper = ray.remote(LogKeeper).options(**options).remote(path)

    def close(self) -> None:
        """Close the log."""
        import ray

        result(self.keeper.close.remote())
        ray.kill(self.keeper)


class RemoteLog:
    """A worker's side."""

    def __init__(self, keeper: Any) -> None:
        self._keeper = keeper
        self._sent: deque[Any] = deque()

    def found(self, key: str, indexes: Sequence[int]) -> dict[int, Row]:
        """See `CompletionLog`."""
        found: dict[int, Row] = result(self._keeper.found.remote(key, indexes))
        return found

    def extend(self, entries: Sequence[Entry]) -> None:
        """See `CompletionLog`; what went wrong may come with one of the next, or with `settle`."""
        self._sent.append(self._keeper.extend.remote(entries))
        if len(self._sent) > ON_THE_WAY:
            result(self._sent.popleft())

    def settle(self) -> None:
        """Wait until everything is in the log."""
        while self._sent:
            result(self._sent.popleft())

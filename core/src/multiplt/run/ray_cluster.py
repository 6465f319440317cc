"""The Ray cluster that a run works on: one that is there, or one on this machine for as long as the run lasts."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from multiplt.errors import MultipltError

CONNECT_S = 10.0
GIB = 1 << 30


@contextmanager
def connected(address: str | None) -> Iterator[None]:
    """Be a driver of the cluster at `address`, HOST:PORT or `auto`, or with None of one that is started here.

    A process that is a driver already stays one. Raises `MultipltError` where Ray is not installed or no cluster is.
    """
    try:
        import ray
    except ImportError:
        raise MultipltError('engine = "ray" needs Ray: pip install "multiplt[ray]", on every node') from None
    if ray.is_initialized():
        yield
        return
    here: dict[str, Any] = {} if address else {"include_dashboard": False}
    if address:
        _look_for(address)
    else:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no run reports home
    try:
        ray.init(address=address or "local", logging_level=logging.ERROR, **here)
    except (OSError, RuntimeError, ValueError) as error:
        raise _unreachable(address, str(error).partition("\n")[0]) from error
    try:
        yield
    finally:
        ray.shutdown()


def _look_for(address: str) -> None:
    """Make sure that something answers: Ray itself waits for two minutes, then ends the process."""
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise MultipltError(f"{address} is no address of a Ray cluster: write HOST:PORT, or auto on one of its nodes")
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_S).close()
    except (OSError, OverflowError) as error:
        raise _unreachable(address, getattr(error, "strerror", None) or str(error)) from None


def _unreachable(address: str | None, reason: str) -> MultipltError:
    where = f"at {address}" if address else "here"
    return MultipltError(f"no Ray cluster can be reached {where} ({reason}); start one with `ray start --head`")


def need(what: str, **resources: int) -> None:
    """Make sure that a node of the cluster has as much of each: Ray would wait for one that has.

    Resources are named as Ray does: `CPU` and `GPU` are counted, `memory` is in bytes. Raises `MultipltError`.
    """
    import ray

    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    if not any(all(node.get(name, 0) >= amount for name, amount in resources.items()) for node in nodes):
        wanted = " and ".join(f"{amount / GIB:.1f} GiB" if name == "memory" else f"{amount} {name}s"
                              for name, amount in resources.items())  # fmt: skip
        raise MultipltError(f"no node of the Ray cluster has {wanted}, which {what} needs; lower that or add a node")


def result(reference: Any) -> Any:
    """What `ray.get` gives, but an error of ours as it was raised."""
    import ray

    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, MultipltError):
            raise error.cause from None
        raise

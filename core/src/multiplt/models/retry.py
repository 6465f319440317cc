"""Attempts that fail: of what kind, whether to try again, and when."""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from time import time
from typing import Literal, TypeVar

T = TypeVar("T")
Kind = Literal["unreachable", "slow", "broken", "busy", "key", "missing", "refused"]

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0  # between attempts, doubled each time
LONGEST_RETRY_AFTER_S = 600.0  # a server that asks for more is not waited for

_PASSING: tuple[Kind, ...] = ("unreachable", "slow", "broken", "busy")

log = logging.getLogger(__name__)


class Failure(Exception):
    """A failed attempt to get an answer from a server.

    `kind` is `unreachable`, `slow` (a time limit), `broken` (the server's fault), `busy`, `key`,
    `missing` (nothing at that address) or `refused` (the request's fault); `retry_after` the seconds
    that the server asks to wait.
    """

    def __init__(self, kind: Kind, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.kind, self.reason, self.retry_after = kind, reason, retry_after

    @property
    def passing(self) -> bool:
        """Whether another attempt may succeed."""
        return self.kind in _PASSING and (self.retry_after or 0) <= LONGEST_RETRY_AFTER_S


def kind_of_status(status: int) -> Kind:
    """What an HTTP status of 400 or more means for the request."""
    kinds: dict[int, Kind] = {401: "key", 403: "key", 404: "missing", 405: "missing", 408: "slow", 429: "busy"}
    return kinds.get(status, "broken" if status >= 500 or status == 409 else "refused")


async def persist(attempt: Callable[[], Awaitable[T]], retries: int, name: str) -> T:
    """Attempt, and up to `retries` times again where it may help. Raises `Failure`; `name` is for the log."""
    tried = 0
    while True:
        try:
            return await attempt()
        except Failure as failure:
            if tried == retries or not failure.passing:
                raise
            wait = wait_s(tried, failure.retry_after)
            log.info("%s: %s; asking again in %.1f s", name, failure.reason, wait)
        await asyncio.sleep(wait)
        tried += 1


def wait_s(tried: int, retry_after: float | None) -> float:
    """Seconds before the next attempt: never less than the server asks, and not the same for all.

    >>> 0.25 <= wait_s(0, None) <= 0.5 and 10.25 <= wait_s(0, 10.0) <= 10.5 and wait_s(9, None) <= 30
    True
    """
    longest = min(FIRST_WAIT_S * 2.0**tried, LONGEST_WAIT_S)
    return (retry_after or 0.0) + longest * random.uniform(0.5, 1.0)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """The seconds to wait that a server asks for, given as such or as a date (RFC 9110, 10.2.3).

    >>> retry_after_s({"retry-after": "2"}), retry_after_s({"retry-after": "soon"})
    (2.0, None)
    """
    value = headers.get("retry-after", "").strip()
    try:
        seconds = float(value) if re.fullmatch(r"[\d.]+", value) else parsedate_to_datetime(value).timestamp() - time()
    except (TypeError, ValueError, OverflowError):
        return None
    return max(0.0, seconds)

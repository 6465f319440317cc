"""Running something as an unprivileged user has it, for tests that are run by root."""

from __future__ import annotations

import os
import pickle
import traceback
from collections.abc import Callable
from typing import TypeVar, cast

T = TypeVar("T")

USER = 60999
"""A user without an account."""


def as_user(function: Callable[[], T]) -> T:
    """The result of `function`, which must be picklable, in a forked child that has given up root.

    Only root can do so; no other thread may be running. Raises `AssertionError` with the child's
    traceback where `function` raised.
    """
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        try:
            os.setgroups([])
            os.setresgid(USER, USER, USER)
            os.setresuid(USER, USER, USER)
            answer = (True, function())
        except BaseException:
            answer = (False, traceback.format_exc())  # type: ignore[assignment]
        try:
            with os.fdopen(write, "wb") as file:
                pickle.dump(answer, file)
        finally:
            os._exit(0)  # whatever happens: a second copy of this process must not go on
    os.close(write)
    with os.fdopen(read, "rb") as file:
        done, result = pickle.load(file)
    os.waitpid(pid, 0)
    assert done, result
    return cast(T, result)

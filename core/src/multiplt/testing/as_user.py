"""Running something as an unprivileged user has it, for tests that are run by root."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import TypeVar, cast

T = TypeVar("T")

USER = 60999
"""A user without an account."""

CHILD = f"""
import os, pickle, sys, traceback
sys.path[:], function = pickle.load(sys.stdin.buffer)
os.setgroups([])
os.setresgid({USER}, {USER}, {USER})
os.setresuid({USER}, {USER}, {USER})
try:
    answer = (True, pickle.loads(function)())
except BaseException:
    answer = (False, traceback.format_exc())
pickle.dump(answer, sys.stdout.buffer)
"""


def as_user(function: Callable[[], T]) -> T:
    """The result of `function` in a new process that has given up root; both must be picklable.

    Only root can do so. Raises `AssertionError` with the process's traceback where `function` raised.
    """
    given = pickle.dumps((sys.path, pickle.dumps(function)))
    done, result = pickle.loads(subprocess.run([sys.executable, "-c", CHILD], input=given, stdout=subprocess.PIPE).stdout)
    assert done, result
    return cast(T, result)

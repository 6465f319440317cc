"""What stages keep open while they work: plugins, executor, judge."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator
from itertools import chain

from multiplt.errors import MultipltError
from multiplt.execute.executor import Executor
from multiplt.execute.plan import ExecutionPlan, Outcome
from multiplt.execute.sandbox import Sandbox
from multiplt.execute.sandboxes import SandboxFactory, find_sandbox
from multiplt.execute.verdicts import Judge
from multiplt.plugins import Plugins, installed
from multiplt.run.engine import StageContext
from multiplt.settings import ExecuteSettings


def open_sandbox(name: str, plugins: Plugins | None = None) -> Sandbox:
    """The sandbox of that name, from the core or a plugin, known to work."""
    others: dict[str, SandboxFactory] = {}
    (plugins or installed()).manager.hook.multiplt_register_sandboxes(register=others.__setitem__)
    return find_sandbox(name, others)


def open_executor(settings: ExecuteSettings) -> Executor:
    """An executor in the sandbox that the settings name."""
    return Executor(open_sandbox(settings.sandbox), settings.workers, warm=settings.warm)


def open_judge(language: str, executor: Executor, settings: ExecuteSettings) -> Judge:
    """The judge of a language, its toolchain known to work."""
    judge = Judge(installed().language(language), executor, settings.limits)
    judge.check()
    return judge


def shared_judge(context: StageContext, language: str, toolchain: str, settings: ExecuteSettings) -> Judge:
    """The judge of a language that stages share, with the executor that all share.

    Raises `MultipltError` where this machine has another toolchain than `toolchain`.
    """
    executor = context.shared(f"executor {settings}", lambda: open_executor(settings))
    judge = context.shared(f"judge {language} {settings}", lambda: open_judge(language, executor, settings))
    if judge.toolchain != toolchain:
        raise MultipltError(
            f"{platform.node()} has {judge.toolchain} and the run was begun with {toolchain}; "
            "install the same on all nodes"
        )
    return judge


class LazyExecutor:
    """An executor that needs no sandbox before it has a program to run."""

    def __init__(self, settings: ExecuteSettings) -> None:
        self._settings = settings
        self._executor: Executor | None = None

    def run(self, plans: Iterable[ExecutionPlan]) -> Iterator[Outcome]:
        """See `Executor.run`."""
        waiting = iter(plans)
        for first in waiting:
            self._executor = self._executor or open_executor(self._settings)
            return self._executor.run(chain([first], waiting))
        return iter(())

    def close(self) -> None:
        """Close the executor, if there is one."""
        if self._executor:
            self._executor.close()

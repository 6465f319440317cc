"""What the checks of one language share: the language, its material, and programs that are run once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

from multiplt.errors import MultipltError
from multiplt.execute.executor import Executor
from multiplt.execute.plan import Limits
from multiplt.execute.verdicts import Judge
from multiplt.functions import Function
from multiplt.plugins import BoundLanguage
from multiplt.problems import Completion, Problem
from multiplt.settings import PromptSettings
from multiplt.testing.conformance.functions import add
from multiplt.testing.material import Material
from multiplt.testing.trials import Run, Trial, Tried, attempt, run_plans, run_trials
from multiplt.translate.problems import build_problem

T = TypeVar("T")


class Lab:
    """A language under test, with the material that its plugin ships and an executor."""

    def __init__(self, language: BoundLanguage, material: Material, executor: Executor) -> None:
        self.language = language
        self.material = material
        self.executor = executor
        self.judge = Judge(language, executor, Limits())
        self._processes = executor.left_behind()
        self._made: dict[Callable[[Lab], Any], Any] = {}

    def once(self, make: Callable[[Lab], T]) -> T:
        """What `make` makes of this lab, made when it is first asked for; an error is raised every time."""
        if make not in self._made:
            try:
                self._made[make] = make(self)
            except Exception as error:
                self._made[make] = error
        made = self._made[make]
        if isinstance(made, Exception):
            raise made
        result: T = made
        return result

    def run(
        self, trials: Iterable[Trial | MultipltError], run: Run | None = None
    ) -> list[Tried | MultipltError]:
        """What came of each trial, all in one pass (of `run`); an error that stands for one stays in its place."""
        return run_trials(self.language, trials, run or partial(run_plans, self.executor))

    def run_named(
        self, trials: Mapping[str, Callable[[], Trial]], run: Run | None = None
    ) -> dict[str, Tried | MultipltError]:
        """What came of each trial by name; a trial that cannot be made is its error."""
        return dict(zip(trials, self.run(map(attempt, trials.values()), run), strict=True))

    def candidate(self, section: str) -> Completion:
        """A section of candidates.txt, as a continuation of the prompt."""
        return Completion(self.material.candidates[section])

    def problem(self, function: Function, *, canonical: bool = False) -> Problem:
        """The problem of a function, with the tests that the language can express.

        Raises `Refused` where there are none.
        """
        settings = PromptSettings(canonical=canonical)
        return build_problem(self.language, function, f"Test_0_{function.python_name}", settings, tests=1)[0]

    def brief(self) -> Limits:
        """Limits for what never ends: a few times what a program takes that ends at once."""
        [tried] = self.run([Trial(self.problem(add()), self.candidate("right"))])
        if isinstance(tried, MultipltError):
            raise tried
        return Limits(wall_s=1.0 + math.ceil(2 * tried.outcome.wall_s))

    def left_behind(self) -> set[int]:
        """Processes under this one that were not there at the beginning."""
        return self.executor.left_behind() - self._processes

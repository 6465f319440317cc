"""The base of the checks: a language is found, set up once for a class, and findings are sentences."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, NoReturn, ParamSpec, TypeVar

import pytest

from multiplt.errors import MultipltError
from multiplt.execute.executor import Executor
from multiplt.plugins import BoundLanguage, Plugins, installed
from multiplt.problems import Status, Verdict
from multiplt.run.resources import open_sandbox
from multiplt.testing.conformance.lab import Lab
from multiplt.testing.material import material_folder, read_material
from multiplt.testing.trials import Tried

P = ParamSpec("P")
T = TypeVar("T")

FAILED = tuple(status for status in Status if status not in (Status.OK, Status.TIMEOUT, Status.OUT_OF_MEMORY))
"""What a verdict says where the tests have decided, and not a limit."""

QUOTED = 400
"""Characters of a program's words that a finding quotes."""


class Checks:
    """A group of checks of one language; `Conformance` says what a subclass sets."""

    language: ClassVar[str | object]
    distribution: ClassVar[str] = ""
    lab: ClassVar[Lab]
    broken: ClassVar[str] = ""

    @classmethod
    def find_language(cls) -> BoundLanguage:
        """The language under test: an installed one by name, or the plugin object itself."""
        if isinstance(cls.language, str):
            return installed().language(cls.language)
        plugins = Plugins()
        plugins.register(cls.language, "under test", cls.distribution)
        return plugins.language(plugins.languages[0])

    @classmethod
    def material_folder(cls) -> Path:
        """The folder of the conformance material; by default the one in the plugin's package."""
        language = cls.find_language()
        return material_folder(language.distribution, language.spec.name)

    @classmethod
    def open_executor(cls) -> Executor:
        """What runs the programs of the class."""
        return Executor(open_sandbox("bubblewrap"))

    @classmethod
    def setup_class(cls) -> None:
        """Find the language and its material; what is wrong with them is told by `test_plugin_is_loaded`."""
        cls.broken = ""
        try:
            language, material = cls.find_language(), read_material(cls.material_folder())
            cls.lab = Lab(language, material, cls.open_executor())
        except MultipltError as error:
            cls.broken = str(error)

    @classmethod
    def teardown_class(cls) -> None:
        if not cls.broken:
            cls.lab.executor.close()

    def setup_method(self, method: Callable[..., Any]) -> None:
        if self.broken and method.__name__ != "test_plugin_is_loaded":
            pytest.skip("the plugin is not loaded")

    def test_plugin_is_loaded(self) -> None:
        """The plugin loads and keeps the contract, its conformance material reads, a sandbox works here."""
        if self.broken:
            fail(self.broken)


def fail(sentence: str) -> NoReturn:
    """End a check with its finding."""
    pytest.fail(sentence, pytrace=False)


def require(holds: object, sentence: str) -> None:
    """End a check with its finding where something does not hold."""
    if not holds:
        fail(sentence)


def finding(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What a function returns; an error of the plugin's, the sandbox's or the material's ends the check."""
    try:
        return function(*args, **kwargs)
    except MultipltError as error:
        fail(str(error))


def ran(tried: Tried | MultipltError) -> Tried:
    """A trial that ran; one that could not ends the check."""
    if isinstance(tried, MultipltError):
        fail(str(tried))
    return tried


def require_status(verdict: Verdict, what: str, *statuses: Status) -> None:
    """End a check where a verdict is none of the statuses."""
    if verdict.status not in statuses:
        due = "fail" if statuses == FAILED else f"be {' or '.join(statuses)}"
        fail(f"{what} should {due} and is {told(verdict)}")


def told(verdict: Verdict) -> str:
    """A verdict in words: the status, the first failing case, what the language said."""
    failure = verdict.failure
    parts = [str(verdict.status), f"{verdict.passed} of {verdict.total} tests passed"]
    if failure:
        parts.append(f"on ({quoted(failure.arguments)}): expected {quoted(failure.expected)}, "
                     f"got {quoted(failure.actual)}")  # fmt: skip
    said = verdict.message if failure is None else ""
    return ", ".join(parts) + (f"; it says: {quoted(said)}" if said.strip() else "")


def quoted(text: str) -> str:
    """Text on one line, not too much of it."""
    line = " ".join(text.split())
    return line if len(line) <= QUOTED else f"{line[:QUOTED]}…"

"""Running conformance classes outside of a test session, each finding told as it is made."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis.configuration import set_hypothesis_home_dir

from multiplt.errors import MultipltError
from multiplt.testing.conformance import Conformance

MODULE = """\
from {module} import Conformance


class TestLanguage(Conformance):
    language = {language!r}
"""


@dataclass(frozen=True)
class Finding:
    """What a check came to: `group` is the class that it belongs to, `reason` why it failed or was skipped."""

    group: str
    check: str
    outcome: Literal["ok", "failed", "skipped"]
    reason: str = ""


def check_language(language: str, tell: Callable[[Finding], None], only: str = "") -> None:
    """Run the checks of an installed language whose names contain `only`; see `run_checks`."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "test_language.py")
        file.write_text(MODULE.format(module=Conformance.__module__, language=language), "utf-8")
        set_hypothesis_home_dir(folder)  # by default it is a folder in the one that we are called in
        try:
            run_checks(file, tell, only)
        finally:
            set_hypothesis_home_dir(None)


def run_checks(file: Path, tell: Callable[[Finding], None], only: str = "") -> None:
    """Run the classes in a Python file by pytest, without its output and without anyone's configuration.

    Raises `KeyboardInterrupt` where that is what ended it.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder, "pytest.ini")
        settings.write_text("[pytest]\n", "utf-8")
        options = ["-c", str(settings), "--rootdir", folder, "--import-mode", "importlib", "-p", "no:cacheprovider"]
        teller = _Teller(tell, only.lower())
        pytest.main([*options, "--capture", "sys", str(file)], plugins=[teller])
    if teller.interrupt:
        raise teller.interrupt


class _Teller:
    """A plugin of pytest's that tells findings in place of pytest's own report."""

    def __init__(self, tell: Callable[[Finding], None], only: str) -> None:
        self._tell, self._only = tell, only
        self.interrupt: BaseException | None = None

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.pluginmanager.unregister(name="terminalreporter")

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if self._only in _name(item).lower()]

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        if not isinstance(excinfo.value, pytest.Session.Interrupted):  # what an error in collecting raises
            self.interrupt = excinfo.value

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._tell(Finding(report.nodeid, "collection", "failed", str(report.longrepr)))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.failed or report.skipped or report.when == "call":
            outcome: Literal["ok", "failed", "skipped"] = "ok" if report.passed else report.outcome  # type: ignore[assignment]
            group = item.parent.name if item.parent else ""
            self._tell(Finding(group, _name(item), outcome, _reason(call)))
        return report


def _name(item: pytest.Item) -> str:
    """The check in words: `test_value_comes_back[small ints]` is "value comes back: small ints"."""
    test, _, parameter = item.name.partition("[")
    words = test.removeprefix("test_").replace("_", " ")
    return f"{words}: {parameter.removesuffix(']')}" if parameter else words


def _reason(call: pytest.CallInfo[Any]) -> str:
    if call.excinfo is None:
        return ""
    error = call.excinfo.value
    if isinstance(error, pytest.fail.Exception | pytest.skip.Exception):
        return error.msg or ""
    return str(error) if isinstance(error, MultipltError) else f"{type(error).__name__}: {error}"

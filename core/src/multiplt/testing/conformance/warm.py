"""Checks that a program gets the same verdict in the language's warm server as by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from multiplt.errors import MultipltError
from multiplt.execute.bubblewrap import Bubblewrap
from multiplt.execute.plan import ExecutionPlan, Limits, Outcome, Program
from multiplt.execute.warm.library import NoCompiler
from multiplt.problems import Verdict
from multiplt.testing.conformance.checks import Checks, fail, finding, ran, require, told
from multiplt.testing.conformance.lab import Lab
from multiplt.testing.conformance.verdicts import COMPAT, SHAPES, STRICT, trials
from multiplt.testing.trials import Tried, attempt, run_plans

NAMES = (*STRICT, *(f"{section}, compat" for section in COMPAT), *(f"stub of {shape}" for shape in SHAPES))
"""The programs that run both ways, as `verdicts.trials` calls them."""


class WarmChecks(Checks):
    """The candidates and stubs in both modes; skipped where the language has no warm server."""

    def test_warm_server_starts(self) -> None:
        """The server comes up in the sandbox and says so."""
        _require_server(self.lab)
        tried = ran(finding(self.lab.once, in_servers)["right"])
        require(tried.outcome.warm, "the candidate `right` was lost with its warm server")

    @pytest.mark.parametrize("name", NAMES)
    def test_warm_verdict_is_the_same(self, name: str) -> None:
        """Status, tests passed and the account of the failure are those of a program that runs by itself."""
        _require_server(self.lab)
        warm, alone = (finding(self.lab.once, run)[name] for run in (in_servers, alone_each))
        if isinstance(warm, MultipltError) or isinstance(alone, MultipltError):
            require(str(warm) == str(alone), f"`{name}` is {warm} in a warm server, {alone} by itself")
        elif _account(warm.verdict) != _account(alone.verdict):
            fail(f"`{name}` in a warm server is {told(warm.verdict)}; by itself {told(alone.verdict)}")


def _account(verdict: Verdict) -> tuple[object, ...]:
    return verdict.status, verdict.passed, verdict.total, verdict.failure


def _require_server(lab: Lab) -> None:
    """Skip the check where there can be no server, end it where there is one that does not start."""
    try:
        lab.once(_try_server)
    except NoCompiler as error:
        pytest.skip(str(error))
    except MultipltError as error:
        fail(str(error))


def _try_server(lab: Lab) -> None:
    plan = lab.language.execution_plan(Program({}, ""), Limits())
    if plan.server is None:
        pytest.skip("the language has no warm server")
    sandbox = Bubblewrap()
    sandbox.try_server(plan)
    sandbox.close()


def in_servers(lab: Lab) -> dict[str, Tried | MultipltError]:
    """Every program in a warm server, whatever comes of it: an executor would give up one that drifts."""
    sandbox = Bubblewrap(eager=True)

    def run(plans: Sequence[ExecutionPlan]) -> list[Outcome | MultipltError]:
        return [attempt(sandbox.run, plan) for plan in plans]

    try:
        return lab.run_named(trials(lab), run)
    finally:
        sandbox.close()


def alone_each(lab: Lab) -> dict[str, Tried | MultipltError]:
    """Every program started for itself."""

    def run(plans: Sequence[ExecutionPlan]) -> list[Outcome | MultipltError]:
        return run_plans(lab.executor, [replace(plan, server=None) for plan in plans])

    return lab.run_named(trials(lab), run)

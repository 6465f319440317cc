"""`multiplt doctor`: what works here, what is missing, and the command that mends it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from itertools import chain
from typing import Any

import click

from multiplt.cli.options import as_json, example, model_option
from multiplt.errors import MultipltError
from multiplt.execute.executor import Executor
from multiplt.execute.plan import Program
from multiplt.execute.sandbox import Sandbox
from multiplt.execute.self_check import self_check
from multiplt.execute.verdicts import Judge
from multiplt.hookspecs import Check
from multiplt.models import ModelOptions
from multiplt.plugins import installed
from multiplt.run.model_session import ModelSession
from multiplt.run.resources import open_judge, open_sandbox
from multiplt.settings import ExecuteSettings


@click.command(epilog=example("multiplt doctor"))
@click.option("--sandbox", default="bubblewrap", show_default=True, help="The sandbox to look at.")
@click.option("--model", help="A model to look at and describe: its parameters, context length, chat template.")
@model_option
@as_json
def doctor(sandbox: str, model: str | None, model_options: dict[str, Any], as_json: bool) -> None:
    """Check what works here: sandbox, languages and their toolchains; exit 1 where something is missing."""
    failed = False
    checks = []
    for check in chain(_model_checks(model, model_options) if model else (), _checks(sandbox)):
        failed |= not check.ok
        if as_json:
            checks.append(asdict(check))
        else:
            mend = f"\n       mend: {check.mend}" if check.mend and not check.ok else ""
            detail = f": {check.detail}" if check.detail else ""
            click.echo(f"{'ok  ' if check.ok else 'FAIL'}  {check.name}{detail}{mend}")
    if as_json:
        click.echo(json.dumps(checks, indent=2))
    sys.exit(failed)


def _checks(name: str) -> Iterator[Check]:
    plugins = installed()
    for broken in plugins.broken:
        yield Check(f"plugin {broken.name}", False, broken.error, f"pip install --upgrade {broken.distribution}")
    try:
        sandbox = open_sandbox(name)
    except MultipltError as error:
        yield Check(f"sandbox {name}", False, str(error))
        return
    yield from _sandbox_checks(sandbox)
    with Executor(sandbox) as executor:
        for language in map(plugins.language, plugins.languages):
            spec = language.spec
            try:
                judge = open_judge(spec.name, executor, ExecuteSettings())
                yield Check(f"language {spec.name}", True, judge.toolchain)
                yield from language.doctor()
                yield from _warm_checks(judge, sandbox)
            except MultipltError as error:
                yield Check(f"language {spec.name}", False, str(error), f"apt-get install {spec.package}")
    if not plugins.languages:
        yield Check("languages", False, "none is installed", "pip install multiplt-lang-NAME")


def _model_checks(name: str, options: dict[str, Any]) -> Iterator[Check]:
    """Whether the model is there, and what it says of itself."""
    try:
        with closing(ModelSession(name, ModelOptions(extra=options))) as session:
            described = session.run(session.model.check())
    except MultipltError as error:
        yield Check(f"model {name}", False, str(error))
        return
    said = ", ".join(f"{key.replace('_', ' ')} {_readable(value)}" for key, value in described.items())
    yield Check(f"model {name}", True, said)


def _readable(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _warm_checks(judge: Judge, sandbox: Sandbox) -> Iterator[Check]:
    """Whether programs of the language run in warm servers; where they do not they are slower, not wrong."""
    plan = judge.language.execution_plan(Program({}, ""), judge.limits)
    if plan.server:
        try:
            sandbox.try_server(plan)
            said = "programs run in warm servers"
        except MultipltError as error:
            said = f"programs run one-shot, which is slower: {error}"
        yield Check(f"language {judge.language.spec.name}, speed", True, said)


def _sandbox_checks(sandbox: Sandbox) -> Iterator[Check]:
    for result in self_check(sandbox):
        yield Check(f"sandbox {sandbox.name}, {result.name}", result.ok, result.detail)

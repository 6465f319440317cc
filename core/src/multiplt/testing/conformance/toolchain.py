"""Checks of a language's toolchain: that it is there, that it says what to install, that it starts in its limits."""

from __future__ import annotations

import re
from contextlib import suppress
from copy import copy
from dataclasses import fields, replace

from multiplt.errors import MultipltError
from multiplt.execute.plan import Limits
from multiplt.execute.verdicts import MARK, Judge, canary
from multiplt.problems import Status
from multiplt.testing.conformance.checks import Checks, fail, finding, ran, require, require_status
from multiplt.testing.conformance.functions import add
from multiplt.testing.trials import WIDENED, Trial

NO_COMMAND = "multiplt-no-such-command"

MOST = Limits(
    wall_s=WIDENED * Limits.wall_s, cpu_s=WIDENED * Limits.wall_s, memory=WIDENED * Limits.memory,
    address_space=2**60, processes=4096, scratch=16 * Limits.scratch, files=65536,
    output=Limits.output, channel=Limits.channel,
)  # fmt: skip
"""What a language may make of the default limits; address space alone costs nothing."""


class ToolchainChecks(Checks):
    """Toolchain and limits."""

    def test_toolchain_answers(self) -> None:
        """The toolchain probe prints a version, and fails where what runs the programs is missing."""
        version = finding(lambda: self.lab.judge.toolchain)
        require(any(map(str.isdigit, version)), f"spec.toolchain answers {version!r}, which is no version")
        probe, commands = self.lab.language.spec.toolchain, finding(self._commands)
        if not commands:
            return
        named = "|".join(map(re.escape, sorted(commands, key=len, reverse=True)))
        without = tuple(re.sub(rf"(?<![\w.-])(?:{named})(?![\w.-])", NO_COMMAND, word) for word in probe)
        what = " or ".join(commands)
        require(without != probe, f"spec.toolchain asks another program than runs the completions; ask {what}")
        with suppress(MultipltError):
            fail(f"spec.toolchain answers {self._probe(without)!r} where {what} is missing; let it fail then")

    def test_missing_toolchain_names_its_package(self) -> None:
        """Where the toolchain is not there, the message says what to install."""
        spec = self.lab.language.spec
        require(spec.package.strip(), "spec.package is empty; say what installs the toolchain")
        try:
            fail(f"{NO_COMMAND} answers {self._probe((NO_COMMAND,))!r}")
        except MultipltError as error:
            require(spec.package in str(error), f"the message {str(error)!r} does not name the package {spec.package}")

    def test_canary_runs(self) -> None:
        """A trivial program runs: the stub of a problem is reached."""
        finding(self.lab.judge.check)

    def test_doctor_finds_nothing(self) -> None:
        """What the plugin looks at for `multiplt doctor` is well here, or has its mend."""
        for check in finding(self.lab.language.doctor):
            require(check.ok, f"doctor: {check.name}: {check.detail}; {check.mend}")

    def test_limits_are_widened_and_not_lifted(self) -> None:
        """The plan keeps to the user's limits, or to a few times of them."""
        problem = finding(canary, self.lab.language)
        stub = finding(self.lab.language.build_stub, problem, MARK)
        program = finding(self.lab.language.build_program, problem, stub)
        limits = finding(self.lab.language.execution_plan, program, Limits()).limits
        for field in fields(Limits):
            given, most = getattr(limits, field.name), getattr(MOST, field.name)
            require(given is None or given <= most, f"limits() makes {field.name} {given}; keep it within {most}")

    def test_program_fits_the_default_limits(self) -> None:
        """A right completion is OK within the limits that users have by default."""
        problem, right = finding(self.lab.problem, add()), finding(self.lab.candidate, "right")
        [tried] = self.lab.run([Trial(problem, right, limits=Limits())])
        require_status(ran(tried).verdict, "the candidate `right` within the default limits", Status.OK)

    def _probe(self, toolchain: tuple[str, ...]) -> str:
        """What a toolchain probe says; raises `MultipltError` where it fails."""
        language = copy(self.lab.language)
        language.spec = replace(language.spec, toolchain=toolchain)
        return Judge(language, self.lab.executor, Limits()).toolchain

    def _commands(self) -> list[str]:
        """The programs that completions are checked and run with, in both modes; not what they are compiled to."""
        language, strict = self.lab.language, canary(self.lab.language)
        commands = []
        for problem in (strict, strict.model_copy(update={"multiplt": None})):
            program = language.build_program(problem, language.build_stub(problem, MARK))
            plan = language.execution_plan(program, Limits())
            commands += [command.argv[0] for command in (*plan.checks, plan.run)]
        return [name for name in dict.fromkeys(commands) if "/" not in name or name.startswith("/")]

"""The contract: every hook that a plugin can implement or wrap.

Hooks have the prefix `multiplt_`. `language` is always the canonical name of a language; an
implementation answers None for languages that are not its own. `multiplt.Language` implements the
per-language hooks once and delegates to plain methods, so an author of a language writes one class; a
plugin that changes one step of a language it does not own (a few-shot prompt, say) implements that
hook, with `tryfirst` or as a wrapper.

An argument may be added to a hook in a later version without breaking implementations, which name the
arguments that they use; a changed meaning gets a new name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pluggy

if TYPE_CHECKING:
    import click

    from multiplt.execute.plan import ExecutionPlan, Limits, Outcome, Program
    from multiplt.execute.records import CaseResult
    from multiplt.execute.sandbox import Sandbox
    from multiplt.functions import Case, Function, RefusedTest
    from multiplt.models.base import Model, ModelOptions
    from multiplt.problems import Completion, Problem, Status
    from multiplt.spec import LanguageSpec

PROJECT = "multiplt"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

Style = Literal["completion", "chat"]


@dataclass(frozen=True)
class Suite:
    """The tests of a function in a language: the suite as text, the cases in it, and those refused."""

    text: str
    cases: tuple[Case, ...]
    refused: tuple[RefusedTest, ...] = ()


@dataclass(frozen=True)
class Results:
    """What a run came to, read by the language, for the core to judge.

    `status` is set where the run as a whole failed (it did not compile, timed out, was tampered with)
    or, in compat mode, passed; else the cases decide. `message` is the language's word on a failure.
    """

    cases: tuple[CaseResult, ...] = ()
    status: Status | None = None
    message: str = ""


@dataclass(frozen=True)
class Cleaned:
    """A completion as training text, and the same without comments, for comparing."""

    text: str
    without_comments: str


@dataclass(frozen=True)
class Check:
    """One finding of `doctor`: what was looked at, whether it is well, and the command that mends it."""

    name: str
    ok: bool
    detail: str = ""
    mend: str = ""


@hookspec
def multiplt_language_spec() -> LanguageSpec | None:
    """Describe a target language.

    Called once for each plugin, when plugins are loaded. Returns the `LanguageSpec`; every answer is
    collected. Two plugins that give the same name, tag or alias are an error.

        @hookimpl
        def multiplt_language_spec():
            return LanguageSpec(name="toy", tag="toy", title="Toy", suffix=".toy", **others)
    """


@hookspec(firstresult=True)
def multiplt_build_prompt(language: str, function: Function, style: Style, canonical: bool) -> str | None:
    """Build the text given to a model for a function.

    Called for every function and language. `function` has its names already spelled for `language`;
    `style` is `completion` (the text ends where the model goes on) or `chat` (an instruction);
    `canonical` puts the Python solution in a comment. Returns the text; stops at the first answer.
    Raises `Refused` where the language cannot express the signature.

        @hookimpl
        def multiplt_build_prompt(language, function, style, canonical):
            if language == "toy":
                return f"-- {function.docstring}\\nfunction {function.name}()\\n"
    """


@hookspec(firstresult=True)
def multiplt_translate_tests(language: str, function: Function) -> Suite | None:
    """Write the suite of a function as text.

    Called for every function and language. `function` has its names already spelled for `language`.
    Returns the `Suite`, which says too which cases are in it and which were refused; stops at the first
    answer.

        @hookimpl
        def multiplt_translate_tests(language, function):
            if language == "toy":
                return Suite(text, function.cases)
    """


@hookspec(firstresult=True)
def multiplt_extract_completion(language: str, problem: Problem, text: str) -> Completion | None:
    """Find what of a model's answer is code: stop tokens, Markdown fences, a repeated signature.

    Called for every answer of a model, `text`, to the prompt of `problem` in `language`. Returns the
    `Completion`; stops at the first answer.

        @hookimpl
        def multiplt_extract_completion(language, problem, text):
            if language == "toy":
                return Completion(text.split("\\nend")[0] + "\\nend")
    """


@hookspec(firstresult=True)
def multiplt_build_stub(language: str, problem: Problem, mark: str) -> Completion | None:
    """Write a completion of `problem` that raises an error with `mark` in its message.

    Called for each `language` before a job, to see that the toolchain works, and to see which tests
    reach the function. Returns the `Completion`; stops at the first answer.

        @hookimpl
        def multiplt_build_stub(language, problem, mark):
            if language == "toy":
                return Completion(f"error('{mark}') end")
    """


@hookspec(firstresult=True)
def multiplt_build_program(language: str, problem: Problem, completion: Completion) -> Program | None:
    """Lay out the files to run: harness, candidate and cases, or a text row as it is.

    Called for every `completion` of a `problem` in `language`. Returns the `Program`; stops at the first
    answer.

        @hookimpl
        def multiplt_build_program(language, problem, completion):
            if language == "toy":
                return Program({"main.toy": ...}, entry="main.toy")
    """


@hookspec(firstresult=True)
def multiplt_execution_plan(language: str, program: Program, limits: Limits) -> ExecutionPlan | None:
    """Say which commands check and run a program; never start one.

    Called for every `program` in `language`. `limits` are the user's; a language may widen them. Returns
    the `ExecutionPlan`; stops at the first answer.

        @hookimpl
        def multiplt_execution_plan(language, program, limits):
            if language == "toy":
                return ExecutionPlan(program.files, run=Command("toy", program.entry), limits=limits)
    """


@hookspec(firstresult=True)
def multiplt_parse_result(language: str, problem: Problem, program: Program, outcome: Outcome) -> Results | None:
    """Read an outcome into results per case and status, for the core to judge.

    Called for every `program` that was run for a `problem` in `language`; `outcome` is what came of it.
    Returns the `Results`; stops at the first answer.

        @hookimpl
        def multiplt_parse_result(language, problem, program, outcome):
            if language == "toy" and outcome.exit_code:
                return Results(status=Status.EXCEPTION, message=outcome.stderr)
    """


@hookspec(firstresult=True)
def multiplt_clean(language: str, problem: Problem, completion: Completion) -> Cleaned | None:
    """Turn a validated completion into training text, and into text without comments for comparing.

    Called for every `completion` of a `problem` in `language` that passed. Returns `Cleaned`; stops at
    the first answer.

        @hookimpl
        def multiplt_clean(language, problem, completion):
            if language == "toy":
                return Cleaned(problem.prompt + completion.code, completion.code)
    """


@hookspec
def multiplt_doctor(language: str) -> Iterable[Check]:  # type: ignore[empty-body]
    """Check what a language needs beyond its toolchain's version.

    Called by `multiplt doctor` for every `language`. Returns findings, each with its mend; all answers
    are collected.

        @hookimpl
        def multiplt_doctor(language):
            return [Check("toy library", ok=True)] if language == "toy" else []
    """


@hookspec
def multiplt_register_models(register: Callable[[str, Callable[[str, ModelOptions], Model]], None]) -> None:
    """Register ways to reach a model, by the scheme of their URL-like name.

    Called once, when a model is first asked for, with `register(scheme, factory)`; the factory gets the
    rest of the name and the options. Returns nothing; every implementation is called.

        @hookimpl
        def multiplt_register_models(register):
            register("echo", lambda rest, options: EchoModel(rest))
    """


@hookspec
def multiplt_register_sandboxes(register: Callable[[str, Callable[[], Sandbox]], None]) -> None:
    """Register sandboxes by name; each must pass `multiplt.execute.self_check`.

    Called once, when a sandbox is first asked for, with `register(name, factory)`. Returns nothing;
    every implementation is called.

        @hookimpl
        def multiplt_register_sandboxes(register):
            register("firecracker", FirecrackerSandbox)
    """


@hookspec
def multiplt_register_commands(cli: click.Group) -> None:
    """Add commands to the command line.

    Called once, when the command line starts; `cli` is the group of all commands. Returns nothing; every
    implementation is called.

        @hookimpl
        def multiplt_register_commands(cli):
            cli.add_command(my_command)
    """

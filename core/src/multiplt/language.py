"""`Language`: the base class of a target language.

It implements every per-language hook once: it answers None for other languages and delegates to plain
methods. An author sets `spec` and overrides the methods that say how values are written (`render_…`,
in `multiplt.rendering`), how a definition and a test look (`signature`, `suite_test`, `stub`), and how
a program is laid out and run (`strict_files`, `run`). The rest has defaults that suit most languages.
"""

from __future__ import annotations

import re
import sys
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files

from multiplt.comments import strip_comments
from multiplt.docstrings import translate_docstring
from multiplt.errors import Refused
from multiplt.execute.plan import Command, ExecutionPlan, Limits, Outcome, Program, Server
from multiplt.execute.results import read_compat, read_strict
from multiplt.extraction import Context, extract
from multiplt.functions import Case, Function, Parameter, RefusedTest
from multiplt.hookspecs import Check, Cleaned, Results, Style, Suite, hookimpl
from multiplt.problems import CaseText, Completion, Problem, Status, Strict, typed_cases
from multiplt.rendering import Renderer
from multiplt.spec import LanguageSpec
from multiplt.types import Type
from multiplt.values import Value

CANONICAL = "The same function in Python:"
"""The line of a prompt below which the Python solution stands, where it is shown."""

CHAT = """\
Write this {title} function. Answer with one code block that holds the whole function and nothing else.

```
{prompt}
```
"""


class Language(Renderer):
    """A target language; see the module's text for what to override."""

    preamble: str = ""
    """What every program begins with, before the comment (a `#lang` line, say)."""

    # -- prompts and suites ---------------------------------------------------------------------

    @abstractmethod
    def signature(self, function: Function) -> str:
        """The head of the definition, with which the prompt ends, exactly as MultiPL-E's does.

        Raises `Refused` where the types cannot be written.
        """

    @abstractmethod
    def definition(self, name: str) -> str:
        """A regular expression (multi-line) that finds the definition of `name` at top level."""

    @abstractmethod
    def call(self, name: str, arguments: Sequence[str]) -> str:
        """A call of `name` on rendered arguments."""

    def comment(self, text: str) -> str:
        """`text` as a comment that ends in a newline; by default lines behind the line comment."""
        return "".join(f"{self.spec.comments.line} {line}".rstrip() + "\n" for line in text.splitlines())

    @abstractmethod
    def suite_test(self, call: str, expected: str, type: Type) -> str:
        """One test: `call` gives `expected`, compared by `type` as `multiplt.equality` does."""

    def suite_truth(self, call: str, truth: bool, type: Type) -> str:
        """One test: the result of `call`, of `type`, is or is not true in Python's sense."""
        raise Refused(f"a test of truth at {type} is not written in {self.spec.title}")

    def suite_close(self, call: str, expected: str, tolerance: float, type: Type) -> str:
        """One test: the result of `call` is within an absolute `tolerance` of `expected`."""
        raise Refused(f"a test with its own tolerance at {type} is not written in {self.spec.title}")

    @abstractmethod
    def suite(self, function: Function, tests: Sequence[str]) -> str:
        """The suite as text around its tests; appended to a program, it fails where a test fails."""

    @abstractmethod
    def stub(self, problem: Problem, mark: str) -> str:
        """A completion that has the declared types and raises an error with `mark` in its message."""

    # -- programs -------------------------------------------------------------------------------

    @abstractmethod
    def strict_files(self, strict: Strict, candidate: str, calls: Sequence[Sequence[str]]) -> Mapping[str, str]:
        """The files of a strict program: candidate, harness and the rendered arguments of each case."""

    @abstractmethod
    def end_mark(self) -> str:
        """Code that, at the very end of a program, reads the nonce and writes the last record.

        With no records before it the digest is 0: `35:z<nonce> 0` on descriptor 3, where the nonce is
        the line of 32 characters on standard input.
        """

    @abstractmethod
    def run(self, program: Program) -> Command:
        """The command that runs a program's entry."""

    def checks(self, program: Program) -> Sequence[Command]:
        """Commands that must succeed first: a compiler, say."""
        return ()

    def server(self, program: Program) -> Server | None:
        """A warm interpreter that runs a program's checks and entry faster, if there is one."""
        return None

    def limits(self, limits: Limits) -> Limits:
        """The limits, widened where the language's runtime needs more than programs do."""
        return limits

    @property
    def entry(self) -> str:
        """The file that `run` starts."""
        return f"main{self.spec.suffix}"

    def candidate(self, problem: Problem, completion: Completion) -> str:
        """The source that holds the candidate: prompt and completion, or a whole program as it is."""
        if not completion.whole:
            return problem.prompt + completion.code
        begins = not self.preamble or self.preamble.strip() in completion.code
        return completion.code if begins else self.preamble + completion.code

    def compat_status(self, outcome: Outcome) -> Status:
        """MultiPL-E's rule for a program that carries its own tests and ran to its end."""
        return Status.OK if outcome.exit_code == 0 else self.failure_status(outcome)

    def failure_status(self, outcome: Outcome) -> Status:
        """What a program that failed by itself (in a check, or with an exit code) failed of."""
        if "out of memory" in outcome.stderr.lower():
            return Status.OUT_OF_MEMORY
        return Status.SYNTAX if outcome.failed_check is not None else Status.EXCEPTION

    def text(self, name: str) -> str:
        """The text of a file beside the module of this class, or of one that it derives from; read once."""
        return _text(type(self), name)

    def texts(self, *names: str) -> dict[str, str]:
        """The texts of files beside the module of this class, by name."""
        return {name: self.text(name) for name in names}

    # -- the hooks ------------------------------------------------------------------------------

    @hookimpl
    def multiplt_language_spec(self) -> LanguageSpec:
        return self.spec

    @hookimpl
    def multiplt_build_prompt(
        self, language: str, function: Function, style: Style, canonical: bool
    ) -> str | None:
        return self.build_prompt(function, style, canonical) if language == self.spec.name else None

    @hookimpl
    def multiplt_translate_tests(self, language: str, function: Function) -> Suite | None:
        return self.translate_tests(function) if language == self.spec.name else None

    @hookimpl
    def multiplt_extract_completion(self, language: str, problem: Problem, text: str) -> Completion | None:
        return self.extract_completion(problem, text) if language == self.spec.name else None

    @hookimpl
    def multiplt_build_stub(self, language: str, problem: Problem, mark: str) -> Completion | None:
        return Completion(self.stub(problem, mark)) if language == self.spec.name else None

    @hookimpl
    def multiplt_build_program(self, language: str, problem: Problem, completion: Completion) -> Program | None:
        return self.build_program(problem, completion) if language == self.spec.name else None

    @hookimpl
    def multiplt_execution_plan(self, language: str, program: Program, limits: Limits) -> ExecutionPlan | None:
        return self.execution_plan(program, limits) if language == self.spec.name else None

    @hookimpl
    def multiplt_parse_result(
        self, language: str, problem: Problem, program: Program, outcome: Outcome
    ) -> Results | None:
        return self.parse_result(problem, program, outcome) if language == self.spec.name else None

    @hookimpl
    def multiplt_clean(self, language: str, problem: Problem, completion: Completion) -> Cleaned | None:
        return self.clean(problem, completion) if language == self.spec.name else None

    @hookimpl
    def multiplt_doctor(self, language: str) -> Iterable[Check]:
        return self.doctor() if language == self.spec.name else ()

    # -- what the hooks do by default -----------------------------------------------------------

    def build_prompt(self, function: Function, style: Style, canonical: bool) -> str:
        """The prompt: preamble, docstring, perhaps the Python solution, signature."""
        text = translate_docstring(
            function, self.spec, lambda arguments: self.render_call(function.name, arguments), self.render
        )
        if canonical:
            text += f"\n{CANONICAL}\n{function.source}"
        prompt = self.preamble + (self.comment(text) if text.strip() else "") + self.signature(function)
        return prompt if style == "completion" else CHAT.format(title=self.spec.title, prompt=prompt.rstrip())

    def render_call(self, name: str, arguments: Sequence[Value]) -> str:
        """A call of `name` on typed arguments."""
        return self.call(name, [self.render(argument) for argument in arguments])

    def translate_tests(self, function: Function) -> Suite:
        """The suite of a function; cases that the language cannot express are refused one by one."""
        tests, kept, refused = [], [], []
        for case in function.cases:
            try:
                tests.append(self.translate_case(function, case))
                kept.append(case)
            except Refused as reason:
                refused.append(RefusedTest(case.test, str(reason)))
        return Suite(self.suite(function, tests), tuple(kept), tuple(refused))

    def translate_case(self, function: Function, case: Case) -> str:
        """One case as a test of the suite."""
        call = self.render_call(function.name, case.arguments)
        if case.check == "truth":
            return self.suite_truth(call, case.expected.content, function.returns)
        expected = self.render(case.expected)
        if case.tolerance is not None:
            return self.suite_close(call, expected, case.tolerance, function.returns)
        return self.suite_test(call, expected, function.returns)

    def extract_completion(self, problem: Problem, text: str) -> Completion:
        """What of a model's answer is code; see `multiplt.extraction`."""
        name = problem.multiplt.entrypoint if problem.multiplt else re.sub(r"^.*?_\d+_", "", problem.name)
        definition = re.compile(self.definition(name), re.MULTILINE)
        stop_tokens = problem.stop_tokens or self.spec.stop_tokens
        return extract(text, Context(problem.prompt, definition, stop_tokens, self.spec.comments, self.preamble))

    def build_program(self, problem: Problem, completion: Completion) -> Program:
        """The files to run: strict with the harness, compat as one text with an end mark."""
        candidate = self.candidate(problem, completion)
        text = f"{candidate}\n{problem.tests}"
        if problem.multiplt is None:
            return Program({self.entry: f"{text}\n{self.end_mark()}\n"}, self.entry, "compat", text)
        strict = problem.multiplt
        calls = _calls(self, strict.cases, strict.typed_parameters(), strict.typed_returns())
        return Program(self.strict_files(strict, candidate, calls), self.entry, text=text)

    def execution_plan(self, program: Program, limits: Limits) -> ExecutionPlan:
        """Checks, then run, in the toolchain's mounts."""
        return ExecutionPlan(
            files=program.files,
            run=self.run(program),
            checks=tuple(self.checks(program)),
            limits=self.limits(limits),
            mounts=self.spec.mounts,
            server=self.server(program),
        )

    def parse_result(self, problem: Problem, program: Program, outcome: Outcome) -> Results:
        """Results per case from the channel (strict), or by MultiPL-E's rule and the end mark (compat)."""
        if program.mode == "compat":
            return read_compat(outcome, self.compat_status, self.failure_status)
        return read_strict(outcome, len(problem.multiplt.cases if problem.multiplt else ()), self.failure_status)

    def clean(self, problem: Problem, completion: Completion) -> Cleaned:
        """The training text: the prompt without the Python solution, and the completion."""
        strict = problem.multiplt
        bare = problem.model_copy(update={"prompt": strict.bare_prompt}) if strict and strict.bare_prompt else problem
        text = self.candidate(bare, completion).rstrip() + "\n"
        return Cleaned(text, strip_comments(text, self.spec.comments))

    def doctor(self) -> Iterable[Check]:
        """Further checks of what the language needs, each with its mend."""
        return ()


@lru_cache(maxsize=256)  # a problem comes many times, with a completion each
def _calls(
    language: Language, cases: tuple[CaseText, ...], parameters: tuple[Parameter, ...], returns: Type
) -> tuple[tuple[str, ...], ...]:
    """The arguments of each case, as the language writes them."""
    return tuple(tuple(map(language.render, case.arguments)) for case in typed_cases(cases, parameters, returns))


@cache
def _text(language: type, name: str) -> str:
    packages = [sys.modules[base.__module__].__package__ for base in language.__mro__]
    found = (files(package).joinpath(name) for package in packages if package)
    return next(file for file in found if file.is_file()).read_text("utf-8")

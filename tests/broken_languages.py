"""A good language broken in one place each, under the conformance suite; test_conformance.py runs them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from multiplt import (
    Case,
    Cleaned,
    CommentSyntax,
    Completion,
    Function,
    Limits,
    Outcome,
    Problem,
    Program,
    Refused,
    Results,
    Server,
    Strict,
    Terms,
    Type,
)
from multiplt.execute.executor import Executor
from multiplt.execute.records import CaseResult
from multiplt.execute.sandboxes import find_sandbox
from multiplt.hookspecs import Style
from multiplt.testing.conformance import Conformance
from multiplt.testing.conformance.exploits import ExploitChecks
from multiplt.testing.conformance.toolchain import ToolchainChecks
from multiplt.testing.conformance.warm import WarmChecks
from multiplt.testing.material import material_folder
from multiplt.values import plain
from multiplt_lang_lua import Lua

EXPECTED: dict[str, tuple[Sequence[str], Sequence[str]]] = {}
"""By class of checks: those that must find the fault, and patterns of those that may fail with them."""

TEMPORARY = TemporaryDirectory()
NO_EXPLOITS = tuple(checks for checks in Conformance.__bases__ if checks is not ExploitChecks)


@cache
def executor() -> Executor:
    """One for all: what breaking a language leaves as it was runs once."""
    return Executor(find_sandbox())


def teardown_module() -> None:
    executor().close()
    TEMPORARY.cleanup()


class Shared:
    """What the classes have in common."""

    distribution = "multiplt-lang-lua"

    @classmethod
    def open_executor(cls) -> Executor:
        return executor()

    @classmethod
    def teardown_class(cls) -> None:
        """The executor stays open for the next."""


def found_by(
    *checks: str,
    related: Sequence[str] = (),
    bases: tuple[type, ...] = NO_EXPLOITS,
    material: Callable[[], Path] | None = None,
) -> Callable[[type], type]:
    """Put a language under the conformance suite, or some `bases` of it, perhaps with other `material`."""

    def add(language: type) -> type:
        name = f"Test{language.__name__}"
        EXPECTED[name] = (checks, related)
        members = {"language": language(), "__module__": __name__}
        if material:
            members["material_folder"] = staticmethod(material)
        globals()[name] = type(name, (Shared, *bases), members)
        return language

    return add


@found_by()
class Good(Lua):
    """As it is."""


@found_by(
    "value comes back: quotes and backslashes",
    "suite passes values: str",
    related=["value comes back: white space", "value comes back: the character NUL"],
)
class UnescapedStrings(Lua):
    def render_str(self, value: str) -> str:
        return f'"{value}"'


@found_by("value comes back: floats of many digits", related=["value comes back: *floats*"])
class RoundedFloats(Lua):
    def render_float(self, value: float) -> str:
        return f"{value:.3g}" if abs(value) < float("inf") else super().render_float(value)


@found_by("value comes back: ints beyond 32 bits", related=["value comes back: ints beyond * bits"])
class NarrowInts(Lua):
    def render_int(self, value: int) -> str:
        return str((value + 2**31) % 2**32 - 2**31)


@found_by(
    "value comes back: None",
    "value comes back: values that may be None",
    related=["value comes back: lists with None", "random values come back"],
)
class NoneIsZero(Lua):
    def render_none(self, type: Type, nested: bool) -> str:
        return "0"


@found_by(
    "value comes back: dictionaries by text",
    "value comes back: dictionaries by number",
    related=["value comes back: dictionaries by tuple", "value comes back: sets", "random values come back"],
)
class LostEntries(Lua):
    def render_dict(self, pairs: Sequence[tuple[str, str]], type: Type) -> str:
        return super().render_dict(pairs[:0:-1], type)


@found_by("value comes back: sets", related=["value comes back: empty sets", "*random values*"])
class RefusalsWithoutReason(Lua):
    def render_set(self, items: Sequence[str], type: Type) -> str:
        raise Refused("")


@found_by("value comes back: lists", "suite passes values: List[int]", related=["*"])
class Failing(Lua):
    def render_list(self, items: Sequence[str], type: Type) -> str:
        raise ZeroDivisionError


@found_by(
    "suite fails the candidate: wrong",
    "suite fails changed values: int",
    "truth is tested or refused: int",
    "verdict in compat mode: wrong",
    related=["suite fails *", "truth *", "tolerance *", "verdict in compat mode: *"],
)
class SuiteThatNeverFails(Lua):
    def suite(self, function: Function, tests: Sequence[str]) -> str:
        return super().suite(function, [])


@found_by("truth is tested or refused: int", related=["truth is *"])
class TruthOfEverything(Lua):
    def suite_truth(self, call: str, truth: bool, type: Type) -> str:
        return f"lu.assertTrue(truth({call}) or true)"


@found_by("tolerance is tested or refused")
class ToleranceLeftOut(Lua):
    def suite_close(self, call: str, expected: str, tolerance: float, type: Type) -> str:
        return self.suite_test(call, expected, type)


@found_by("stub is reached: two parameters", "canary runs", related=["stub is reached: *"])
class SilentStub(Lua):
    def stub(self, problem: Problem, mark: str) -> str:
        return "    return nil\nend\n"


@found_by("verdict in compat mode: right", related=["verdict in compat mode: unfinished"])
class NoEndMark(Lua):
    def build_program(self, problem: Problem, completion: Completion) -> Program:
        program = super().build_program(problem, completion)
        return program if program.mode == "strict" else replace(program, files={self.entry: program.text})


@found_by(
    "verdict on candidate: right",
    "value comes back: small ints",
    "program fits the default limits",
    related=[
        "verdict on candidate: *", "value comes back: *", "canary runs", "prompt runs with: *", "stub is *",
        "* accounted for", "tests are counted", "arguments *", "output *", "random values *", "truth *", "tolerance *",
    ],
)  # fmt: skip
class SilentHarness(Lua):
    def strict_files(self, strict: Strict, candidate: str, calls: Sequence[Sequence[str]]) -> Mapping[str, str]:
        return {**super().strict_files(strict, candidate, calls), "harness.lua": "os.exit(0)"}


@found_by(
    "prompt runs with: lone quotation marks",
    "docstring counts as a comment",
    related=["prompt runs with: *", "canary runs"],
)
class DocstringThatIsNoComment(Lua):
    def comment(self, text: str) -> str:
        return f"{text}\n"


@found_by(
    "doctest is translated", "terms", related=["canonical *", "chat *", "prompt runs with: many lines beyond ASCII"]
)
class DocstringAsItIs(Lua):
    def build_prompt(self, function: Function, style: Style, canonical: bool) -> str:
        bare = super().build_prompt(replace(function, docstring=""), style, canonical)
        return self.comment(function.docstring) + bare if style == "completion" else bare


@found_by(
    "arguments come in order",
    "failure is accounted for",
    related=["prompt runs with: reserved words", "prompt runs with: names of all kinds"],
)
class SwappedParameters(Lua):
    def signature(self, function: Function) -> str:
        return super().signature(replace(function, parameters=function.parameters[::-1]))


@found_by(
    "continuation is taken whole",
    related=["continuation ends at a stop token", "repeated prompt is a continuation", "fenced answer is found"],
)
class GreedyStopTokens(Lua):
    spec = replace(Lua.spec, stop_tokens=("\n",))


@found_by("program of another function is not whole")
class LooseDefinition(Lua):
    def definition(self, name: str) -> str:
        return rf"^(?:local\s+)?function\s+{name}"


@found_by("comments are told from code", "docstring counts as a comment")
class OtherCommentSyntax(Lua):
    spec = replace(Lua.spec, comments=CommentSyntax(line="#"))


@found_by("training text leaves out the python", related=["comments are *", "docstring counts as a comment"])
class TrainingTextWithPython(Lua):
    def clean(self, problem: Problem, completion: Completion) -> Cleaned:
        text = self.candidate(problem, completion)
        return Cleaned(text, text)


@found_by("plugin is loaded")
class OtherContract(Lua):
    spec = replace(Lua.spec, contract=99)


@found_by("terms")
class NoWordForDictionaries(Lua):
    spec = replace(Lua.spec, terms=Terms(list="table", array="table", tuple="table", dict="", set="table", none="nil"))


@found_by("toolchain answers", "canary runs")
class OtherToolchain(Lua):
    spec = replace(Lua.spec, toolchain=("lua-of-another-world", "-v"))


@found_by("toolchain answers", bases=(ToolchainChecks,))
class VersionOfAnotherProgram(Lua):
    spec = replace(Lua.spec, toolchain=("tar", "--version"))


@found_by("toolchain answers", bases=(ToolchainChecks,))
class VersionWhateverIsThere(Lua):
    spec = replace(Lua.spec, toolchain=("sh", "-c", "lua5.4 -v || echo Lua 5.4"))


@found_by("limits are widened and not lifted", bases=(ToolchainChecks,))
class NoMemoryLimit(Lua):
    def limits(self, limits: Limits) -> Limits:
        return limits.with_(memory=2**50)


@found_by(
    "exploit fails: exit before the tests",
    "exploit fails: exit in a case",
    related=["exploit fails*"],
    bases=(ExploitChecks,),
)
class TrustInExitCodes(Lua):
    def parse_result(self, problem: Problem, program: Program, outcome: Outcome) -> Results:
        if outcome.exit_code or not problem.multiplt:
            return super().parse_result(problem, program, outcome)
        cases: Sequence[Case] = problem.multiplt.typed_cases()
        return Results(tuple(CaseResult(n, "returned", plain(case.expected)) for n, case in enumerate(cases)))


def few_exploits() -> Path:
    """A package whose exploits.txt lacks a section that must be there."""
    folder = Path(TEMPORARY.name, "package", "conformance")
    if not folder.exists():
        shutil.copytree(material_folder("multiplt-lang-lua", "lua"), folder)
        file = folder / "exploits.txt"
        file.write_text(file.read_text("utf-8").replace("=== nonce read", "=== nonce looked at"), "utf-8")
    return folder


@found_by("exploits are written", material=few_exploits)
class FewExploits(Lua):
    """See `few_exploits`."""


@found_by("warm verdict is the same: right", related=["warm verdict is the same: *"], bases=(WarmChecks,))
class WarmAndOtherwise(Lua):
    """In the warm server every program raises."""

    def server(self, program: Program) -> Server:
        server = super().server(program)
        raising = server.files["server.lua"].replace("return (main", "error(1) (main")
        return replace(server, files={**server.files, "server.lua": raising})


@found_by("warm server starts", related=["warm verdict is the same: *"], bases=(WarmChecks,))
class ServerThatIsNotThere(Lua):
    def server(self, program: Program) -> Server:
        return replace(super().server(program), files={})

"""Julia for multiplt."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from multiplt.errors import Refused
from multiplt.execute.plan import MIB, SERVER_FOLDER, Command, ExecutionPlan, Limits, Outcome, Program, Server
from multiplt.functions import Case, Function
from multiplt.hookspecs import Style
from multiplt.language import Language
from multiplt.problems import Completion, Problem, Status, Strict
from multiplt.spec import LanguageSpec, Terms
from multiplt.types import Type
from multiplt.values import widened
from multiplt_lang_julia.spelling import COMMENTS, RESERVED, distinct, documentation, string_literal, type_expression
from multiplt_lang_julia.suites import failure, is_plain, suite

FLAGS = ("--startup-file=no", "--history-file=no", "--depwarn=no", "--color=no", "-O1")
WARM = ("server.jl", "warmup.jl", "typical.jl", "passing.jl", "failing.jl", "serve.jl")
PATIENCE_S = 0.25  # ten times what most programs take
ONE_THREAD = dict.fromkeys(("JULIA_NUM_THREADS", "JULIA_NUM_GC_THREADS", "OPENBLAS_NUM_THREADS"), "1")


class Julia(Language):
    """Julia 1.5 or later with its standard library.

    `typed` containers are written with the type that a signature demands; prompts show them without.
    """

    spec = LanguageSpec(
        name="julia",
        tag="jl",
        title="Julia",
        suffix=".jl",
        comments=COMMENTS,
        stop_tokens=("\nfunction", "\nmacro", "\n\n"),
        terms=Terms(list="vector", array="vector", none="nothing"),
        toolchain=("julia", "--version"),
        package="julia",
        identifier=r"(?!_+\Z)[A-Za-z_][A-Za-z0-9_]*",
        reserved=frozenset(RESERVED.split()),
    )

    def __init__(self, typed: bool = True) -> None:
        self.typed = typed

    def build_prompt(self, function: Function, style: Style, canonical: bool) -> str:
        return super(Julia, UNTYPED).build_prompt(function, style, canonical)

    def comment(self, text: str) -> str:
        return f"{documentation(text)}\n"

    def signature(self, function: Function) -> str:
        parameters = ", ".join(f"{p.name}::{type_expression(p.type)}" for p in function.parameters)
        return f"function {function.name}({parameters})::{type_expression(function.returns)} \n"

    def definition(self, name: str) -> str:
        name, parameters = re.escape(name), r"\((?:[^()\n]|\([^()\n]*\))*\)[^=\n#]*"
        return rf"^(?:@[\w.]+\s+)*(?:function\s+{name}\s*[({{]|(?:const\s+)?{name}\s*(?:{parameters})?=(?![=>]))"

    def call(self, name: str, arguments: Sequence[str]) -> str:
        return f"{name}({', '.join(arguments)})"

    def translate_case(self, function: Function, case: Case) -> str:
        case = replace(case, expected=widened(case.expected))
        return super().translate_case(replace(function, name="candidate"), case)

    def suite_test(self, call: str, expected: str, type: Type) -> str:
        if type.kind == "bool":
            return f"{call} === {expected}"
        return f"{call} == {expected}" if is_plain(type) else f"same({call}, {expected})"

    def suite_truth(self, call: str, truth: bool, type: Type) -> str:
        return f"{'' if truth else '!'}truth({call})"

    def suite_close(self, call: str, expected: str, tolerance: float, type: Type) -> str:
        return f"near({call}, {expected}, {self.render_float(tolerance)})"

    def suite(self, function: Function, tests: Sequence[str]) -> str:
        return suite(function.name, tests, function.returns)

    def stub(self, problem: Problem, mark: str) -> str:
        return f"    error({self.render_str(mark)})\nend\n"

    def render_int(self, value: int) -> str:
        if not -(2**63) <= value < 2**63:
            raise Refused(f"{value} is beyond Julia's Int64")
        return str(value)

    def render_float(self, value: float) -> str:
        return repr(value) if math.isfinite(value) else repr(value).replace("nan", "NaN").replace("inf", "Inf")

    def render_str(self, value: str) -> str:
        return string_literal(value)

    def render_list(self, items: Sequence[str], type: Type) -> str:
        return f"{type_expression(type.args[0]) if self.typed else ''}[{', '.join(items)}]"

    def render_tuple(self, items: Sequence[str], type: Type) -> str:
        return f"({', '.join(items)}{',' if len(items) == 1 else ''})"

    def render_set(self, items: Sequence[str], type: Type) -> str:
        return f"{type_expression(type) if self.typed else 'Set'}({self.render_list(distinct(items), type)})"

    def render_dict(self, pairs: Sequence[tuple[str, str]], type: Type) -> str:
        keys = distinct([key for key, _ in pairs])
        entries = [f"{key} => {value}" for key, (_, value) in zip(keys, pairs, strict=True)]
        return f"{type_expression(type) if self.typed else 'Dict'}({', '.join(entries)})"

    def strict_files(self, strict: Strict, candidate: str, calls: Sequence[Sequence[str]]) -> Mapping[str, str]:
        cases = "".join(f"    Any[{', '.join(arguments)}],\n" for arguments in calls)
        return {
            self.entry: "module Candidate end\n"
            '@isdefined(Harness) || include("harness.jl")\n'
            f'Harness.run_cases(Candidate, "candidate.jl", :{strict.entrypoint}, Any[\n{cases}])\n',
            "harness.jl": self.text("harness.jl"),
            "candidate.jl": candidate,
        }

    def build_program(self, problem: Problem, completion: Completion) -> Program:
        """As by default; what carries its own tests lies in a file of its own too, out of the nonce's reach."""
        program = super().build_program(problem, completion)
        if program.mode == "strict":
            return program
        main = '@isdefined(Harness) || include("harness.jl")\nHarness.run_program("program.jl")\n'
        return replace(program, files={self.entry: main, "program.jl": program.text, **self.texts("harness.jl")})

    def end_mark(self) -> str:
        return ""  # the harness writes it

    def run(self, program: Program) -> Command:
        return Command("julia", *FLAGS, program.entry)

    def server(self, program: Program) -> Server:
        own = {name: self.text(f"warm/{name}") for name in WARM}
        command = Command("julia", *FLAGS, f"{SERVER_FOLDER}/server.jl")
        return Server({**own, **self.texts("harness.jl")}, command, PATIENCE_S)

    def limits(self, limits: Limits) -> Limits:
        return limits.with_(address_space=max(limits.address_space, 8192 * MIB))

    def execution_plan(self, program: Program, limits: Limits) -> ExecutionPlan:
        return replace(super().execution_plan(program, limits), environment=ONE_THREAD)

    def compat_status(self, outcome: Outcome) -> Status:
        said = failure(outcome.stderr) if outcome.exit_code else None
        return said or super().compat_status(outcome)


UNTYPED = Julia(typed=False)
plugin = Julia()

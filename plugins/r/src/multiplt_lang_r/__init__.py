"""R for multiplt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from multiplt import (
    SERVER_FOLDER,
    Case,
    Command,
    CommentSyntax,
    Completion,
    ExecutionPlan,
    Function,
    Idioms,
    Language,
    LanguageSpec,
    Limits,
    Outcome,
    Problem,
    Program,
    Refused,
    Server,
    Status,
    Strict,
    Terms,
    Type,
    Value,
)
from multiplt.types import infer_type, refine
from multiplt.values import plain
from multiplt_lang_r import literals
from multiplt_lang_r.messages import failure
from multiplt_lang_r.suites import suite, truth_test, type_test

RESERVED = "if else repeat while function for next break TRUE FALSE NULL Inf NaN NA in"
RAW_STRING_OR_OPERATOR = r"(?s:[rR](?P<quote>[\"'])(?P<dashes>-*)[(\[{].*?[)\]}](?P=dashes)(?P=quote)|%[^%\n]*%)"

PATIENCE_S = 2.0  # for a warm R, which does not compile

DEEPEST = 30  # levels of a literal; the parser ends at 50 brackets
LONGEST_NAME = 5000  # characters of an argument's name; the parser ends at 10,000 bytes

BEGIN = """\
base::local({{
  if (is.null(end <- getOption("multiplt.end"))) sys.source("end.R", end <- new.env(parent = baseenv()))
  end$begin(is_strict = {is_strict})
}}, base::new.env(parent = base::baseenv()))
"""
MAIN = """\
base::local({{
  if (is.null(harness <- getOption("multiplt.harness")))
    sys.source("harness.R", harness <- new.env(parent = baseenv()))
  harness$run_cases("{name}")
}}, base::new.env(parent = base::baseenv()))
"""
STRICT_FILES = ("own.R", "end.R", "harness.R", "values.R")


class R(Language):
    """R 4.0 or later with its default packages; a candidate lives in the global environment, as a script does."""

    spec = LanguageSpec(
        name="r",
        tag="r",
        title="R",
        suffix=".R",
        comments=CommentSyntax(line="#", quotes="\"'`", character=RAW_STRING_OR_OPERATOR),
        stop_tokens=("\n#", "\n```"),
        terms=Terms(
            array="vector", dict="named list", tuple="list", set="list", none="NULL", true="TRUE", false="FALSE"
        ),
        toolchain=("Rscript", "--version"),
        package="r-base-core",
        identifier=r"[A-Za-z][A-Za-z0-9_]*",
        reserved=frozenset(RESERVED.split()),
        mounts=("/etc/R",),
        idioms=Idioms(
            none_is_empty=True,
            tuples_are_lists=True,
            sets_are_lists=True,
            names_are_keys=True,
            scalars_are_lists=True,
            one_number_type=True,
        ),
    )

    def comment(self, text: str) -> str:
        return "".join(f"# {line}\n" if line.strip() else "#\n" for line in text.splitlines())

    def signature(self, function: Function) -> str:
        return f"{function.name} <- function({', '.join(p.name for p in function.parameters)}) {{"

    def definition(self, name: str) -> str:
        return rf"^[`\"']?{re.escape(name)}[`\"']?\s*(?:<<?-|=)\s*(?:function\b|\\\()"

    def call(self, name: str, arguments: Sequence[str]) -> str:
        return f"{name}({', '.join(arguments)})"

    def render(self, value: Value, nested: bool = False) -> str:
        if not nested and literals.depth(value) > DEEPEST:
            raise Refused(f"R's parser does not read a value that is nested more than {DEEPEST} deep")
        return super().render(value, nested)

    def render_int(self, value: int) -> str:
        if abs(value) >= 2**53:
            raise Refused(f"{value} is beyond the integers that R's numbers hold exactly")
        return str(value)

    def render_float(self, value: float) -> str:
        return literals.number(value)

    def render_str(self, value: str) -> str:
        return literals.string(value)

    def render_list(self, items: Sequence[str], type: Type) -> str:
        kinds = set(map(literals.vector_kind, items))
        return f"{'c' if len(kinds) < 2 and None not in kinds else 'list'}({', '.join(items)})"

    def render_set(self, items: Sequence[str], type: Type) -> str:
        return self.render_list(items, type)

    def render_dict(self, pairs: Sequence[tuple[str, str]], type: Type) -> str:
        names, values = [literals.name(key) for key, _ in pairs], [value for _, value in pairs]
        if len(set(names)) < len(names):
            raise Refused(f"two keys of {type} have the same name in R")
        if all(len("''") < len(name) <= LONGEST_NAME for name in names):
            return f"list({', '.join(f'{name} = {value}' for name, value in zip(names, values, strict=True))})"
        return f"structure(list({', '.join(values)}), names = c({', '.join(names)}))"

    def translate_case(self, function: Function, case: Case) -> str:
        returns = refine(function.returns, infer_type(plain(case.expected)))  # an open place is what is expected there
        return super().translate_case(replace(function, name="candidate", returns=returns), case)

    def suite_test(self, call: str, expected: str, type: Type) -> str:
        return f"stopifnot(same({call}, {expected}, {type_test(type)}))"

    def suite_close(self, call: str, expected: str, tolerance: float, type: Type) -> str:
        return f"stopifnot(same({call}, {expected}, {type_test(type, literals.number(tolerance))}))"

    def suite_truth(self, call: str, truth: bool, type: Type) -> str:
        return f"stopifnot({truth_test(call, truth, type)})"

    def suite(self, function: Function, tests: Sequence[str]) -> str:
        return suite(function.name, tests)

    def stub(self, problem: Problem, mark: str) -> str:
        return f"\n    stop({literals.string(mark)})\n}}\n"

    def strict_files(self, strict: Strict, candidate: str, calls: Sequence[Sequence[str]]) -> Mapping[str, str]:
        return {
            **self.texts(*STRICT_FILES),
            "main.R": BEGIN.format(is_strict="TRUE") + MAIN.format(name=strict.entrypoint),
            "candidate.R": candidate,
            "cases.R": "".join(f"{self.call('candidate', arguments)}\n" for arguments in calls),
        }

    def build_program(self, problem: Problem, completion: Completion) -> Program:
        program = super().build_program(problem, completion)
        if program.mode == "strict":
            return program
        main = BEGIN.format(is_strict="FALSE") + program.files["main.R"]
        return replace(program, files={**self.texts("own.R", "end.R"), "main.R": main})

    def end_mark(self) -> str:
        return 'base::assign("complete", TRUE, base::getOption("multiplt.run"))'

    def run(self, program: Program) -> Command:
        return Command("Rscript", "--vanilla", program.entry)

    def server(self, program: Program) -> Server:
        run = Command("Rscript", "--vanilla", f"{SERVER_FOLDER}/server.R")
        return Server(self.texts("server.R", *STRICT_FILES), run, PATIENCE_S)

    def execution_plan(self, program: Program, limits: Limits) -> ExecutionPlan:
        environment = {"LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        return replace(super().execution_plan(program, limits), environment=environment)

    def failure_status(self, outcome: Outcome) -> Status:
        return failure(outcome.stderr)


plugin = R()

"""R for multiplt."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.resources import files

from multiplt import (
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
    Status,
    Strict,
    Terms,
    Type,
)
from multiplt.types import infer_type, refine
from multiplt.values import Value, plain
from multiplt_lang_r.suites import suite, truth_test, type_test

RESERVED = "if else repeat while function for next break TRUE FALSE NULL Inf NaN NA in"
RAW_STRING_OR_OPERATOR = r"(?s:[rR](?P<quote>[\"'])(?P<dashes>-*)[(\[{].*?[)\]}](?P=dashes)(?P=quote)|%[^%\n]*%)"

PARSER = re.compile(
    r"^Error: (?:unexpected (?:end of input$|(?:symbol|assignment|input|SPECIAL|end of line|\w+ constant|'.+') in[: ])|"
    r"repeated formal argument |attempt to use zero-length variable name$|contextstack overflow |malformed raw string |"
    r"'\\.+' is an unrecognized escape in |invalid .* in parser|.*pipe)",
    re.MULTILINE,
)
"""What R says where a script cannot be parsed; other errors at top level begin in the same way."""

TEST_FAILED = re.compile(
    r"^Error(?: in test_\w+\(\) : ?\s+isTRUE\(all\.equal\(|: same\(candidate\()[^\n]*not TRUE$", re.MULTILINE
)
NO_MEMORY = re.compile(r"cannot allocate (?:vector|memory)|memory exhausted")

DEEPEST = 30  # levels of a literal; the parser ends at 50 brackets
LONGEST_NAME = 5000  # characters of an argument's name; the parser ends at 10,000 bytes

SCOPE = "base::new.env(parent = base::baseenv())"
BEGIN = f'base::sys.source("end.R", {SCOPE})\n'
MAIN = """\
base::local({{
  sys.source("harness.R", harness <- new.env(parent = baseenv()))
  harness$run_cases("{name}")
}}, base::new.env(parent = base::baseenv()))
"""


class R(Language):
    """R 4.0 or later with its default packages; a candidate lives in the global environment, as in a script."""

    spec = LanguageSpec(
        name="r",
        tag="r",
        title="R",
        suffix=".R",
        comments=CommentSyntax(line="#", quotes="\"'`", character=RAW_STRING_OR_OPERATOR),
        stop_tokens=("\n#", "\n```"),
        terms=Terms(dict="named list", tuple="list", set="list", none="NULL", true="TRUE", false="FALSE"),
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
        if not nested and _depth(value) > DEEPEST:
            raise Refused(f"R cannot read a value that is nested more than {DEEPEST} deep")
        return super().render(value, nested)

    def render_int(self, value: int) -> str:
        if abs(value) >= 2**53:
            raise Refused(f"{value} is beyond the integers that R's numbers hold exactly")
        return str(value)

    def render_float(self, value: float) -> str:
        if math.isfinite(value):
            return repr(value)
        return "NaN" if math.isnan(value) else "Inf" if value > 0 else "-Inf"

    def render_str(self, value: str) -> str:
        if "\0" in value:
            raise Refused("a string in R cannot hold the character NUL")
        quote = '"' if "'" in value and '"' not in value else "'"
        return quote + "".join(_character(character, quote) for character in value) + quote

    def render_list(self, items: Sequence[str], type: Type) -> str:
        kinds = set(map(_vector_kind, items))
        return f"{'c' if len(kinds) < 2 and None not in kinds else 'list'}({', '.join(items)})"

    def render_set(self, items: Sequence[str], type: Type) -> str:
        return self.render_list(items, type)

    def render_dict(self, pairs: Sequence[tuple[str, str]], type: Type) -> str:
        names, values = [_name(key) for key, _ in pairs], [value for _, value in pairs]
        if len(set(names)) < len(names):
            raise Refused(f"two keys of {type} have the same name in R")
        if all(2 < len(name) <= LONGEST_NAME for name in names):
            return f"list({', '.join(f'{name} = {value}' for name, value in zip(names, values, strict=True))})"
        return f"structure(list({', '.join(values)}), names = c({', '.join(names)}))"

    def translate_case(self, function: Function, case: Case) -> str:
        returns = refine(function.returns, infer_type(plain(case.expected)))  # open places by what is expected there
        return super().translate_case(replace(function, name="candidate", returns=returns), case)

    def suite_test(self, call: str, expected: str, type: Type) -> str:
        return f"stopifnot(same({call}, {expected}, {type_test(type)}))"

    def suite_truth(self, call: str, truth: bool, type: Type) -> str:
        return f"stopifnot({'' if truth else '!'}({truth_test(call, type)}))"

    def suite_close(self, call: str, expected: str, tolerance: float, type: Type) -> str:
        return f"stopifnot(same({call}, {expected}, {type_test(type, self.render_float(tolerance))}))"

    def suite(self, function: Function, tests: Sequence[str]) -> str:
        return suite(function.name, tests)

    def stub(self, problem: Problem, mark: str) -> str:
        return f"\n    stop({self.render_str(mark)})\n}}\n"

    def strict_files(self, strict: Strict, candidate: str, calls: Sequence[Sequence[str]]) -> Mapping[str, str]:
        return {
            **_files("own.R", "end.R", "harness.R"),
            "main.R": BEGIN + MAIN.format(name=strict.entrypoint),
            "candidate.R": candidate,
            "cases.R": "".join(f"{self.call('candidate', arguments)}\n" for arguments in calls),
        }

    def end_mark(self) -> str:
        return 'base::assign("complete", TRUE, base::getOption("multiplt.run"))'

    def build_program(self, problem: Problem, completion: Completion) -> Program:
        program = super().build_program(problem, completion)
        if program.mode == "strict":
            return program
        return replace(program, files={**_files("own.R", "end.R"), "main.R": BEGIN + program.files["main.R"]})

    def run(self, program: Program) -> Command:
        return Command("Rscript", "--vanilla", program.entry)

    def execution_plan(self, program: Program, limits: Limits) -> ExecutionPlan:
        environment = {"LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        return replace(super().execution_plan(program, limits), environment=environment)

    def failure_status(self, outcome: Outcome) -> Status:
        if NO_MEMORY.search(outcome.stderr):
            return Status.OUT_OF_MEMORY
        if PARSER.search(outcome.stderr):
            return Status.SYNTAX
        return Status.WRONG if TEST_FAILED.search(outcome.stderr) else super().failure_status(outcome)


def _depth(value: Value) -> int:
    """The levels of containers in a value."""
    match value.type.kind:
        case "list" | "tuple" | "set":
            return 1 + max(map(_depth, value.content), default=0)
        case "dict":
            return 1 + max((_depth(item) for _, item in value.content), default=0)
        case "optional" | "union" | "any" if value.content is not None:
            return _depth(value.content)
    return 0


def _vector_kind(item: str) -> str | None:
    """What vector holds a rendered item as one of its own; None where none does."""
    if item[0] in "'\"":
        return "character"
    if item in ("TRUE", "FALSE"):
        return "logical"
    return "numeric" if re.match(r"-?(?:\d|Inf|NaN)", item) else None


def _name(key: str) -> str:
    """A rendered dictionary key as a name, which in R is text."""
    match _vector_kind(key):
        case "character":
            return key
        case "logical":
            return f"'{key}'"
        case "numeric":
            return f"'{key if key.lstrip('-').isdigit() else _float_name(key)}'"
    raise Refused("a name in R is text, so a dictionary has no other keys than strings, numbers and bools")


def _float_name(key: str) -> str:
    """As `as.character` has it: with 15 digits."""
    return f"{float(key):.15g}" if math.isfinite(float(key)) else key


def _character(character: str, quote: str) -> str:
    """One character inside a string literal."""
    if character in ("\\", quote):
        return "\\" + character
    if " " <= character <= "~":
        return character
    return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(character, f"\\U{ord(character):08x}")


def _files(*names: str) -> dict[str, str]:
    """The texts of files beside this one, by name."""
    return {name: files(__package__).joinpath(name).read_text("utf-8") for name in names}


plugin = R()

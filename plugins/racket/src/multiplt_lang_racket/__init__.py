"""Racket for multiplt."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from multiplt.execute.plan import SERVER_FOLDER, Command, Outcome, Program, Server
from multiplt.functions import Case, Function
from multiplt.idioms import Idioms
from multiplt.language import Language
from multiplt.problems import Problem, Status, Strict
from multiplt.spec import CommentSyntax, LanguageSpec, Terms
from multiplt.types import Type
from multiplt.values import widened
from multiplt_lang_racket.suites import CANDIDATE, END_MARK, suite

KEYWORDS = """
    begin begin0 case cond define delay do else for if lambda let letrec local match module parameterize provide
    quasiquote quote require struct syntax unless unquote when
"""
COMPILE_ERROR = re.compile(r"\S*\.rkt:\d+:\d+: ")  # only the reader and the expander begin with a place

# What it needs is required as it runs: the expander takes long to make a module's own requirements available.
MAIN = """\
(module main '#%kernel
  (module configure-runtime '#%kernel
    (#%require racket/runtime-config)
    (configure #f))
  (define-values (set) (dynamic-require 'racket/set 'set))
  (define-values (run-cases) (dynamic-require '(file "harness.rkt") 'run-cases))
  (run-cases "candidate.rkt" '{name}{cases}))
"""


class Racket(Language):
    """Racket, in its language `racket`."""

    spec = LanguageSpec(
        name="racket",
        tag="rkt",
        title="Racket",
        suffix=".rkt",
        comments=CommentSyntax(line=";", block=("#|", "|#"), nested=True, character=r"#\\."),
        stop_tokens=("\n(define ", "\n#|", "\n;", "\n("),
        terms=Terms(dict="hash", tuple="list", none="#f", true="#t", false="#f"),
        toolchain=("racket", "--version"),
        package="racket",
        reserved=frozenset(KEYWORDS.split()),
        mounts=("/etc/racket",),  # without it the collections are compiled anew at every start
        idioms=Idioms(false_is_none=True, tuples_are_lists=True),
    )
    preamble = "#lang racket\n\n"

    def comment(self, text: str) -> str:
        return "".join(f";; {line}\n" if line.strip() else ";;\n" for line in text.splitlines())

    def signature(self, function: Function) -> str:
        return f"(define ({' '.join([function.name, *(p.name for p in function.parameters)])})\n"

    def definition(self, name: str) -> str:
        return rf"^\(define(?:/\w+)?\s+\(*{re.escape(name)}(?=[\s()])"

    def call(self, name: str, arguments: Sequence[str]) -> str:
        return f"({' '.join([name, *arguments])})"

    def translate_case(self, function: Function, case: Case) -> str:
        case = replace(case, expected=widened(case.expected))
        return super().translate_case(replace(function, name=CANDIDATE), case)

    def suite_test(self, call: str, expected: str, type: Type) -> str:
        if type.mentions("float", "dict", "set", "any"):
            return f"(check same? {call} {expected})"
        return f"(check-equal? {call} {expected})"

    def suite_truth(self, call: str, truth: bool, type: Type) -> str:
        return f"(check-{'true' if truth else 'false'} (truth {call}))"

    def suite_close(self, call: str, expected: str, tolerance: float, type: Type) -> str:
        return f"(check (within {self.render_float(tolerance)}) {call} {expected})"

    def suite(self, function: Function, tests: Sequence[str]) -> str:
        return suite(function.name, tests)

    def stub(self, problem: Problem, mark: str) -> str:
        return f"  (error {self.render_str(mark)}))\n"

    def render_float(self, value: float) -> str:
        return repr(value) if math.isfinite(value) else f"{value:+}.0"

    def render_str(self, value: str) -> str:
        return f'"{"".join(map(_character, value))}"'

    def render_list(self, items: Sequence[str], type: Type) -> str:
        return f"(list {' '.join(items)})"

    def render_set(self, items: Sequence[str], type: Type) -> str:
        return f"(set {' '.join(items)})"

    def render_dict(self, pairs: Sequence[tuple[str, str]], type: Type) -> str:
        return f"(hash {' '.join(f'{key} {value}' for key, value in pairs)})"

    def strict_files(self, strict: Strict, candidate: str, calls: Sequence[Sequence[str]]) -> Mapping[str, str]:
        cases = "".join(f"\n    (lambda () (list {' '.join(arguments)}))" for arguments in calls)
        return {
            "main.rkt": MAIN.format(name=strict.entrypoint, cases=cases),
            "harness.rkt": self.text("harness.rkt"),
            "candidate.rkt": f"{candidate}\n(provide {strict.entrypoint})\n",
        }

    def end_mark(self) -> str:
        return END_MARK

    def run(self, program: Program) -> Command:
        return Command("racket", program.entry)

    def server(self, program: Program) -> Server:
        run = Command("racket", "-t", f"{SERVER_FOLDER}/server.rkt", "-u", self.entry)
        return Server(self.texts("server.rkt", "sample.rkt", "harness.rkt"), run)

    def compat_status(self, outcome: Outcome) -> Status:
        if outcome.exit_code != 0 or not outcome.stderr:
            return super().compat_status(outcome)
        return Status.WRONG if "\nFAILURE\n" in outcome.stderr else Status.EXCEPTION

    def failure_status(self, outcome: Outcome) -> Status:
        return Status.SYNTAX if COMPILE_ERROR.match(outcome.stderr) else super().failure_status(outcome)


def _character(character: str) -> str:
    """One character inside a string literal."""
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(character, f"\\U{ord(character):08X}")


plugin = Racket()

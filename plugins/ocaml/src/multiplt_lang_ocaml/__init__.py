"""OCaml for multiplt."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from multiplt import (
    SERVER_FOLDER,
    Case,
    Command,
    CommentSyntax,
    Function,
    Language,
    LanguageSpec,
    Outcome,
    Problem,
    Program,
    Refused,
    Server,
    Status,
    Strict,
    Terms,
    Type,
)
from multiplt_lang_ocaml.by_type import HELPERS, equality, truthy, type_expression, writer
from multiplt_lang_ocaml.comments import comment_text

KEYWORDS = """
_ and as assert asr begin class constraint do done downto else end exception external false for fun
function functor if in include inherit initializer land lazy let lor lsl lsr lxor match method mod
module mutable new nonrec object of open or private rec sig struct then to true try type val virtual
when while with
"""

SYNTAX_ERROR = re.compile(
    r"^Error: (Syntax error|Illegal |Invalid (literal|lexer)|Reserved character|Comment not |String literal not |"
    r"This comment contains|.* is a keyword)",
    re.MULTILINE,
)
"""What the parser and the lexer say; all else that the compiler finds is a matter of types and names."""

CHARACTER = r"'(?:[^'\\\n]|\\[^\n][^'\n]{0,3})'"

ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b"}


SERVER_SIZE = 12 << 20  # bytes, at most, of the warm compiler and of what comes up when it is compiled


class OCaml(Language):
    """OCaml 4.12 or later with its standard library; a candidate is a compilation unit of its own."""

    spec = LanguageSpec(
        name="ocaml",
        tag="ml",
        title="OCaml",
        suffix=".ml",
        comments=CommentSyntax(block=("(*", "*)"), nested=True, character=CHARACTER),
        stop_tokens=("\n\n", "\n(*", "\ntype", "\nlet"),
        terms=Terms(dict="association list"),
        toolchain=("ocaml", "-version"),
        package="ocaml-nox",
        identifier=r"[a-z_][A-Za-z0-9_']*",
        reserved=frozenset(KEYWORDS.split()),
    )

    def comment(self, text: str) -> str:
        first, *rest = text.split("\n")
        inside = comment_text("\n".join([first, *(f" * {line}" if line else " *" for line in rest)]))
        return f"(**{' ' if inside.startswith(')') else ''}{inside}\n*)\n"

    def signature(self, function: Function) -> str:
        parameters = " ".join(f"({p.name} : {type_expression(p.type)})" for p in function.parameters)
        return f"let {function.name} {parameters or '()'} : {type_expression(function.returns)} ="

    def definition(self, name: str) -> str:
        return rf"^(?:let\s+(?:rec\s+)?|and\s+){re.escape(name)}(?![\w'])"

    def call(self, name: str, arguments: Sequence[str]) -> str:
        atoms = [f"({argument})" if argument.startswith("Some ") else argument for argument in arguments]
        return " ".join([name, *(atoms or ["()"])])

    def render_none(self, type: Type, nested: bool) -> str:
        return "()" if type.kind == "none" else "None"

    def render_some(self, item: str, type: Type) -> str:
        return f"Some {item}"

    def render_int(self, value: int) -> str:
        if not -(2**62) <= value < 2**62:
            raise Refused(f"{value} is beyond OCaml's int of 63 bits")
        return f"({value})" if value < 0 else str(value)

    def render_float(self, value: float) -> str:
        if not math.isfinite(value):
            return "nan" if math.isnan(value) else "infinity" if value > 0 else "neg_infinity"
        return f"({value!r})" if math.copysign(1, value) < 0 else repr(value)

    def render_str(self, value: str) -> str:
        return f'"{"".join(map(_escape, value))}"'

    def render_list(self, items: Sequence[str], type: Type) -> str:
        return f"[{'; '.join(items)}]"

    def render_tuple(self, items: Sequence[str], type: Type) -> str:
        return self.render_list(items, type) if type.variadic else f"({', '.join(items)})"

    def render_set(self, items: Sequence[str], type: Type) -> str:
        return self.render_list(items, type)

    def render_dict(self, pairs: Sequence[tuple[str, str]], type: Type) -> str:
        return self.render_list([f"({key}, {value})" for key, value in pairs], type)

    def render_member(self, item: str, member: Type, type: Type) -> str:
        raise Refused(f"OCaml has no type for {type}: every value there must have one and the same type")

    def render_any(self, item: str, type: Type) -> str:
        return self.render_member(item, type, Type("any"))

    def translate_case(self, function: Function, case: Case) -> str:
        return super().translate_case(replace(function, name="candidate"), case)

    def suite_test(self, call: str, expected: str, type: Type) -> str:
        return self._comparison(call, expected, equality(type))

    def suite_close(self, call: str, expected: str, tolerance: float, type: Type) -> str:
        return self._comparison(call, expected, equality(type, tolerance))

    def suite_truth(self, call: str, truth: bool, type: Type) -> str:
        test = truthy(type, f"({call})")
        return f"  (assert ({test}));" if truth else f"  (assert (not ({test})));"

    def _comparison(self, call: str, expected: str, equal: str) -> str:
        if equal == "( = )":
            return f"  (assert (({call}) = {expected}));"
        return f"  (assert ({self.call(equal, [f'({call})', expected])}));"

    def suite(self, function: Function, tests: Sequence[str]) -> str:
        used = {equality(function.returns, case.tolerance) for case in function.cases if case.check == "equal"}
        helpers = [text for name, text in HELPERS.items() if any(re.search(rf"\b{name}\b", equal) for equal in used)]
        head = ["let assertions =", f" let candidate = {function.name} in", " let open Stdlib in"]
        return "\n".join(["", *head, *helpers, *tests, "  ()", ""])

    def stub(self, problem: Problem, mark: str) -> str:
        return f"\n  failwith {self.render_str(mark)}\n"

    def strict_files(self, strict: Strict, candidate: str, calls: Sequence[Sequence[str]]) -> Mapping[str, str]:
        # Compiled and linked in this order. The candidate cannot name the harness: the name is a hash of it.
        harness = f"harness_{hashlib.sha256(candidate.encode('utf-8', 'surrogatepass')).hexdigest()}"
        types = [type_expression(p.type, nested=True) for p in strict.typed_parameters()] or ["unit"]
        returns = strict.typed_returns()
        function = f"Candidate.{strict.entrypoint}"
        main = [
            f"module Harness = {harness.capitalize()}",
            f"let case call = Harness.case call {writer(returns)}",
            *(f"let () = case (fun () -> {self.call(function, arguments)})" for arguments in calls),
            "let () = Harness.finish ()\n",
        ]
        return {
            f"{harness}.ml": self.text("harness.ml"),
            "candidate.mli": f"val {strict.entrypoint} : {' -> '.join([*types, type_expression(returns)])}\n",
            "candidate.ml": candidate,
            self.entry: "\n".join(main),
        }

    def end_mark(self) -> str:
        return self.text("end_mark.ml")

    def checks(self, program: Program) -> Sequence[Command]:
        return [Command("ocamlc", "-w", "-a", *program.files, "-o", "main.byte")] if program.mode == "strict" else []

    def run(self, program: Program) -> Command:
        return Command("ocamlrun", "main.byte") if program.mode == "strict" else Command("ocaml", program.entry)

    def server(self, program: Program) -> Server:
        if program.mode == "strict":
            run = Command("sh", f"{SERVER_FOLDER}/strict.sh")
            return Server(self.texts("strict.sh", "strict.ml", "harness.ml"), run, keeps=SERVER_SIZE)
        return Server(self.texts("compat.ml"), Command("ocaml", f"{SERVER_FOLDER}/compat.ml"))

    def compat_status(self, outcome: Outcome) -> Status:
        if outcome.exit_code == 2 and (said := re.search(r"^(Error|Exception: Assert_failure)", outcome.stderr, re.M)):
            return _compiler_status(outcome) if said[0] == "Error" else Status.WRONG
        return super().compat_status(outcome)

    def failure_status(self, outcome: Outcome) -> Status:
        status = super().failure_status(outcome)
        return _compiler_status(outcome) if status is Status.SYNTAX else status


def _compiler_status(outcome: Outcome) -> Status:
    return Status.SYNTAX if SYNTAX_ERROR.search(outcome.stderr) else Status.STATIC_TYPE


def _escape(character: str) -> str:
    if character in ESCAPES or character.isprintable():
        return ESCAPES.get(character, character)
    return "".join(f"\\{byte:03}" for byte in character.encode())


plugin = OCaml()

"""Right solutions for any problem: a completion that knows the answer to each of its cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from multiplt.functions import Case, Function
from multiplt.language import Language
from multiplt_lang_ocaml import plugin as ocaml
from multiplt_lang_racket import plugin as racket

LANGUAGES: dict[str, Language] = {"ocaml": ocaml, "racket": racket}

Answer = tuple[list[str], str]


def lookup(language: Language, function: Function, cases: Sequence[Case]) -> str:
    """A completion of `function` that returns each case's expected value for its arguments."""
    answers = [([language.render(value) for value in case.arguments], language.render(case.expected)) for case in cases]
    return WRITERS[language.spec.name]([parameter.name for parameter in function.parameters], answers)


def _racket(parameters: list[str], answers: list[Answer]) -> str:
    clauses = "".join(
        f"    [(equal? (list {' '.join(parameters)}) (list {' '.join(arguments)})) {expected}]\n"
        for arguments, expected in answers
    )
    return f'  (cond\n{clauses}    [else (error "no such case")]))\n'


def _ocaml(parameters: list[str], answers: list[Answer]) -> str:
    given = f"({', '.join(parameters)})"
    tests = "".join(
        f"  if Stdlib.compare {given} ({', '.join(arguments)}) = 0 then {expected} else\n"
        for arguments, expected in answers
    )
    return f'\n{tests}  failwith "no such case"\n'


WRITERS: dict[str, Callable[[list[str], list[Answer]], str]] = {"ocaml": _ocaml, "racket": _racket}

"""Right solutions for any problem: a completion that knows the answer to each of its cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from multiplt.functions import Case, Function
from multiplt.language import Language
from multiplt_lang_julia import plugin as julia
from multiplt_lang_lua import plugin as lua
from multiplt_lang_ocaml import plugin as ocaml
from multiplt_lang_r import plugin as r
from multiplt_lang_racket import plugin as racket

LANGUAGES: dict[str, Language] = {"julia": julia, "lua": lua, "ocaml": ocaml, "r": r, "racket": racket}

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


LUA_SAME = """
function Same(a, b)
    if type(a) ~= 'table' or type(b) ~= 'table' then return a == b or a ~= a and b ~= b end
    for _, pair in ipairs({{a, b}, {b, a}}) do
        for key, value in pairs(pair[1]) do
            local found = false
            for k, v in pairs(pair[2]) do found = found or Same(k, key) and Same(v, value) end
            if not found then return false end
        end
    end
    return true
end
"""


def _lua(parameters: list[str], answers: list[Answer]) -> str:
    # The helper comes behind, where no parameter hides a function of Lua's.
    def asked(arguments: list[str]) -> str:
        return " and ".join(["true", *map("Same({}, {})".format, parameters, arguments)])

    tests = "".join(f"    if {asked(arguments)} then return {expected} end\n" for arguments, expected in answers)
    return f"{tests}end\n{LUA_SAME}"


def _julia(parameters: list[str], answers: list[Answer]) -> str:
    given = f"({''.join(f'{parameter}, ' for parameter in parameters)})"
    tests = "".join(f"    same({given}, ({''.join(f'{a}, ' for a in arguments)})) && return {expected}\n"
                    for arguments, expected in answers)  # fmt: skip
    same = "    same(a, b) = Base.typeof(a) == Base.typeof(b) && Base.isequal(a, b)\n"
    return f"{same}{tests}    Base.error(\"no such case\")\nend\n"


def _r(parameters: list[str], answers: list[Answer]) -> str:
    given = f"list({', '.join(parameters)})"
    tests = "".join(f"    if (identical({given}, list({', '.join(arguments)}))) return({expected})\n"
                    for arguments, expected in answers)  # fmt: skip
    return f"\n{tests}    stop('no such case')\n}}\n"


WRITERS: dict[str, Callable[[list[str], list[Answer]], str]] = {
    "julia": _julia,
    "lua": _lua,
    "ocaml": _ocaml,
    "r": _r,
    "racket": _racket,
}

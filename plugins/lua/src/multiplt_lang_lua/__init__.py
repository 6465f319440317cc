"""Lua for multiplt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from multiplt.errors import Refused
from multiplt.execute.plan import SERVER_FOLDER, Command, Outcome, Program, Server
from multiplt.functions import Case, Function
from multiplt.hookspecs import Check
from multiplt.idioms import Idioms
from multiplt.language import Language
from multiplt.problems import Completion, Problem, Status, Strict
from multiplt.spec import CommentSyntax, LanguageSpec, Terms
from multiplt.types import Type
from multiplt.values import widened
from multiplt_lang_lua import literals
from multiplt_lang_lua.suites import CANDIDATE, suite

KEYWORDS = """
    and break do else elseif end false for function goto if in local nil not or repeat return then true until while
"""
LUAUNIT = ("/usr/share/lua/5.4/luaunit.lua", "/usr/local/share/lua/5.4/luaunit.lua")

LAST_RETURN = re.compile(r"^return\b(?:(?!\bend\b|\]).)*\Z", re.MULTILINE | re.DOTALL)
"""What a module ends with: a return at the margin, with no end of a function or a comment behind it."""

LINE_BREAK = re.compile(r"\r\n|\n\r|\n|\r")
"""What Lua counts as the end of a line."""

FAILURE = re.compile(r"^Ran \d+ tests in .*, [1-9]\d* failures?\b", re.MULTILINE)
"""What luaunit says at its end where an assertion failed."""


class Lua(Language):
    """Lua 5.4, with luaunit for suites as text."""

    spec = LanguageSpec(
        name="lua",
        tag="lua",
        title="Lua",
        suffix=".lua",
        comments=CommentSyntax(
            line="--", quotes="\"'", character=r"(?s:\[(=*)\[.*?\]\1\])", long=r"(?s:--\[(=*)\[.*?(?:\]\1\]|\Z))"
        ),
        stop_tokens=("\nlocal", "\nfunction", "\n--"),
        terms=Terms(list="table", array="table", tuple="table", dict="table", set="table", none="nil"),
        toolchain=("lua5.4", "-v"),
        package="lua5.4 lua-unit",
        reserved=frozenset([*KEYWORDS.split(), "require"]),  # `require`: all that a suite asks of its program
        idioms=Idioms(tuples_are_lists=True, dicts_are_lists=True, sets_are_keys=True, one_number_type=True),
    )

    def comment(self, text: str) -> str:
        return "".join(f"-- {line}\n" if line.strip() else "--\n" for line in text.splitlines())

    def signature(self, function: Function) -> str:
        return f"local function {function.name}({', '.join(p.name for p in function.parameters)})\n"

    def definition(self, name: str) -> str:
        name = re.escape(name)
        return rf"^(?:local\s+)?(?:function\s+{name}\s*\(|{name}\s*(?:<\w+>\s*)?=\s*function\b)"

    def call(self, name: str, arguments: Sequence[str]) -> str:
        return f"{name}({', '.join(arguments)})"

    def translate_case(self, function: Function, case: Case) -> str:
        case = replace(case, expected=widened(case.expected))
        return super().translate_case(replace(function, name=CANDIDATE), case)

    def suite_test(self, call: str, expected: str, type: Type) -> str:
        # assertEquals has no tolerance, knows a table that is a key by identity, and equates any int with a float.
        needs_helper = type.mentions("float", "any") or re.search(r"\[\{|\d{16}", expected)
        return f"{'assertSame' if needs_helper else 'lu.assertEquals'}({call}, {expected})"

    def suite_truth(self, call: str, truth: bool, type: Type) -> str:
        return f"lu.assert{truth}(truth({call}))"

    def suite_close(self, call: str, expected: str, tolerance: float, type: Type) -> str:
        return f"assertSame({call}, {expected}, {self.render_float(tolerance)})"

    def suite(self, function: Function, tests: Sequence[str]) -> str:
        return suite(function.name, tests)

    def stub(self, problem: Problem, mark: str) -> str:
        return f"    error({self.render_str(mark)}, 0)\nend\n"

    def render_none(self, type: Type, nested: bool) -> str:
        if nested:
            raise Refused("a Lua table cannot hold nil")
        return "nil"

    def render_int(self, value: int) -> str:
        return literals.integer(value)

    def render_float(self, value: float) -> str:
        return literals.number(value)

    def render_str(self, value: str) -> str:
        return literals.string(value)

    def render_list(self, items: Sequence[str], type: Type) -> str:
        return f"{{{', '.join(items)}}}"

    def render_set(self, items: Sequence[str], type: Type) -> str:
        return self.render_dict([(item, "true") for item in items], type)

    def render_dict(self, pairs: Sequence[tuple[str, str]], type: Type) -> str:
        if any(key == literals.NAN for key, _ in pairs):
            raise Refused("NaN is no key of a Lua table")
        return self.render_list([f"[{key}] = {value}" for key, value in pairs], type)

    def candidate(self, problem: Problem, completion: Completion) -> str:
        # A module's own return would leave no place for a suite. Rows that others made run as they are.
        text = super().candidate(problem, completion)
        return LAST_RETURN.sub("", text) if problem.multiplt else text

    def strict_files(self, strict: Strict, candidate: str, calls: Sequence[Sequence[str]]) -> Mapping[str, str]:
        cases = "".join(f"  function() return {', '.join(arguments)} end,\n" for arguments in calls)
        return {
            self.entry: f'dofile("harness.lua")("candidate.lua", {{\n{cases}}})\n',
            "candidate.lua": f"{candidate}\nreturn {strict.entrypoint}\n",
            **self.texts("harness.lua", "shield.lua"),
        }

    def end_mark(self) -> str:
        return "os.exit(true)"  # compat.lua writes the mark where a suite exits

    def build_program(self, problem: Problem, completion: Completion) -> Program:
        program = super().build_program(problem, completion)
        if program.mode == "strict":
            return program
        suite_line = len(LINE_BREAK.findall(self.candidate(problem, completion) + "\n")) + 1
        main = f'dofile("compat.lua")("program.lua", {suite_line})\n'
        texts = {self.entry: main, "program.lua": program.files[self.entry]}
        return replace(program, files={**texts, **self.texts("compat.lua", "shield.lua")})

    def run(self, program: Program) -> Command:
        return Command("lua5.4", program.entry)

    def server(self, program: Program) -> Server:
        files = self.texts("server.lua", "harness.lua", "compat.lua", "shield.lua")
        return Server(files, Command("lua5.4", f"{SERVER_FOLDER}/server.lua"))

    def failure_status(self, outcome: Outcome) -> Status:
        if "not enough memory" in outcome.stdout + outcome.stderr:
            return Status.OUT_OF_MEMORY
        if outcome.stderr.startswith("lua5.4: program.lua:") and "\nstack traceback:" not in outcome.stderr:
            return Status.SYNTAX
        return Status.WRONG if FAILURE.search(outcome.stdout) else super().failure_status(outcome)

    def doctor(self) -> Iterable[Check]:
        found = next(filter(lambda path: Path(path).exists(), LUAUNIT), "")
        return [Check("luaunit", bool(found), found or "not found", "" if found else "apt-get install lua-unit")]


plugin = Lua()

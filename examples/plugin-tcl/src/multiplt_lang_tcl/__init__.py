"""Tcl for multiplt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from multiplt import (
    Command,
    CommentSyntax,
    Function,
    Idioms,
    Language,
    LanguageSpec,
    Outcome,
    Problem,
    Program,
    Refused,
    Status,
    Strict,
    Terms,
    Type,
)

COMMANDS = """
    after append args array binary break catch cd chan clock close concat continue dict encoding eof error eval exec
    exit expr file flush for foreach format gets glob global if incr info interp join lappend lassign lindex linsert
    list llength lmap load lrange lrepeat lreplace lreverse lsearch lset lsort namespace open package pid proc puts
    pwd read regexp regsub rename return scan seek set socket source split string subst switch tell throw time trace
    try unknown unset update uplevel upvar variable while yield
"""


class Tcl(Language):
    """Tcl 8.6, where every value is a string: the declared type says how an answer is read."""

    spec = LanguageSpec(
        name="tcl",
        tag="tcl",
        title="Tcl",
        suffix=".tcl",
        comments=CommentSyntax(line="#", character=r'\\.|[^\s;{"\\#][ \t]*#'),  # a # behind a word is no comment
        stop_tokens=("\nproc ", "\n#", "\nputs ", "\nset "),
        terms=Terms(dict="dict", tuple="list", set="list", none='""'),
        toolchain=("sh", "-c", "echo 'puts \"Tcl [info patchlevel]\"' | tclsh"),
        package="tcl",
        reserved=frozenset(COMMANDS.split()),
        idioms=Idioms(none_is_empty=True, tuples_are_lists=True, sets_are_lists=True),
    )

    # What a prompt and an answer look like.

    def comment(self, text: str) -> str:
        return super().comment(text).replace("\\\n", "\\ \n")  # a backslash at the end would go on in the next line

    def signature(self, function: Function) -> str:
        return f"proc {function.name} {{{' '.join(p.name for p in function.parameters)}}} {{\n"

    def definition(self, name: str) -> str:
        return rf"^[ \t]*proc\s+(?:::)?{re.escape(name)}(?=[\s{{])"

    def call(self, name: str, arguments: Sequence[str]) -> str:
        return " ".join([name, *arguments])

    def stub(self, problem: Problem, mark: str) -> str:
        return f"    error {self.render_str(mark)}\n}}\n"

    # How values are written.

    def render_float(self, value: float) -> str:
        return repr(value)

    def render_str(self, value: str) -> str:
        if any(character > "\uffff" for character in value):
            raise Refused("Tcl 8.6 takes a character beyond U+FFFF for two")
        escaped = re.sub(r'["\\$\[\]{}]', r"\\\g<0>", value).replace("\n", "\\n").replace("\t", "\\t")
        return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'

    def render_list(self, items: Sequence[str], type: Type) -> str:
        return f"[{' '.join(['list', *items])}]"

    def render_set(self, items: Sequence[str], type: Type) -> str:
        return self.render_list(items, type)

    def render_dict(self, pairs: Sequence[tuple[str, str]], type: Type) -> str:
        return f"[{' '.join(['dict create', *(f'{key} {value}' for key, value in pairs)])}]"

    def render_none(self, type: Type, nested: bool) -> str:
        return self.render_some('""', type) if type.admits("str") else '""'

    def render_some(self, item: str, type: Type) -> str:
        if item == '""':
            raise Refused('None and "" are one value in Tcl')
        return item

    def render_member(self, item: str, member: Type, type: Type) -> str:
        if {other.kind for other in type.args} != {"int", "float"}:
            raise Refused(f"every value is a string in Tcl, so nothing tells the members of {type} apart")
        return item

    def render_any(self, item: str, type: Type) -> str:
        raise Refused("every value is a string in Tcl, so nothing tells what one is where its type is open")

    # The suite as text.

    def suite_test(self, call: str, expected: str, type: Type) -> str:
        return f"    tests::check {self._type(type)} [{call}] {expected}\n"

    def suite_close(self, call: str, expected: str, tolerance: float, type: Type) -> str:
        return f"    tests::check {self._type(type)} [{call}] {expected} {tolerance!r}\n"

    def suite(self, function: Function, tests: Sequence[str]) -> str:
        alias = f"interp alias $suite {function.name} {{}} {function.name}"
        return f"\n{self.text('suite.tcl')}{alias}\ninterp eval $suite {{\n{''.join(tests)}}}\n"

    def _type(self, type: Type) -> str:
        """A type as our Tcl reads it: `int`, `{list int}`, `{dict str {tuple int float}}`."""
        kind = "list" if type.variadic else type.kind
        return f"{{{' '.join([kind, *map(self._type, type.args)])}}}" if type.args else kind

    # How programs are laid out and run.

    def strict_files(self, strict: Strict, candidate: str, calls: Sequence[Sequence[str]]) -> Mapping[str, str]:
        head = f"run_case {self._type(strict.typed_returns())} {strict.entrypoint}"
        cases = [self.call(head, arguments) for arguments in calls]
        main = "\n".join(["source harness.tcl", "load_candidate candidate.tcl", *cases, "finish\n"])
        return {self.entry: main, "harness.tcl": self.text("harness.tcl"), "candidate.tcl": candidate}

    def end_mark(self) -> str:
        return self.text("end_mark.tcl")

    def run(self, program: Program) -> Command:
        return Command("tclsh", program.entry)

    def failure_status(self, outcome: Outcome) -> Status:
        if re.search(r'^(missing |extra characters after |invalid command name "\}")', outcome.stderr, re.MULTILINE):
            return Status.SYNTAX
        if re.search("unable to (re)?alloc", outcome.stderr):
            return Status.OUT_OF_MEMORY
        return Status.WRONG if outcome.stderr.startswith("wrong answer: ") else super().failure_status(outcome)


plugin = Tcl()

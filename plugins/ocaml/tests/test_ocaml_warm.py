"""A program comes to the same in the warm server as by itself, to the letter of what it and the compiler print."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from multiplt.execute.bubblewrap import Bubblewrap
from multiplt.execute.plan import ExecutionPlan, Limits, Outcome, Program
from multiplt.plugins import BoundLanguage
from multiplt.problems import Completion, Problem
from multiplt.testing.judging import problem_of, read_function


def external(name: str) -> str:
    """A function of C."""
    return f'let module C = struct external f : unit -> int = "{name}" end in C.f'


STRICT = {
    "right": " a + b",
    "raises": " raise (Invalid_argument (string_of_int a))",
    "raises its own": ' let exception Own of int * string in raise (Own (a, "b"))',
    "deep recursion": " let rec count n = if n = 0 then 0 else 1 + count (n - 1) in a + b + count 100_000 - 100_000",
    "recursion without end": " let rec deep n = 1 + deep (n + 1) in deep a",
    "too large an array": " Array.length (Array.make max_int a)",
    "prints": ' Printf.printf "%d" a; prerr_string "b"; Format.printf "@[c@ d@]"; a + b',
    "reads": " String.length (read_line ()) + a - b",
    "exits": " exit (a - b)",
    "exits with success": " exit 0",
    "raises at load": ' a + b\nlet () = raise (Failure "at load")',
    "at the end": ' a + b\nlet () = at_exit (fun () -> print_string "end"; raise Not_found)',
    "random numbers": " Random.bits ()",
    "arguments": ' print_string (String.concat " " (Sys.executable_name :: Array.to_list Sys.argv)); a + b',
    "units that the harness does not need": " Hashtbl.hash (Hashtbl.create 1, Complex.i, Lazy.from_val 1)",
    "objects": " (object method sum = a + b end)#sum",
    "names of the server": " a + b\nlet serve = 1 let link () = serve let check = link () let linked = Queue.create ()",
    "a unit that is not linked": " Unix.getpid ()",
    "a unit that is known but not used": " a + b\nmodule U = Unix",
    "the compiler's modules": " ignore Clflags.debug; a + b",
    "a function of C that is not there": f" {external('unknown')} () + a + b",
    "a function of C that the server has": f" {external('unix_getpid')} () + a + b",
    "another type": " float_of_int (a + b)",
    "a name misspelt": " List.lenght [a; b]",
    "syntax error": " a + + b",
    "comment without end": " a + b (* ",
    "a warning asked for": ' let unused = a in a + b [@@@ocaml.warning "+a"] let rec f x = 1 [@@@ocaml.warnerror "+a"]',
}  # fmt: skip

COMPAT = {
    "passes": "",
    "fails": "assert (1 = 2);;",
    "raises": "raise (Invalid_argument (string_of_int 1));;",
    "deep recursion": "let rec deep n = 1 + deep (n + 1) in deep 1;;",
    "prints": 'let x = Printf.printf "%d" 1;; 2;; prerr_string "b";; Format.printf "@[c@ d@]";;',
    "exits": "exit 3;;",
    "at the end": 'at_exit (fun () -> print_string "end"; raise Not_found);;',
    "random numbers": "print_int (Random.bits ());;",
    "arguments": 'print_string (String.concat " " (Sys.executable_name :: Array.to_list Sys.argv));;',
    "environment": 'print_string (String.concat " " (List.sort compare (Array.to_list (Unix.environment ()))));;',
    "names of the server": "let serve x = x let link = 1 let linked = Queue.create () let exit_ = serve link;;",
    "the server's names": "serve ();;",
    "the compiler's modules": "Clflags.debug;;",
    "the toplevel's modules": "Toploop.getvalue;;",
    "a library": '#load "unix.cma";; print_int (Unix.getppid ());; #load "str.cma";; Str.regexp "a";;',
    "weak types": "let cache = ref [] let () = cache := 1 :: !cache;; let other = ref None;; other := !cache;;",
    "another type": 'let x : int = "a";;',
    "syntax error": "let x = ;;",
    "a warning": "let f = function 1 -> 2;; f 3;;",
    "a directive": '#use "none.ml";;',
    "what it reads": "print_string (try read_line () with End_of_file -> String.make 1 'x');;",
}  # fmt: skip

Both = Callable[[ExecutionPlan], tuple[Outcome, Outcome]]


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    """What comes of a plan in the server, and by itself."""
    sandbox = Bubblewrap(eager=True)

    def run(plan: ExecutionPlan) -> tuple[Outcome, Outcome]:
        warm = sandbox.run(plan)
        assert warm.warm
        return warm, sandbox.run(replace(plan, server=None))

    yield run
    sandbox.close()


def require_the_same(both: Both, language: BoundLanguage, problem: Problem, program: Program) -> None:
    warm, alone = both(language.execution_plan(program, Limits()))
    assert told(warm) == told(alone)
    assert language.parse_result(problem, program, warm) == language.parse_result(problem, program, alone)


def told(outcome: Outcome) -> tuple[object, ...]:
    """How it ended and what it said, whatever its nonce was."""
    said = (text.replace(outcome.nonce, "nonce") for text in (outcome.stdout, outcome.stderr))
    return outcome.exit_code, outcome.failed_check, *said


@pytest.mark.parametrize("name", STRICT)
def test_strict(ocaml: BoundLanguage, both: Both, name: str) -> None:
    function = read_function("def add(a: int, b: int) -> int: ...", "add", "assert add(1, 2) == 3")
    problem = problem_of(ocaml, function)
    require_the_same(both, ocaml, problem, ocaml.build_program(problem, Completion(STRICT[name])))


@pytest.mark.parametrize("name", COMPAT)
def test_compat(ocaml: BoundLanguage, both: Both, name: str) -> None:
    prompt, tests = "let f (x : int) : int =", ";;\nassert (f 1 = 2);;\n"
    problem = Problem(name="Test_0_f", language="ml", prompt=prompt, tests=tests)
    program = ocaml.build_program(problem, Completion(f" x + 1;;\n{COMPAT[name]}\n"))
    require_the_same(both, ocaml, problem, program)

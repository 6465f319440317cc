"""What becomes of completions: right, wrong, and failing in every way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ocaml_helpers import returning, statuses

from multiplt.execute.verdicts import Judge
from multiplt.functions import Function
from multiplt.problems import Completion, Problem, Status
from multiplt.testing.judging import problem_of, read_function, verdicts

DOUBLE = read_function(
    "def double(xs: List[int]) -> List[int]: ...", "double",
    "assert double([1, -2]) == [2, -4]", "assert double([]) == []", "assert double([3]) == [6]",
)  # fmt: skip

RIGHT = "\n  List.map (fun x -> 2 * x) xs"

STATUSES = [
    ("\n  List.rev_map (fun x -> 2 * x) xs", Status.WRONG),
    ("\n  match xs with x :: _ -> [2 * x]", Status.WRONG),
    ("\n  let rec cycle = 2 :: (-4) :: cycle in cycle", Status.WRONG),
    ("\n  List.map (fun x -> 2 * x) (List.tl xs)", Status.WRONG),
    ("\n  raise Stack_overflow", Status.EXCEPTION),
    ("\n  let rec deep n = 1 + deep (n + 1) in [deep 0]", Status.EXCEPTION),
    ("\n  Array.to_list (Array.make max_int 0)", Status.EXCEPTION),
    (f"{RIGHT}\nlet () = failwith \"at load\"", Status.EXCEPTION),
    (f"{RIGHT}\nlet () = exit 3", Status.EXCEPTION),
    ("\n  exit 0", Status.TAMPERED),
    (f'{RIGHT}\nlet () = output_string (open_out "/proc/self/fd/3") "ok"', Status.TAMPERED),
    (f"{RIGHT}\nlet () = Harness.finish ()", Status.STATIC_TYPE),
    (f"{RIGHT}\nlet _ = Main.case", Status.STATIC_TYPE),
    (f"{RIGHT} end module Main = struct let () = exit 0", Status.SYNTAX),
    ("\n  xs (* never closed", Status.SYNTAX),
    ("\n  xs \"never closed", Status.SYNTAX),
    ("\n  [$]", Status.SYNTAX),
    ("\n  xs;;\n#use \"topfind\"", Status.SYNTAX),
    (f"{RIGHT}\0", Status.SYNTAX),
    ("", Status.SYNTAX),
    ("\n  List.map (fun x -> x ^ x) xs", Status.STATIC_TYPE),
    ("\n  List.no_such_function xs", Status.STATIC_TYPE),
    ("\n  double_all xs", Status.STATIC_TYPE),
    ("\n  Unix.sleep 1; xs", Status.STATIC_TYPE),  # not linked, as in the toplevel
]  # fmt: skip


@pytest.fixture(scope="module")
def problem(judge: Judge) -> Problem:
    return problem_of(judge.language, DOUBLE)


def test_statuses_of_completions(judge: Judge, problem: Problem) -> None:
    found = verdicts(judge, problem, [code for code, _ in STATUSES])
    wrong = [(code, v.status, expected, v.message) for (code, expected), v in zip(STATUSES, found, strict=True)
             if v.status is not expected]  # fmt: skip
    assert not wrong


@pytest.mark.parametrize(
    ("program", "status"),
    [
        ("let twice = ( * ) 2\n\nlet double xs = List.map twice xs\n", Status.OK),
        ("let rec double = function\n  | [] -> []\n  | x :: xs -> 2 * x :: double xs;;\n\nprint_int 3;;\n", Status.OK),
        ("let cache = Hashtbl.create 10\nlet double = List.map (( * ) 2)\n", Status.OK),  # weak type variables
        ("let double xs = xs\n", Status.WRONG),
        ("let double x = 2 * x\n", Status.STATIC_TYPE),
        ("let treble xs = xs\n", Status.STATIC_TYPE),
        ('let double xs = String.concat "" xs\n', Status.STATIC_TYPE),
        ("type 'a list = Nil\nlet double (xs : int list) : int list = Nil\n", Status.STATIC_TYPE),
    ],
)
def test_whole_programs(judge: Judge, problem: Problem, program: str, status: Status) -> None:
    [verdict] = verdicts(judge, problem, [Completion(program, whole=True)])
    assert verdict.status is status, verdict.message


def test_a_compiler_error_is_shown(judge: Judge, problem: Problem) -> None:
    [verdict] = verdicts(judge, problem, ["\n  List.mep xs"])
    assert verdict.status is Status.STATIC_TYPE
    assert 'File "candidate.ml", line 2' in verdict.message
    assert "Unbound value List.mep" in verdict.message


def test_values_too_large_are_wrong_and_do_not_flood_the_channel(judge: Judge) -> None:
    codes = [" String.make 2_000_000 'x'", ' "a"']
    assert statuses(judge, returning("str", "'a'"), *codes) == [Status.WRONG, Status.OK]
    large = replace(DOUBLE, cases=DOUBLE.cases * 20)
    assert statuses(judge, large, "\n  List.init 300_000 (fun i -> i)") == [Status.WRONG]


def test_functions_without_parameters_and_results(judge: Judge) -> None:
    nothing: Function = read_function("def nothing() -> None: ...", "nothing", "assert nothing() is None")
    assert statuses(judge, nothing, " ()", " 1", ' print_string "x"') == [Status.OK, Status.STATIC_TYPE, Status.OK]


COMPAT = Problem(
    name="HumanEval_0_f", language="ml", prompt="let f (x : int) : int =",
    tests="\nlet assertions =\n let candidate = f in\n  (assert ((candidate 1) = 2));\n  ()\n",
)  # fmt: skip


def test_rows_of_others_run_as_they_are(judge: Judge) -> None:
    codes = [
        ("\n  x + 1", Status.OK),
        ("\n  x", Status.WRONG),
        ("\n  raise Exit", Status.EXCEPTION),
        ("\n  exit 0", Status.TAMPERED),
        ("\n  x + 1\n;;\nexit 0;;", Status.TAMPERED),
        ("\n  x +", Status.SYNTAX),
        ('\n  x ^ ""', Status.STATIC_TYPE),
        ('\n  x + 1\nlet input_line _ = "" let stdin = () let output_string _ _ = () let ( ^ ) = ()', Status.OK),
        ('\n  x + 1;;\n#directory "."', Status.OK),  # the toplevel takes directives
    ]
    assert [v.status for v in verdicts(judge, COMPAT, [code for code, _ in codes])] == [status for _, status in codes]


def test_multipl_es_name_for_every_failure_of_the_compiler_is_syntax_error() -> None:
    assert Status.STATIC_TYPE.multipl_e == "SyntaxError"

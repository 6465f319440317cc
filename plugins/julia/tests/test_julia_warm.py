"""A warm Julia does what one that is started for itself does, and keeps nothing of a program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from multiplt.execute.bubblewrap import Bubblewrap
from multiplt.execute.plan import ExecutionPlan, Limits, Outcome, Program
from multiplt.plugins import BoundLanguage
from multiplt.problems import Completion
from multiplt.testing.judging import problem_of, read_function

PROGRAMS = {
    "found when lowered": "println(1)\nfunction f()\n    break\nend",
    "recursion without end": "f(x) = 1 + f(x + 1)\nf(1)",
    "deep recursion": "f(x) = x == 0 ? 0 : 1 + f(x - 1)\nprintln(f(40000))",
    "more than the memory": "zeros(10^12)",
    "an error in a task": 'wait(@async error("raised"))',
    "tasks and timers": "Timer(_ -> println(1), 0.01)\n@async println(2)\nsleep(0.05)\nprintln(fetch(@async 3))",
    "processes": "print(read(pipeline(`echo 1`, `cat`), String)); println(success(`false`)); run(`sh -c 'exit 5'`)",
    "reads and exits": "atexit(() -> print(2)); println(length(readline()), eof(stdin)); exit(3)",
    "looks around": "println(ARGS, PROGRAM_FILE, @__FILE__, pwd(), sort(collect(keys(ENV))), typeof(stdin))",
    "the server's names": "Server = Libdl = Random = run_main = 1\nprintln(Server, x -> x)",
    "a signal": "ccall(:kill, Cint, (Cint, Cint), getpid(), 15)\nsleep(5)",
    "a crash": "unsafe_store!(Ptr{Int}(8), 1)",
    "tests": "using Test\n@testset begin\n@test 1 == 1\nend",
    "failed tests": "using Test\n@testset begin\n@test 1 == 2\n@test error()\nend",
    "writes at the end": 'atexit(() -> print(2)); finalizer(_ -> ccall(:puts, Cint, (Cstring,), "1"), Ref(0))\nexit(0)',
}  # fmt: skip

ADD = "def add(a: int, b: int) -> int:\n    return a + b"

CANDIDATES = {
    "raises": "a == 0 && error(a)\n[a][b]\nend",
    "no method": 'map(x -> x + "", [a])\nend',
    "deep": "b < 0 ? a : 1 + add(a, b - 1)\nend",
    "recursion without end": "1 + add(a, b)\nend",
    "deep at load": "b\nend\ndown(n) = n == 0 ? 0 : 1 + down(n - 1)\ndown(30000)",
    "more than the memory": "length(zeros(10^12))\nend",
    "reads and prints": "println(readline())\nexit(a)\nend",
    "ends": "b == 1 && exit(a)\na + b\nend",
    "computes": "sum(i % 7 for i in 1:10^7) + a\nend",
    "looks at types": "error(typeof([x + 1.5 for x in Int[]]), typeof(map(x -> x > 0 ? x : nothing, [a])))\nend",
    "calls C": "ccall(:abs, Cint, (Cint,), -a)\nend",
    "raises at load": "a\nend\nundefined",
    "does not parse": "a +\nend",
}

LEAVES = """
Base.length(::Vector{Int64}) = 7
Core.eval(Base, :(kept = 1; const stdlib_kept = 2))
ENV["KEPT"] = "1"
push!(LOAD_PATH, "/kept"); push!(ARGS, "kept"); pushfirst!(Base.atexit_hooks, () -> print("kept"))
write("kept", "1"); write("/dev/shm/kept", "1"); cd("/")
task_local_storage(:kept, 1)
for descriptor in 4:99
    ccall(:write, Cssize_t, (Cint, Cstring, Csize_t), descriptor, "kept", 4)
    ccall(:close, Cint, (Cint,), descriptor)
end
"""

FINDS = """
println(length([1]), isdefined(Base, :kept), isdefined(Base, :stdlib_kept), haskey(ENV, "KEPT"), LOAD_PATH, ARGS)
println(readdir(), readdir("/dev/shm"), haskey(task_local_storage(), :kept), read(`echo 1`, String))
sleep(0.01)
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Bubblewrap]:
    sandbox = Bubblewrap(eager=True)
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="module")
def plan(julia: BoundLanguage) -> ExecutionPlan:
    return julia.execution_plan(Program({"main.jl": ""}, "main.jl"), Limits(wall_s=60, cpu_s=8))


def in_normal_mode(plan: ExecutionPlan) -> ExecutionPlan:
    """The plan for a program that does without the harness, which decides about the fast mode."""
    assert plan.server
    return replace(plan, server=replace(plan.server, patience_s=None))


def both(sandbox: Bubblewrap, plan: ExecutionPlan) -> tuple[Outcome, Outcome]:
    warm, alone = sandbox.run(plan), sandbox.run(replace(plan, server=None))
    assert (warm.warm, alone.warm) == (True, False)
    return warm, alone


def said(outcome: Outcome) -> tuple[object, ...]:
    """How it ended and what it said, but for the nonce and for where it was, which names the server's files."""
    records = re.sub(rb"\d+:z" + outcome.nonce.encode() + rb" \d+", b"", outcome.records)
    stderr = re.sub(r"^Stacktrace:\n( \[.*\n)+|\n?^signal[\s\S]*", "", outcome.stderr, flags=re.MULTILINE)
    return outcome.exit_code, outcome.timed_out, outcome.stdout, stderr, records


@pytest.mark.parametrize("name", PROGRAMS)
def test_both_come_to_the_same(sandbox: Bubblewrap, plan: ExecutionPlan, name: str) -> None:
    warm, alone = both(sandbox, replace(in_normal_mode(plan), files={"main.jl": PROGRAMS[name]}))
    assert said(warm) == said(alone)


@pytest.mark.parametrize("name", CANDIDATES)
def test_candidates(sandbox: Bubblewrap, plan: ExecutionPlan, julia: BoundLanguage, name: str) -> None:
    problem = problem_of(julia, read_function(ADD, "add", "assert add(1, 30000) == 30001"))
    program = julia.build_program(problem, Completion(CANDIDATES[name]))
    warm, alone = both(sandbox, replace(plan, files=program.files))
    assert said(warm) == said(alone)


@pytest.mark.parametrize(("code", "is_interpreted"), [("", True), ("sleep(1)\n", False)])
def test_a_candidate_is_interpreted_at_first(
    sandbox: Bubblewrap, plan: ExecutionPlan, julia: BoundLanguage, code: str, is_interpreted: bool
) -> None:
    problem = problem_of(julia, read_function(ADD, "add", "assert add(1, 2) == 3"))
    program = julia.build_program(problem, Completion(f"{code}Base.JLOptions().compile_enabled\nend\n"))
    warm, alone = both(sandbox, replace(plan, files=program.files))
    assert (said(warm) == said(alone)) is not is_interpreted


def test_random_numbers_differ(sandbox: Bubblewrap, plan: ExecutionPlan) -> None:
    plan = replace(in_normal_mode(plan), files={"main.jl": "using Random\nprint(rand(), ' ', rand(RandomDevice()))"})
    numbers = [number for _ in range(3) for number in sandbox.run(plan).stdout.split()]
    assert len(set(numbers)) == 6


def test_nothing_of_a_program_is_left(sandbox: Bubblewrap, plan: ExecutionPlan) -> None:
    assert sandbox.run(replace(plan, files={"main.jl": LEAVES})).warm
    warm, alone = both(sandbox, replace(plan, files={"main.jl": FINDS}))
    assert said(warm) == said(alone)
    assert warm.exit_code == 0

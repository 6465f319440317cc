"""What users get wrong, and what goes wrong around them: one sentence with the mend, and nothing half-written."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import signal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from commands import (
    ENDLESS,
    MULTIPLT,
    RIGHT,
    SQUARE,
    Done,
    completions,
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
from multiplt.rows import Row, read_rows
from processes import adopting_orphans, start, wait_until

AS_ROOT = os.geteuid() == 0


def entries(folder: Path) -> set[str]:
    """Everything below `folder`, hidden files too."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


# ---- the machine: sandbox, interpreters


@pytest.fixture(scope="module")
def tools_without(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Makes a PATH that lacks some commands."""

    def path(*hidden: str) -> dict[str, str]:
        folder = tmp_path_factory.mktemp("bin")
        for source in os.environ["PATH"].split(":"):
            for tool in Path(source).iterdir() if Path(source).is_dir() else ():
                if tool.name not in hidden and not (folder / tool.name).is_symlink():
                    (folder / tool.name).symlink_to(tool)
        return {"PATH": str(folder)}

    return path


def commands(folder: Path) -> dict[str, tuple[object, ...]]:
    """Calls of the commands that execute programs, all of which write to `out`."""
    rows = problems_with(folder, [SQUARE], RIGHT)
    settings = config(folder, 1)
    model = f"replay:{folder / 'completions.jsonl'}"
    translate = ("translate", folder / "functions.jsonl", "-l", "ocaml", "--model", model, "-n", 3)
    return {
        "execute": ("execute", write(folder / "c.jsonl", rows), "-o", folder / "out.jsonl"),
        "run": ("run", settings),
        "translate": (*translate, "-o", folder / "out"),
    }


@pytest.mark.parametrize("command", ["execute", "run", "translate"])
def test_no_bubblewrap(command: str, tmp_path: Path, tools_without: Any) -> None:
    call = commands(tmp_path)[command]
    before = entries(tmp_path)
    error = error_of(multiplt(*call, environment=tools_without("bwrap"), code=1))
    assert "bwrap is not here; install the package bubblewrap" in error
    assert entries(tmp_path) == before


def test_prompts_need_no_sandbox_where_tests_are_literals(tmp_path: Path, tools_without: Any) -> None:
    source = write(tmp_path / "f.jsonl", [SQUARE])
    multiplt("prompts", source, "-l", "ocaml", "-o", tmp_path / "p.jsonl", environment=tools_without("bwrap"))
    needing = write(tmp_path / "g.jsonl", [SQUARE | {"tests": ["assert square(2 + 2) == 4 ** 2"]}])
    call = ("prompts", needing, "-l", "ocaml", "-o", tmp_path / "q.jsonl")
    assert "bubblewrap" in error_of(multiplt(*call, environment=tools_without("bwrap"), code=1))
    assert not (tmp_path / "q.jsonl").exists()


def test_no_user_namespaces(tmp_path: Path) -> None:
    """In a namespace that allows no further ones, as some containers and distributions have it."""
    call = [str(part) for part in commands(tmp_path)["execute"]]
    script = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    argv = ["unshare", "--user", "--map-root-user", "sh", "-c", script, "sh", MULTIPLT]
    error = error_of(finish([*argv, *call], 1))
    assert "sandbox" in error or "namespaces" in error
    assert not (tmp_path / "out.jsonl").exists()
    checks = json.loads(finish([*argv, "doctor", "--json"], 1).stdout)
    assert not all(check["ok"] for check in checks)


PLUGIN = """
from multiplt_lang_ocaml import OCaml
from dataclasses import replace

class Other(OCaml):
    spec = replace(OCaml.spec, name="klingon", tag="tlh", aliases=(), {spec})
{body}
plugin = Other()
"""


def plugin(folder: Path, spec: str = "", body: str = "") -> dict[str, str]:
    """An installed language like OCaml, called klingon, but for a part of its specification and its body."""
    info = folder / "multiplt_lang_klingon-0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: multiplt-lang-klingon\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[multiplt]\nklingon = multiplt_lang_klingon:plugin\n")
    (folder / "multiplt_lang_klingon.py").write_text(PLUGIN.format(spec=spec, body=body))
    return {"PYTHONPATH": str(folder)}


def test_no_interpreter(tmp_path: Path) -> None:
    environment = plugin(tmp_path / "site", 'toolchain=("klingonc", "--version"), package="klingon-nox"')
    rows = [row | {"language": "tlh"} for row in problems_with(tmp_path, [SQUARE], RIGHT)]
    source = write(tmp_path / "c.jsonl", rows)
    error = error_of(multiplt("execute", source, "-o", tmp_path / "r.jsonl", environment=environment, code=1))
    assert "klingonc" in error
    assert "apt-get install klingon-nox" in error
    assert not (tmp_path / "r.jsonl").exists()
    listed = json.loads(multiplt("languages", "--json", environment=environment).stdout)
    assert "klingonc" in next(row["state"] for row in listed if row["language"] == "klingon")
    doctor = multiplt("doctor", environment=environment, code=1)
    assert "FAIL  language klingon" in doctor.stdout
    assert "mend: apt-get install klingon-nox" in doctor.stdout


def test_an_interpreter_that_does_not_work_scores_nobody_0(tmp_path: Path) -> None:
    body = "    def run(self, program):\n        from multiplt import Command\n        return Command('false')\n"
    rows = [row | {"language": "tlh"} for row in problems_with(tmp_path, [SQUARE], RIGHT)]
    call = ("execute", write(tmp_path / "c.jsonl", rows), "-o", tmp_path / "r.jsonl")
    error = error_of(multiplt(*call, environment=plugin(tmp_path / "site", body=body), code=1))
    assert "does not run a trivial program" in error
    assert not (tmp_path / "r.jsonl").exists()


# ---- names that are not there


def test_unknown_language(tmp_path: Path) -> None:
    source = write(tmp_path / "f.jsonl", [SQUARE])
    close = error_of(multiplt("prompts", source, "-l", "ocalm", "-o", "-", code=1))
    assert "'ocalm' is not installed; did you mean ocaml?" in close
    other = error_of(multiplt("prompts", source, "-l", "Common Lisp", "-o", "-", code=1))
    assert "pip install multiplt-lang-common-lisp" in other
    assert re.search(r"installed: .*ocaml, .*racket", other)
    rows = [{"language": "tlh", "name": "x", "prompt": "", "tests": "1", "completions": [""]}]
    call = ("execute", write(tmp_path / "c.jsonl", rows), "-o", tmp_path / "r.jsonl")
    assert "multiplt-lang-tlh" in error_of(multiplt(*call, code=1))


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("reply:x", "did you mean replay:"),
        ("openai:tiny@http://127.0.0.1:9/v1", "127.0.0.1:9"),
        ("openai:tiny", "openai:"),
        ("replay:missing.jsonl", "missing.jsonl"),
        ("nothing", "replay:FILE"),
    ],
)
def test_a_model_that_is_not_there_stops_before_any_work(model: str, said: str, tmp_path: Path) -> None:
    source = write(tmp_path / "f.jsonl", [SQUARE])
    done = multiplt("translate", source, "-l", "ocaml", "--model", model, "-o", tmp_path / "out", code=None)
    assert done.returncode in (1, 2)
    assert said in error_of(done)
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(find_spec("ray") is not None, reason="Ray is installed")
def test_a_cluster_without_ray(tmp_path: Path) -> None:
    done = multiplt("run", config(tmp_path, 1, run={"engine": "ray"}), code=1)
    assert error_of(done) == 'engine = "ray" needs Ray: pip install "multiplt[ray]", on every node'
    assert not (tmp_path / "out").exists()


def test_replay_that_runs_out_or_lacks_a_problem(tmp_path: Path) -> None:
    settings = config(tmp_path, 2)
    out = error_of(multiplt("run", settings, "--set", "sampling.n=4", code=1))
    assert "has 3 completions for problem HumanEval_0_add_0" in out
    assert "ask for 3" in out
    write(tmp_path / "completions.jsonl", completions(2)[:1])
    lacks = error_of(multiplt("run", settings, code=1))
    assert "no completions for problem HumanEval_1_add_1" in lacks
    write(tmp_path / "completions.jsonl", completions(2))
    multiplt("run", settings)


# ---- input files

FAULTS: dict[str, bytes | None] = {
    "missing": None,
    "empty": b"",
    "blank": b"\n\n",
    "malformed": json.dumps(SQUARE).encode() + b"\n{not json}\n",
    "truncated": json.dumps(SQUARE).encode() + b"\n" + json.dumps(SQUARE).encode()[:40],
    "no objects": b"[1, 2]\n3\n",
    "not UTF-8": json.dumps(SQUARE).encode() + b'\n{"name": "\xff\xfe"}\n',
    "half an archive": gzip.compress(json.dumps(SQUARE).encode() * 50)[:60],
    "Parquet cut off": b"PAR1" + b"\0" * 50,
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("command", ["prompts", "execute", "run"])
def test_input_that_cannot_be_read(command: str, fault: str, tmp_path: Path) -> None:
    path, data = tmp_path / "input.jsonl", FAULTS[fault]
    if data is not None:
        path.write_bytes(data)
    calls: dict[str, tuple[object, ...]] = {
        "prompts": ("prompts", path, "-l", "ocaml", "-o", tmp_path / "out.jsonl"),
        "execute": ("execute", path, "-o", tmp_path / "out.jsonl"),
        "run": ("run", config(tmp_path, 1, source={"functions": "input.jsonl"})),
    }
    error = error_of(multiplt(*calls[command], code=1))
    assert str(path) in error
    assert not (tmp_path / "out.jsonl").exists()
    assert not list(tmp_path.rglob("*.tmp"))
    assert not (tmp_path / "out" / "dataset").exists()


@pytest.mark.parametrize("command", ["prompts", "execute"])
def test_input_that_is_a_folder_of_something_else(command: str, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "notes.txt").write_text("nothing")
    options = ("-l", "ocaml") if command == "prompts" else ()
    error = error_of(multiplt(command, folder, *options, "-o", tmp_path / "out.jsonl", code=1))
    assert f"{folder} holds no" in error


# ---- rows


def test_functions_that_are_wrong_are_set_aside(tmp_path: Path) -> None:
    wrong: dict[str, Row] = {
        "no tests": {"tests": []},
        "has no field tests": {"tests": "assert square(2) == 4"},
        "has no field entrypoint": {"entrypoint": None},
        "a test is not text": {"tests": [1, 2]},
        "none of its tests can be used": {"tests": ["assert square('a') == 1", "assert square() == 1"]},
        "raises": {"tests": ["assert square(int('x')) == 1"]},
        "the source is not Python": {"content": "def square(n:\n    return"},
        "there is no": {"entrypoint": "cube"},
        "test": {"tests": ["print(square(2))", "square(2) == 4", "assert True"]},
    }
    rows = [SQUARE, *(SQUARE | change | {"id": number} for number, change in enumerate(wrong.values(), 100)), SQUARE]
    out = tmp_path / "p.jsonl"
    done = multiplt("prompts", write(tmp_path / "f.jsonl", rows), "-l", "ocaml", "-o", out)
    assert [row["name"] for row in read(out)] == ["HumanEval_7_square"] * 2
    rejected = read(tmp_path / "p.rejected.jsonl")
    assert [row["id"] for row in rejected] == [100 + number for number in range(len(wrong))]
    for row, said in zip(rejected, wrong, strict=True):
        assert said in row["reason"], (row["id"], row["reason"])
    assert f"{len(wrong)} rows set aside" in done.stderr


def test_a_run_sets_aside_the_same_functions(tmp_path: Path) -> None:
    settings = config(tmp_path, 2)
    rows = [*functions(2), SQUARE | {"tests": []}, SQUARE | {"content": 'def square(n):\n    return "\ud800"\n'}]
    write(tmp_path / "functions.jsonl", rows)
    done = multiplt("run", settings)
    assert "ocaml: 1 row set aside in prompts: 1 for the row has no tests" in done.stderr
    assert "1 row set aside in import" in done.stderr
    assert " ".join(done.stdout.split()).count("ocaml 4 2 6") == 1


def test_rows_to_execute_that_are_wrong_are_set_aside(tmp_path: Path) -> None:
    (good,) = problems_with(tmp_path, [SQUARE], RIGHT)
    compat = {name: value for name, value in good.items() if name != "multiplt"}
    wrong: dict[str, Row] = {
        "the row has no list of completions": good | {"completions": None},
        "no list of completions": {name: value for name, value in good.items() if name != "completions"},
        "list of completions": good | {"completions": ["x", 3]},
        "name": good | {"name": None},
        "prompt": good | {"prompt": 3},
        "tests": compat | {"tests": ["a"]},
        "the row has no tests": compat | {"tests": ""},
        "multiplt": good | {"multiplt": {"version": 99}},
        "language": good | {"language": 5},
    }
    rows = [good, *wrong.values(), good]
    done = multiplt("execute", write(tmp_path / "c.jsonl", rows), "-o", tmp_path / "r.jsonl")
    assert [row["results"][0]["status"] for row in read(tmp_path / "r.jsonl")] == ["OK", "OK"]
    rejected = read(tmp_path / "r.rejected.jsonl")
    for row, said in zip(rejected, wrong, strict=True):
        assert said in row["reason"], row["reason"]
    assert f"{len(wrong)} rows set aside" in done.stderr


def test_wrong_files_of_a_folder_are_set_aside(tmp_path: Path) -> None:
    (good,) = problems_with(tmp_path, [SQUARE], RIGHT)
    folder, out = tmp_path / "completions", tmp_path / "results"
    folder.mkdir()
    data = gzip.compress(json.dumps(good).encode())
    (folder / "a.json.gz").write_bytes(data[:-20])
    (folder / "b.json.gz").write_bytes(data)
    (folder / "c.json").write_text("[]")
    (folder / "d.json").write_text(json.dumps(good | {"completions": "x"}))
    done = multiplt("execute", folder, "-o", out)
    assert [path.name for path in out.glob("*.results.*")] == ["b.results.json.gz"]
    assert len(read(out / "rejected.jsonl")) == 3
    assert "3 rows set aside" in done.stderr


def test_hostile_completions_get_their_verdict(tmp_path: Path) -> None:
    """None stops the others, and each is judged: the last proves that the machine still works."""
    answers = [
        " n * n\0\n",
        " \0",
        ' String.length "\ud800" * 0 + n * n\n',
        " n * n (*" + "x" * 10_000_000 + "*)\n",
        "(" * 10_000_000,
        ENDLESS,
        "",
        RIGHT,
    ]
    source = write(tmp_path / "c.jsonl", problems_with(tmp_path, [SQUARE], *answers))
    multiplt("execute", source, "-o", tmp_path / "r.jsonl", "--timeout", 5)
    (row,) = read(tmp_path / "r.jsonl")
    statuses = [result["verdict"]["status"] for result in row["results"]]
    assert len(statuses) == len(answers)
    assert statuses[-1] == "OK"
    assert statuses[5] == "Timeout"
    assert "OK" not in (statuses[1], statuses[4], statuses[6])


FAILING = {
    "build_program": "    def build_program(self, problem, completion):\n"
    "        if 'BAD' in completion.code:\n            raise ValueError('no such luck')\n"
    "        return super().build_program(problem, completion)\n",
    "parse_result": "    def parse_result(self, problem, program, outcome):\n"
    "        if 'BAD' in program.text:\n            raise ValueError('no such luck')\n"
    "        return super().parse_result(problem, program, outcome)\n",
    "extract_completion": "    def extract_completion(self, problem, text):\n"
    "        if 'BAD' in text:\n            raise ValueError('no such luck')\n"
    "        return super().extract_completion(problem, text)\n",
    "clean": "    def clean(self, problem, completion):\n"
    "        if 'BAD' in completion.code:\n            raise ValueError('no such luck')\n"
    "        return super().clean(problem, completion)\n",
}


@pytest.mark.parametrize("hook", [hook for hook in FAILING if hook != "clean"])
def test_execute_sets_aside_a_row_that_a_plugin_fails_in(hook: str, tmp_path: Path) -> None:
    environment = plugin(tmp_path / "site", body=FAILING[hook])
    rows = [row | {"language": "tlh"} for row in problems_with(tmp_path, functions(3), " n\n")]
    rows[1]["completions"] = [" n\n", " n (* BAD *)\n"]
    source, out = write(tmp_path / "c.jsonl", rows), tmp_path / "r.jsonl"
    done = multiplt("execute", source, "-o", out, "--extract", environment=environment)
    assert [row["name"] for row in read(out)] == ["HumanEval_0_add_0", "HumanEval_2_add_2"]
    (rejected,) = read(tmp_path / "r.rejected.jsonl")
    assert "completion 1: the plugin of klingon (klingon) failed in" in rejected["reason"]
    assert "ValueError: no such luck" in rejected["reason"]
    assert "1 row set aside" in done.stderr


@pytest.mark.parametrize("hook", FAILING)
def test_a_run_loses_the_completion_that_a_plugin_fails_in(hook: str, tmp_path: Path) -> None:
    environment = plugin(tmp_path / "site", body=FAILING[hook])
    settings = config(tmp_path, 2, run={"languages": ["klingon"]})
    rows = [row | {"language": "tlh"} for row in completions(2)]
    rows[0]["completions"][1] = " n + 0 (* BAD *)\n"
    write(tmp_path / "completions.jsonl", rows)
    multiplt("run", settings, environment=environment)
    assert len(list(read_rows(tmp_path / "out" / "dataset" / "klingon.parquet"))) == 2
    rejected = [row for path in (tmp_path / "out" / "translations").rglob("*.rejected.jsonl") for row in read(path)]
    (failed,) = [row for row in rejected if "no such luck" in row["reason"]]
    assert (failed["name"], failed["completion"]) == ("HumanEval_0_add_0", 1)


# ---- settings

WHOLE = "run = {output = 'o', languages = ['ocaml']}\nsource = {functions = 'f'}\nmodel = {name = 'replay:c'}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[run]\noutput = 'out'\nlanguage = ['ocaml']", "run.language is no setting; did you mean languages?"),
        ("[runn]\n", "runn is no setting; did you mean run?"),
        ("[run]\noutput = 'out'\nlanguages = 'ocaml'", "run.languages"),
        (WHOLE + "[sampling]\nn = 'many'", "sampling.n is 'many' and should be a valid integer"),
        (WHOLE + "[execute]\ntimeout = 0", "execute.timeout is 0 and should be greater than 0"),
        ("[run]\noutput = 'out'\nlanguages = ['ocaml']\n", "add the section"),
        ("[run]\nlanguages = ['ocaml']", "run.output is missing"),
        (WHOLE.replace("}", ", ray_address = 'auto'}", 1), 'should have engine = "ray" beside ray_address'),
        (WHOLE.replace("}", ", mirror_every = 0}", 1), "run.mirror_every is 0 and should be greater than 0"),
        ("run = 3", "should be a section"),
        ("[run\n", "is not TOML"),
        ("\xff", "is not UTF-8"),
    ],
)
def test_a_wrong_configuration(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(text.encode("latin-1"))
    error = error_of(multiplt("run", tmp_path / "config.toml", code=1))
    assert said in error
    assert str(tmp_path / "config.toml") in error
    assert entries(tmp_path) == {"config.toml"}


def test_a_wrong_override_is_wrong_use(tmp_path: Path) -> None:
    settings = config(tmp_path, 1)
    overrides = {"sampling.top=3": "did you mean top_p?", "sampling": "section.key=value", "run.seed=x": "run.seed"}
    for override, said in overrides.items():
        assert said in error_of(multiplt("run", settings, "--set", override, code=2))
    assert "cannot read the configuration" in error_of(multiplt("run", tmp_path / "none.toml", code=1))
    assert not (tmp_path / "out").exists()


# ---- outputs


def test_an_output_that_is_something_else(tmp_path: Path) -> None:
    source = write(tmp_path / "c.jsonl", problems_with(tmp_path, [SQUARE], RIGHT))
    before = source.read_bytes()
    assert "holds something else" in error_of(multiplt("execute", source, "-o", source, code=1))
    assert "is a folder" in error_of(multiplt("execute", source, "-o", tmp_path, code=2))
    assert "says no form" in error_of(multiplt("execute", source, "-o", tmp_path / "out.csv", code=2))
    assert "says no form" in error_of(multiplt("prompts", source, "-l", "ocaml", "-o", tmp_path / "out.csv", code=2))
    assert str(tmp_path) in error_of(multiplt("prompts", source, "-l", "ocaml", "-o", tmp_path, code=1))
    folder = tmp_path / "folder"
    folder.mkdir()
    shutil.copy(source, folder / "x.json")
    assert "is no folder" in error_of(multiplt("execute", folder, "-o", source, code=2))
    assert "is no folder" in error_of(multiplt("execute", folder, "-o", "-", code=2))
    assert source.read_bytes() == before
    settings = config(tmp_path, 1, run={"output": str(source)})
    assert str(source) in error_of(multiplt("run", settings, code=1))
    assert source.read_bytes() == before
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def unprivileged(*arguments: object, code: int) -> Done:
    """Run multiplt without root's right to write everywhere."""
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"]
    return finish([*(drop if AS_ROOT else []), MULTIPLT, *map(str, arguments)], code)


@pytest.mark.parametrize("command", ["prompts", "execute", "run"])
def test_an_output_that_cannot_be_written(command: str, tmp_path: Path) -> None:
    rows = problems_with(tmp_path, [SQUARE], RIGHT)
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    calls: dict[str, tuple[object, ...]] = {
        "prompts": ("prompts", write(tmp_path / "f.jsonl", [SQUARE]), "-l", "ocaml", "-o", locked / "p.jsonl"),
        "execute": ("execute", write(tmp_path / "c.jsonl", rows), "-o", locked / "r.jsonl"),
        "run": ("run", config(tmp_path, 1, run={"output": str(locked / "out")})),
    }
    error = error_of(unprivileged(*calls[command], code=1))
    assert f"cannot write {locked}" in error
    assert "Permission denied" in error
    assert not list(locked.iterdir())


def on_a_small_disk(folder: Path, size: str, script: str, *arguments: object, code: int | None) -> Done:
    """Run a script in which `folder` is a disk of its own, of `size`, and "$@" a command of multiplt."""
    mounted = f"mount -t tmpfs -o size={size} none '{folder}' && {script}"
    return finish(["unshare", "--mount", "sh", "-c", mounted, "sh", MULTIPLT, *map(str, arguments)], code)


@pytest.mark.skipif(not AS_ROOT, reason="mounts a disk")
@pytest.mark.parametrize("command", ["prompts", "execute", "run"])
def test_a_full_disk(command: str, tmp_path: Path) -> None:
    """It says so, leaves nothing half-written, and goes on when there is room."""
    disk = tmp_path / "disk"
    disk.mkdir()
    rows = problems_with(tmp_path, functions(12), " n\n")
    calls: dict[str, tuple[object, ...]] = {
        "prompts": ("prompts", write(tmp_path / "f.jsonl", functions(60)), "-l", "ocaml", "-o", disk / "p.jsonl"),
        "execute": ("execute", write(tmp_path / "c.jsonl", rows), "-o", disk / "r.jsonl"),
        "run": ("run", config(tmp_path, 12, run={"output": str(disk / "out")})),
    }
    half_written = f'find "{disk}" -name "*.tmp" -o -name p.jsonl -o -name r.jsonl'
    failed = on_a_small_disk(disk, "12k", f'"$@"; code=$?; {half_written}; exit $code', *calls[command], code=1)
    assert error_of(failed).startswith("no space left for ")
    assert failed.stdout == ""
    goes_on = f'"$@"; [ $? = 1 ] && mount -o remount,size=64m "{disk}" && exec "$@"'
    done = on_a_small_disk(disk, "12k", goes_on, *calls[command], code=0)
    if command == "run":
        assert "12 validated" in done.stdout


def test_a_full_standard_output(tmp_path: Path) -> None:
    source = write(tmp_path / "f.jsonl", functions(20))
    script = f"'{MULTIPLT}' prompts '{source}' -l ocaml -o - > /dev/full"
    assert error_of(finish(["sh", "-c", script], 1)).startswith("no space left for standard output")
    assert "No space left" in error_of(finish(["sh", "-c", f"'{MULTIPLT}' languages > /dev/full"], 1))


# ---- being stopped


def long_work(command: str, folder: Path) -> tuple[list[object], Path]:
    """A call that takes some seconds, and where its results are."""
    if command == "run":
        return ["run", config(folder, 12)], folder / "out"
    rows = problems_with(folder, functions(12), *(f" n + {n}\n" for n in range(3)))
    return ["execute", write(folder / "c.jsonl", rows), "-o", folder / "r.jsonl"], folder / "r.jsonl"


def outcome(command: str, path: Path) -> Any:
    if command == "execute":
        return timeless(read(path))
    stages = [path / stage / "ocaml" for stage in ("prompts", "attempts", "translations")]
    return [timeless(list(read_rows(stage))) for stage in (*stages, path / "dataset")]


@pytest.fixture(scope="module", params=["run", "execute"])
def uninterrupted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Any]:
    """A command, and what it comes to when nothing disturbs it."""
    call, path = long_work(request.param, tmp_path_factory.mktemp("whole"))
    multiplt(*call)
    return request.param, outcome(request.param, path)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_in_the_middle(number: int, code: int, uninterrupted: tuple[str, Any], tmp_path: Path) -> None:
    """Ctrl-C and SIGTERM end everything at once, in order; the same call goes on to the same rows."""
    command, expected = uninterrupted
    call, path = long_work(command, tmp_path)
    with adopting_orphans() as orphans:
        process = start(*call)
        progressed = tmp_path / "out" / "attempts" / "ocaml" if command == "run" else tmp_path / ".r.jsonl.partial"
        wait_until(lambda: progressed.exists() and (progressed.is_dir() or progressed.stat().st_size), process)
        os.killpg(process.pid, number)  # as a terminal does
        said = process.communicate(timeout=30)[1]
        assert process.returncode == code, said
        assert not orphans()
    assert said.rstrip().splitlines()[-1].startswith("Interrupted: what was finished is kept")
    assert "Traceback" not in said
    assert not list(tmp_path.rglob("*.tmp"))
    multiplt(*call)
    assert outcome(command, path) == expected


@pytest.mark.parametrize("command", ["run", "execute"])
def test_two_runs_on_one_output(command: str, tmp_path: Path) -> None:
    call, path = long_work(command, tmp_path)
    lock = path / ".lock" if command == "run" else path.with_name(f".{path.name}.lock")
    first = start(*call)
    wait_until(lambda: lock.exists() and lock.read_text(), first)
    first.send_signal(signal.SIGSTOP)  # else it may be done before the second has started
    try:
        error = error_of(multiplt(*call, code=1))
    finally:
        first.send_signal(signal.SIGCONT)
    assert f"{path} is being written by another run (process {first.pid})" in error
    said = first.communicate(timeout=120)[1]
    assert first.returncode == 0, said
    assert not lock.exists()
    multiplt(*call)

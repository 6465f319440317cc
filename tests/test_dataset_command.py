"""The training set as a user makes it: built, read by `datasets`, described, pushed, mixed."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from commands import config, error_of, functions, multiplt, read, write
from hub_server import hub
from multiplt.cli import main
from multiplt.errors import MultipltError
from multiplt.rows import Row, read_rows

FIELDS = ["content", "pass_rate", "id", "original_id", "tests", "edu_score"]
BODIES = (
    "local total = 0\n    for _, item in ipairs(items) do\n        total = total + item\n    end\n    return total\n",
    "return items[1] and items[1] * {n} or select('#', {n})\n",
    "local total = 0\n    for _, value in ipairs(items) do\n        total = total + value\n    end\n    return total\n",
)
"""The third is a near-duplicate of the first."""


def translation(number: int, completion: int = 0, pass_rate: float = 0.5, language: str = "lua") -> Row:
    """A row as `multiplt translate` writes it; the name and the text tell functions apart."""
    word = "".join(chr(ord("a") + int(digit)) for digit in str(number)) * 3
    body = BODIES[completion].replace("{n}", f"{word} + {word} .. {word}({word})").replace("items", word)
    return {
        "name": f"HumanEval_{number}_{word}",
        "language": language,
        "completion": completion,
        "original_id": number,
        "content": f"-- What {word} says.\nlocal function {word}({word})\n    {body}end\n",
        "tests": f"assert({word}({{1}}) == 1)\n",
        "pass_rate": pass_rate,
    }


def translations(count: int = 6, **changes: Any) -> list[Row]:
    return [translation(number, completion, **changes) for number in range(count) for completion in range(3)]


def dataset(*arguments: object, code: int = 0) -> Result:
    """`multiplt dataset …` in this process, which is faster."""
    done = CliRunner().invoke(main, ["dataset", *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done


def error(*arguments: object, code: int = 1) -> str:
    """The one sentence with which `multiplt dataset …` ends."""
    (said,) = [line for line in dataset(*arguments, code=code).stderr.splitlines() if line.startswith("Error: ")]
    return said


def build(folder: Path, rows: list[Row], *options: object, out: str = "set") -> Path:
    dataset("build", write(folder / "rows.jsonl", rows), "-o", folder / out, *options)
    return folder / out


def load(folder: Path, cache: Path) -> Any:
    """What `datasets` makes of a folder."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    import datasets

    datasets.disable_progress_bars()
    return datasets.load_dataset(str(folder), cache_dir=str(cache))


def data(folder: Path, language: str = "lua") -> list[Row]:
    return list(read_rows(folder / "data" / f"{language}-00000-of-00001.parquet"))


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# ---- build


def test_datasets_reads_one_split_for_each_language(tmp_path: Path) -> None:
    rows = [*translations(), *translations(4, language="rkt"), *translations(2, language="r")]
    scored = [*rows, translation(9) | {"edu_score": 3.5}]
    out = build(tmp_path, scored, "--strategy", "all")
    loaded = load(out, tmp_path / "cache")
    assert {name: len(split) for name, split in loaded.items()} == {"lua": 19, "r": 6, "racket": 12}
    for name, split in loaded.items():
        assert split.column_names == FIELDS
        assert {field: kind.dtype for field, kind in split.features.items()} == {
            "content": "string", "pass_rate": "float64", "id": "int64", "original_id": "int64", "tests": "string",
            "edu_score": "float64",
        }  # fmt: skip
        assert split["id"][:] == list(range(len(split))), name
    first = translation(0)
    expected = [first["content"], 0.5, 0, 0, first["tests"], None]
    assert loaded["lua"][0] == dict(zip(FIELDS, expected, strict=True))
    assert loaded["lua"][18]["edu_score"] == 3.5
    assert not (out / "rejected.jsonl").exists()


def test_commands_read_a_split_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = build(tmp_path, [*translations(2), *translations(2, language="r")], "--strategy", "all")
    assert list(read_rows(f"{out}:r")) == data(out, "r")
    monkeypatch.chdir(tmp_path.parent)
    assert list(read_rows(f"{tmp_path.name}/set:lua")) == data(out)  # although it reads as a name on the Hub
    with pytest.raises(MultipltError, match=r"has the splits lua, r; name one, as .*set:lua"):
        read_rows(out)
    with pytest.raises(MultipltError, match=r"set has no split 'ocaml'; it has lua, r"):
        read_rows(f"{out}:ocaml")
    assert list(read_rows(build(tmp_path, translations(2), "--strategy", "all", out="one"))) == data(tmp_path / "one")


def test_ids_that_are_text_are_text_in_every_split(tmp_path: Path) -> None:
    rows = [
        translation(1),
        translation(2, language="r") | {"original_id": "6f1c"},
        translation(3) | {"original_id": None},
    ]
    loaded = load(build(tmp_path, rows, "--strategy", "all"), tmp_path / "cache")
    assert [loaded["lua"]["original_id"][:], loaded["r"]["original_id"][:]] == [["1", None], ["6f1c"]]


@pytest.mark.parametrize(("strategy", "kept"), [("all", 18), ("random", 6), ("best", 6), ("dedup", 7)])
def test_every_row_is_kept_or_accounted_for_and_the_same_call_gives_the_same_files(
    strategy: str, kept: int, tmp_path: Path
) -> None:
    out = build(tmp_path, translations(), "--strategy", strategy)
    rejected = read(out / "rejected.jsonl") if strategy != "all" else []
    assert len(data(out)) == kept
    assert len(rejected) == 18 - kept
    for row in rejected:
        assert row["reason"].startswith(("another solution of the function", "it is nearly the same as a"))
        assert row["detail"]["keeper"].startswith("HumanEval_")
        assert row["language"] == "lua"
    again = build(tmp_path, translations(), "--strategy", strategy, out="again")
    assert files(out) == files(again)


def test_near_duplicates_go_within_a_function_first_and_the_higher_pass_rate_stays(tmp_path: Path) -> None:
    rows = [translation(1, 0, 0.2), translation(1, 2, 0.2), translation(2, 0, 0.9), translation(2, 1, 0.9)]
    out = build(tmp_path, rows)
    assert [row["content"] for row in data(out)] == [rows[2]["content"], rows[3]["content"]]
    within, across = read(out / "rejected.jsonl")[1], read(out / "rejected.jsonl")[0]
    assert (within["completion"], within["detail"]["keeper"]) == (2, f"{rows[0]['name']}/0")
    assert within["reason"] == "it is nearly the same as another translation of its problem"
    assert across["detail"]["keeper"] == f"{rows[2]['name']}/0"
    assert across["reason"] == "it is nearly the same as a translation of another problem"
    assert len(data(build(tmp_path, rows, "--threshold", 1.0))) == 4


def test_what_is_no_translation_is_set_aside_and_a_program_counts_once(tmp_path: Path) -> None:
    rows = [translation(1), translation(1), translation(2) | {"content": ""}, translation(3, language="zig")]
    done = dataset("build", write(tmp_path / "r.jsonl", rows), "-o", tmp_path / "set", "--json")
    first, second = json.loads(done.stdout)
    assert (first["rows_in"], first["rows_kept"], second["rows_kept"]) == (4, 1, 1)
    reasons = [row["reason"] for row in read(tmp_path / "set" / "rejected.jsonl")]
    assert reasons[:2] == ["the same program as an earlier solution of the function", "it has no content"]
    assert "language 'zig' is not installed" in reasons[2]


def test_published_rows_are_read_with_their_language_named(tmp_path: Path) -> None:
    fields = [field for field in FIELDS if field != "edu_score"]
    published = [{field: row.get(field, 3) for field in fields} for row in translations(3)]
    rows = write(tmp_path / "published.jsonl", published)
    assert "it has no language" in error("build", rows, "-o", tmp_path / "set")
    dataset("build", rows, "-l", "lua", "-o", tmp_path / "set", "--strategy", "best")
    assert [row["original_id"] for row in data(tmp_path / "set")] == [0, 1, 2]
    dataset("build", rows, "-l", "lua", "-o", tmp_path / "set")
    assert len(data(tmp_path / "set")) == 4


def test_what_multiplt_did_not_write_is_not_replaced(tmp_path: Path) -> None:
    rows = write(tmp_path / "rows.jsonl", translations())
    call = ("build", rows, "--strategy", "all", "-o")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    assert "is there and no training set" in error(*call, tmp_path / "mine")
    assert "is there and no training set" in error(*call, "/")
    assert "is a file; choose another output" in error(*call, rows)
    out = build(tmp_path, translations(2))
    (out / "README.md").write_text("my own words")
    assert "holds README.md, which multiplt did not write" in error(*call, out)
    assert "was not written by multiplt" in error("card", out)
    (out / "README.md").unlink()
    dataset("card", out)
    dataset(*call, out)
    assert sorted(files(out)) == ["data/lua-00000-of-00001.parquet", "multiplt.json"]
    assert files(tmp_path / "mine") == {"notes.txt": b"mine"}
    assert {path.name for path in tmp_path.iterdir()} == {"rows.jsonl", "mine", "set"}


def test_a_language_of_which_nothing_is_left_has_no_split(tmp_path: Path) -> None:
    long = translation(1, language="r") | {"content": "x " * 20_001}
    assert list(load(build(tmp_path, [*translations(2), long]), tmp_path / "cache")) == ["lua"]
    rows = write(tmp_path / "long.jsonl", [long])
    assert "no translation is left (it has a line of 20,001 tokens" in error("build", rows, "-o", tmp_path / "other")


def test_wrong_sources_stop_before_anything_is_written(tmp_path: Path) -> None:
    tested = write(tmp_path / "functions.jsonl", functions(2))
    call = ("build", "-o", tmp_path / "set")
    assert "none of the rows is a translation (it has no language)" in error(*call, tested)
    assert "there is no file or folder" in error(*call, tmp_path / "gone")
    assert {path.name for path in tmp_path.iterdir()} == {"functions.jsonl"}


# ---- card


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run over six functions, of which three are under two licences; a training set of it in `set`."""
    folder = tmp_path_factory.mktemp("run")
    path = config(folder, 6)
    licences = ["MIT", ["MIT"], ["Apache-2.0", "MIT"]]
    licensed = [row | {"licence": said} for row, said in zip(functions(6), licences, strict=False)]
    write(folder / "functions.jsonl", [*licensed, *functions(6)[3:]])
    multiplt("run", path)
    dataset("build", folder / "out", "-o", folder / "set", "--strategy", "random")
    return folder


def test_a_card_has_counts_funnel_yields_settings_and_licences(run: Path, tmp_path: Path) -> None:
    from huggingface_hub import DatasetCard

    model = "openai:star@http://10.1.2.3:8000/v1"
    done = dataset("card", run / "set", "--run", run / "out", "--model", model, "--name", "Sums")
    card = DatasetCard.load(Path(done.stdout.strip()))
    about = card.data.to_dict()
    assert about["configs"] == [
        {"config_name": "default", "data_files": [{"split": "ocaml", "path": "data/ocaml-00000-of-00001.parquet"}]}
    ]
    assert (about["license"], about["size_categories"], about["pretty_name"]) == ("other", ["n<1K"], "Sums")
    for said in (
        "6 programs in ocaml",
        "| ocaml | 6 | 6 | 33.3% |",
        "| ocaml: model | openai:star |",
        "one translation of each function, drawn at random (seed 0)",
        "temperature 0.8, top\\_p 0.95, max\\_tokens 512, 3 completions for each problem, seed 0",
        "| ocaml: prompts | for completion, with the Python solution |",
        "| ocaml: executed by | The OCaml toplevel",
        ", 30 s and 1024 MiB for a program |",
        "6 functions became 6 problems; 6 of them (100.0%) have a validated translation",
        "6 of 18 completions (33.3%) are distinct programs that passed",
        "|  | 6 | 33.3% | set aside: AssertionError |",
        "| random ocaml | 6 |  | came in |",
        "| MIT | 2 |",
        "| Apache-2.0, MIT | 1 |",
        "| not known | 3 |",
        "## Limits",
    ):
        assert said in card.text, said
    assert "10.1.2.3" not in card.content
    assert str(run) not in card.content
    assert list(load(run / "set", tmp_path / "cache")) == ["ocaml"]
    dataset("card", run / "set", "--run", run / "out")
    assert "| ocaml: model | replay:completions.jsonl |" in (run / "set" / "README.md").read_text()


def test_a_card_says_what_is_not_known(run: Path, tmp_path: Path) -> None:
    out = build(tmp_path, [translation(1), translation(2, language="r")], "--strategy", "all")
    text = Path(dataset("card", out).stdout.strip()).read_text()
    assert 'license: "unknown"' in text
    assert "| lua: model | not known |" in text
    assert "| lua: sampling, execution | not known |" in text
    assert "How the translations came about is not known: no run was given." in text
    assert "The licences of the Python functions are not known" in text
    wrong = error("card", out, "--run", run / "out")
    assert "holds no translations to lua or r; give the run's folder" in wrong
    assert "is no training set" in error("card", tmp_path)


# ---- push


def environment(tmp_path: Path, url: str = "http://127.0.0.1:9", **others: str) -> dict[str, str]:
    """Of a user without a token, for a Hub that is not there unless one is given."""
    return {"HF_HOME": str(tmp_path / "home"), "HF_TOKEN": "", "HF_ENDPOINT": url, "HF_HUB_OFFLINE": "0", **others}


def test_push_sends_card_and_data_in_one_commit_and_removes_what_is_no_longer_there(tmp_path: Path) -> None:
    out = build(tmp_path, [translation(1), translation(2, language="r")], "--strategy", "all")
    with hub() as state:
        around = environment(tmp_path, state.url, HF_TOKEN="hf_token")
        done = multiplt("dataset", "push", out, "me/set", "--private", environment=around)
        assert done.stdout == f"{state.url}/datasets/me/set/commit/1\n"
        assert "has no card" in done.stderr
        assert state.private
        assert state.files == {path: data for path, data in files(out).items() if path.startswith("data/")}
        build(tmp_path, [translation(3)], "--strategy", "all")
        dataset("card", out)
        multiplt("dataset", "push", out, "me/set", environment=around)
        sent = {"README.md", "data/lua-00000-of-00001.parquet"}
        assert state.files == {path: data for path, data in files(out).items() if path in sent}
        assert state.commits == 2
        state.private = False
        public = error_of(multiplt("dataset", "push", out, "me/set", "--private", environment=around, code=1))
        assert "me/set is there and public" in public
        assert state.commits == 2


def test_a_dry_run_lists_what_would_be_sent_and_needs_no_network_and_no_library(tmp_path: Path) -> None:
    out = build(tmp_path, translations(2), "--strategy", "random")
    dataset("card", out)
    without = tmp_path / "site" / "huggingface_hub"
    without.mkdir(parents=True)
    (without / "__init__.py").write_text("raise ImportError")
    path = os.pathsep.join(filter(None, (str(without.parent), os.environ.get("PYTHONPATH"))))
    around = environment(tmp_path, PYTHONPATH=path)
    done = multiplt("dataset", "push", out, "me/set", "--dry-run", environment=around)
    *listed, total = [line.split() for line in done.stdout.replace(",", "").splitlines()]
    expected = {name: len(data) for name, data in files(out).items() if name not in ("multiplt.json", "rejected.jsonl")}
    assert {name: int(size) for size, name in listed} == expected
    assert " ".join(total) == f"{sum(expected.values())} bytes in 2 files would be sent to me/set"
    missing = error_of(multiplt("dataset", "push", out, "me/set", environment=around, code=1))
    assert missing == "sending to the Hub needs the package huggingface_hub; pip install multiplt[hub]"


def test_push_says_in_one_sentence_what_is_missing(tmp_path: Path) -> None:
    out = build(tmp_path, translations(2), "--strategy", "all")
    push = ("dataset", "push", out)
    around = environment(tmp_path)
    assert "there is no token for the Hub" in error_of(multiplt(*push, "me/set", environment=around, code=1))
    around["HF_TOKEN"] = "hf_token"
    assert "cannot send to me/set on the Hub" in error_of(multiplt(*push, "me/set", environment=around, code=1))
    assert "write it as OWNER/NAME" in error("push", out, "set", code=2)
    assert "is no training set" in error("push", tmp_path, "me/set", "--dry-run")
    (out / "data" / "lua-00000-of-00001.parquet").unlink()
    assert "build it again" in error("push", out, "me/set", "--dry-run")


# ---- mix


def test_a_mixture_states_what_it_took_and_is_the_same_again(tmp_path: Path) -> None:
    ours = write(tmp_path / "ours.jsonl", translations(20))
    stack = write(tmp_path / "stack.jsonl", [{"content": f"print({n})", "hexsha": "ab"} for n in range(50)])
    call = ("mix", ours, "--stack", stack, "--share", 0.25, "--items", 40, "--json")
    done = dataset(*call, "-o", tmp_path / "mix.parquet")
    rows = list(read_rows(tmp_path / "mix.parquet"))
    assert Counter(row["source"] for row in rows) == {"dataset": 30, "stack": 10}
    taken = json.loads(done.stdout)
    assert [(part["kind"], part["items"]) for part in taken] == [("dataset", 30), ("stack", 10)]
    assert sum(part["tokens"] for part in taken) == sum(len(row["content"].split()) for row in rows)
    dataset(*call, "-o", tmp_path / "again.parquet")
    assert (tmp_path / "mix.parquet").read_bytes() == (tmp_path / "again.parquet").read_bytes()


def test_a_mixture_is_balanced_by_the_tokens_of_another_set_and_a_tokenizer(tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    letters = tokenizers.models.WordLevel({letter: number for number, letter in enumerate("abc?")}, unk_token="?")
    tokenizer = tokenizers.Tokenizer(letters)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Split("", "isolated")
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    big = write(tmp_path / "big.jsonl", [{"content": "ab" * (n + 1)} for n in range(30)])
    small = write(tmp_path / "small.jsonl", [{"content": "abc"}, {"content": "cab b"}])
    call = ("mix", big, "--tokens-of", small, "-o", tmp_path / "out.jsonl", "--json")
    for chosen, tokens in (((), 3), (("--tokenizer", tmp_path), 8), (("--tokenizer", tmp_path / "tokenizer.json"), 8)):
        (taken,) = json.loads(dataset(*call, *chosen).stdout)
        lengths = [len(row["content"]) for row in read(tmp_path / "out.jsonl")]
        assert taken["tokens"] == (sum(lengths) if chosen else len(lengths))
        assert taken["tokens"] <= tokens


def test_a_mixture_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    ours, blank = (
        write(tmp_path / "ours.jsonl", translations(2)),
        write(tmp_path / "blank.jsonl", [{"content": " "}, {"content": "\ud800"}]),
    )
    call = ("mix", ours, "-o", tmp_path / "out.jsonl")
    assert "one size; give one of --items" in error(*call, code=2)
    assert "one size; give one of --items" in error(*call, "--items", 3, "--tokens", 3, code=2)
    assert "holds 6 items and 7 are to be taken of it" in error(*call, "--items", 7)
    assert "name that with --stack" in error(*call, "--items", 3, "--share", 0.3, code=2)
    assert "no row with text" in error(*call, "--items", 2, "--stack", blank)
    tokenizer = ("--tokenizer", tmp_path / "ours.jsonl")
    assert "cannot load the tokenizer" in error(*call, "--items", 2, *tokenizer)
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize("command", ["build", "card", "push", "mix"])
def test_every_command_has_an_example(command: str) -> None:
    assert f"multiplt dataset {command}" in dataset(command, "--help").stdout.split("Example:")[1]

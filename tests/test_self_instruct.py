"""The example of self-instruction: what a model writes is run in the sandbox, and kept where it runs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from commands import ROOT, Done, error_of, finish, read, write
from multiplt.rows import Row

SCRIPT = ROOT / "examples" / "self-instruct" / "self_instruct.py"
SEEDS = [
    f"-- {doc}\nlocal function {name}(x)\n    return {result}\nend\n"
    for doc, name, result in (
        ("Give back what is given.", "same", "x"),
        ("Twice, and one.", "odd", "1 + x * 2"),
        ("A pair of it.", "pair", "{x, x}"),
        ("A third of it, negated.", "third", "-x // 3"),
    )
]
EACH = "local made = {}\n    for i, v in ipairs(xs) do\n        made[i] = v + 1\n    end\n    return made\nend\n"
ANSWERS = {
    f" Add one to each.\nlocal function each(xs)\n    {EACH}assert(each({{1}})[1] == 2)\n": "",
    " Wrong by its own test.\nlocal function f(x)\n    return x\nend\nassert(f(1) == 2)\n": "Exception",
    " No Lua.\nlocal function (x)\n": "SyntaxError",
    " Gone before its end.\nos.exit(0)\n": "Tampered",
    f" One more for all.\nlocal function all(xs)\n    {EACH}\n=====\n\n-- Next": "a near-duplicate of a seed",
    " A word of its length.\nlocal function stars(n)\n    return ('*'):rep(n)\nend\n": "",
}


def call(folder: Path, *options: object, code: int = 0) -> Done:
    answers: list[Row] = [
        {"name": f"self-instruct-{number}", "language": "lua", "completions": [text]}
        for number, text in enumerate(ANSWERS)
    ]
    model = f"replay:{write(folder / 'answers.jsonl', answers)}"
    seeds = write(folder / "seeds.jsonl", [{"content": text} for text in SEEDS])
    arguments = ("--model", model, "-l", "lua", "--seeds", seeds, "--timeout", 3, "-o", folder / "out.jsonl", *options)
    return finish([sys.executable, str(SCRIPT), *map(str, arguments)], code)


def test_what_runs_is_kept_and_the_rest_set_aside_with_its_reason(tmp_path: Path) -> None:
    done = call(tmp_path, "--most", len(ANSWERS))
    right = [text for text, reason in ANSWERS.items() if not reason]
    assert [row["content"] for row in read(tmp_path / "out.jsonl")] == [f"--{text}" for text in right]
    rejected = read(tmp_path / "out.rejected.jsonl")
    reasons = [reason for reason in ANSWERS.values() if reason]
    assert [row["reason"][: len(reason)] for row, reason in zip(rejected, reasons, strict=True)] == reasons
    assert "2 programs written" in done.stderr
    log = (tmp_path / "out.jsonl.work" / "completions.jsonl").read_bytes()
    call(tmp_path, "--items", 1, "--most", len(ANSWERS))
    assert (tmp_path / "out.jsonl.work" / "completions.jsonl").read_bytes() == log  # nothing was asked again
    assert len(read(tmp_path / "out.jsonl")) == 1


def test_too_few_seeds_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "SEEDS", SEEDS[:3])
    assert "has 3 programs that are short enough; 4 are needed" in error_of(call(tmp_path, code=1))

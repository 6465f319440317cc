"""Stages over shards: what is done is kept, through kills, full disks and changed settings."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_chain import SAMPLES, Scale, run_chain

from multiplt.errors import MultipltError
from multiplt.rows import Row, read_rows
from multiplt.run import (
    CompletionLog,
    LocalEngine,
    Progress,
    StageContext,
    StageResult,
    exclusive,
    exclusive_file,
    generation_key,
    import_rows,
    read_shards,
    run_stage,
)
from multiplt.run.manifest import ShardFiles, ShardManifest, write_shard

CHAIN = Path(__file__).parent / "toy_chain.py"
STAGES = ("import", "scale", "generate", "unfold")
COUNT = 60


def start_chain(out: Path, *args: int) -> subprocess.Popen[str]:
    command = [sys.executable, str(CHAIN), str(out), *map(str, args)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def all_rows(out: Path) -> dict[str, list[Row]]:
    rows = {stage: list(read_shards(out / stage)) for stage in STAGES}
    aside = sorted((out / "scale").glob("*.rejected.jsonl"))
    return rows | {"rejected": [row for path in aside for row in read_rows(path)]}


def made(out: Path, count: int = COUNT, scale: int = 2, processes: int = 1) -> dict[str, int]:
    return {summary.stage: summary.shards_made for summary in run_chain(out, count, scale, processes)}


def asked(out: Path) -> list[tuple[str, int]]:
    lines = (out / "generate" / "completions.jsonl").read_text().splitlines()
    return [(entry["key"], entry["index"]) for entry in map(json.loads, lines)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Row]]:
    """The rows of a run that nothing disturbed."""
    out = tmp_path_factory.mktemp("whole")
    run_chain(out, COUNT)
    return all_rows(out)


def test_a_run_accounts_for_every_row(tmp_path: Path, whole: dict[str, list[Row]]) -> None:
    summaries = run_chain(tmp_path, COUNT)
    assert [(s.rows_in, s.rows_kept, s.rows_rejected) for s in summaries] == [
        (60, 60, 0), (60, 51, 9), (51, 51, 0), (51, 153, 0),
    ]  # fmt: skip
    assert summaries[1].reasons == {"a multiple of 7": 9}
    assert [len(whole[name]) for name in (*STAGES, "rejected")] == [60, 51, 51, 153, 9]
    assert whole["unfold"][:2] == [{"n": 1, "content": "4/0"}, {"n": 1, "content": "4/1"}]
    assert whole["rejected"][0] == {"stage": "scale", "reason": "a multiple of 7", "n": 0, "scaled": 2}
    assert list(read_rows(tmp_path / "unfold")) == whole["unfold"]


def test_a_second_run_does_nothing(tmp_path: Path, whole: dict[str, list[Row]]) -> None:
    run_chain(tmp_path, COUNT)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}
    summaries = run_chain(tmp_path, COUNT)
    assert [(s.shards_made, s.shards_found) for s in summaries] == [(0, 12)] * 4
    assert [s.rows_kept for s in summaries] == [60, 51, 51, 153]
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")} == before


def test_kill_at_random_moments_then_resume_gives_the_same_rows(tmp_path: Path, whole: dict[str, list[Row]]) -> None:
    begun = time.monotonic()
    assert start_chain(tmp_path / "timed", COUNT).wait() == 0
    duration = time.monotonic() - begun
    chance = random.Random(0)
    mid_way = attempt = 0
    while mid_way < 8:
        attempt += 1
        out = tmp_path / f"run{attempt}"
        process = start_chain(out, COUNT)
        moment = chance.uniform(0.3, 0.95) * duration
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if process.returncode == -signal.SIGKILL:
            mid_way += 1
        else:
            duration = moment  # it is faster than it was: the machine has less else to do
        run_chain(out, COUNT)
        assert all_rows(out) == whole
        assert list(out.rglob("*.tmp")) == []
        assert len(asked(out)) == len(set(asked(out))) == 51 * SAMPLES  # no completion was asked for twice


def test_a_kill_between_rejected_file_and_shard_of_other_settings(tmp_path: Path, whole: dict[str, list[Row]]) -> None:
    run_chain(tmp_path, COUNT)
    program = (
        "import os, sys, toy_chain; from pathlib import Path; import multiplt.run.manifest as manifest\n"
        "manifest.write_parquet = lambda *args: os.kill(os.getpid(), 9)\n"
        "toy_chain.run_chain(Path(sys.argv[1]), 60, 3)"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=CHAIN.parent, capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    run_chain(tmp_path, COUNT)
    assert all_rows(tmp_path) == whole


def test_a_changed_setting_redoes_what_depends_on_it_and_nothing_else(tmp_path: Path) -> None:
    run_chain(tmp_path, COUNT)
    assert made(tmp_path, scale=3) == {"import": 0, "scale": 12, "generate": 12, "unfold": 12}
    before = len(asked(tmp_path))
    assert made(tmp_path, scale=2) == {"import": 0, "scale": 12, "generate": 12, "unfold": 12}
    assert len(asked(tmp_path)) == before  # the completions of the first settings were still there


def test_a_changed_row_redoes_its_shard_alone(tmp_path: Path) -> None:
    rows = [{"n": n} for n in range(20)]
    import_rows(rows, tmp_path / "in", shard_size=5)
    run_stage(Scale(2), tmp_path / "in", tmp_path / "out")
    rows[7] = {"n": 100}
    assert import_rows(rows, tmp_path / "in", shard_size=5).shards_made == 1
    assert run_stage(Scale(2), tmp_path / "in", tmp_path / "out").shards_made == 1
    assert [row["n"] for row in read_shards(tmp_path / "out")][5:8] == [6, 100, 8]


def test_new_versions_of_the_code_redo_the_stage(tmp_path: Path) -> None:
    import_rows([{"n": 1}], tmp_path / "in", shard_size=5)
    for version, expected in (("1", 1), ("1", 0), ("2", 1)):
        summary = run_stage(Scale(2), tmp_path / "in", tmp_path / "out", versions={"plugin": version})
        assert summary.shards_made == expected


def test_fewer_rows_remove_surplus_shards(tmp_path: Path) -> None:
    run_chain(tmp_path, COUNT)
    assert made(tmp_path, count=18) == {"import": 1, "scale": 1, "generate": 1, "unfold": 1}
    fresh = tmp_path / "fresh"
    run_chain(fresh, 18)
    assert all_rows(tmp_path) == all_rows(fresh)
    assert len(list((tmp_path / "scale").glob("shard-*.parquet"))) == 4


def test_a_rejected_file_goes_when_nothing_is_rejected_any_more(tmp_path: Path) -> None:
    for rows, files in (([{"n": 7}], 1), ([{"n": 8}], 0)):
        import_rows(rows, tmp_path / "in", shard_size=5)
        run_stage(Scale(2), tmp_path / "in", tmp_path / "out")
        assert len(list((tmp_path / "out").glob("*.rejected.jsonl"))) == files


@pytest.mark.parametrize("damage", ["cut", "gone", "foreign"])
def test_a_damaged_shard_is_made_again(tmp_path: Path, whole: dict[str, list[Row]], damage: str) -> None:
    run_chain(tmp_path, COUNT)
    shard = tmp_path / "scale" / "shard-00003.parquet"
    if damage == "gone":
        shard.unlink()
    else:
        shard.write_bytes(shard.read_bytes()[:-9] if damage == "cut" else b"hello")
    assert made(tmp_path)["scale"] == 1
    assert all_rows(tmp_path) == whole


def test_worker_processes_give_the_same_rows(tmp_path: Path, whole: dict[str, list[Row]]) -> None:
    run_chain(tmp_path, COUNT, processes=2)
    assert all_rows(tmp_path) == whole


@dataclass(frozen=True)
class Faulty:
    """Goes wrong in the way that it is told."""

    fault: str
    name: str = "faulty"

    def settings(self) -> Mapping[str, Any]:
        return {}

    def __call__(self, rows: list[Row], context: StageContext) -> StageResult:
        if self.fault == "loses" and rows[0]["n"] == 5:
            return StageResult(rows[1:])
        if self.fault == "raises" and rows[0]["n"] == 5:
            raise MultipltError("the model went away")
        if self.fault == "dies" and rows[0]["n"] == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fault == "surrogates":
            return StageResult([row | {"text": "\ud800\x00", "list": ["\udfff"]} for row in rows])
        return StageResult(rows)


@pytest.mark.parametrize(
    ("fault", "processes", "said"),
    [
        ("loses", 1, "faulty read 5 rows, made 0 more, kept 4 and rejected 0"),
        ("raises", 1, "the model went away"),
        ("raises", 2, "the model went away"),
        ("dies", 2, "a worker process was killed"),
    ],
)
def test_a_stage_that_fails_keeps_what_is_done(tmp_path: Path, fault: str, processes: int, said: str) -> None:
    import_rows([{"n": n} for n in range(20)], tmp_path / "in", shard_size=5)
    with pytest.raises(MultipltError, match=said):
        run_stage(Faulty(fault), tmp_path / "in", tmp_path / "out", engine=LocalEngine(processes))
    done = len(list((tmp_path / "out").glob("*.parquet")))
    assert processes > 1 or done == 1
    assert run_stage(Faulty("none"), tmp_path / "in", tmp_path / "out").shards_found == done


def test_text_that_is_no_unicode(tmp_path: Path) -> None:
    rows: list[Row] = [{"n": 1}, {"n": 2, "text": "\ud800"}]
    summary = import_rows(rows, tmp_path / "in", shard_size=5)
    assert (summary.rows_kept, summary.rows_rejected) == (1, 1)
    run_stage(Faulty("surrogates"), tmp_path / "in", tmp_path / "out")
    assert list(read_shards(tmp_path / "out")) == [{"n": 1, "text": "\ud800\x00", "list": ["\udfff"]}]


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of `size`, or a skipped test where none can be mounted."""
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("cannot mount a small file system: needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_is_one_sentence_and_loses_nothing(tmp_path: Path, whole: dict[str, list[Row]]) -> None:
    with small_disk(tmp_path / "disk", "4m") as disk:
        ballast = disk / "ballast"
        errors = []
        for kept_free in (0, 20_000, 100_000, 200_000):  # the disk fills up at another stage each time
            with ballast.open("wb", buffering=0) as file:
                stat = os.statvfs(disk)
                for _ in range(max(0, stat.f_bavail * stat.f_frsize - kept_free) // 4096):
                    file.write(b"\0" * 4096)
            process = start_chain(disk / "out", COUNT)
            _, stderr = process.communicate()
            errors.append(stderr.splitlines()[-1])
            assert "Traceback" not in stderr
            assert list(disk.rglob("*.tmp")) == []
            ballast.unlink()
        assert all(error.startswith(f"Error: no space left for {disk}/out") for error in errors[:2]), errors
        run_chain(disk / "out", COUNT)
        assert all_rows(disk / "out") == whole


def test_two_runs_on_one_output(tmp_path: Path) -> None:
    first = start_chain(tmp_path, 1000)
    while not (tmp_path / "import").exists():
        time.sleep(0.02)
    first.send_signal(signal.SIGSTOP)  # else it may be done before the second has started
    second = start_chain(tmp_path, 1000)
    _, stderr = second.communicate()
    first.kill()
    first.communicate()
    assert second.returncode == 1
    expected = f"Error: {tmp_path} is being written by another run (process {first.pid}); wait for it, stop it, or"
    assert stderr.startswith(expected)
    with exclusive(tmp_path):  # the lock went with its holder
        assert (tmp_path / ".lock").read_text() == str(os.getpid())
    assert not (tmp_path / ".lock").exists()


def test_the_lock_of_a_file(tmp_path: Path) -> None:
    out = tmp_path / "x.jsonl"
    with exclusive_file(out), pytest.raises(MultipltError, match=f"process {os.getpid()}"), exclusive_file(out):
        pass
    with exclusive_file(out), exclusive_file(tmp_path / "y.jsonl"):
        pass
    assert list(tmp_path.iterdir()) == []


KEY = generation_key(model="m", prompt="p", seed=0, sampling={"temperature": 0.2})


def test_the_log_knows_what_it_has(tmp_path: Path) -> None:
    log = CompletionLog(tmp_path / "log.jsonl")
    log.append(KEY, 2, {"text": "two\x00\ud800\n"})
    log.append(KEY, 0, {"text": "zero"})
    log.close()
    log = CompletionLog(tmp_path / "log.jsonl")
    assert log.missing(KEY, 4) == [1, 3]
    with pytest.raises(KeyError):
        log.get(KEY, 1)
    log.append(KEY, 1, {"text": "é" * 5_000_000})
    log.append(KEY, 0, {"text": "again"})
    assert [sample["text"][:5] for sample in (log.get(KEY, i) for i in range(3))] == ["again", "ééééé", "two\x00\ud800"]
    log.close()


@pytest.mark.parametrize(
    "changed",
    [{"model": "other"}, {"prompt": "other"}, {"seed": 1}, {"sampling": {"temperature": 0.3}}],
)
def test_a_changed_setting_reuses_no_completion(tmp_path: Path, changed: dict[str, Any]) -> None:
    log = CompletionLog(tmp_path / "log.jsonl")
    log.append(KEY, 0, {"text": "a"})
    settings: dict[str, Any] = {"model": "m", "prompt": "p", "seed": 0, "sampling": {"temperature": 0.2}}
    assert generation_key(**settings) == KEY
    assert log.missing(generation_key(**settings | changed), 1) == [0]
    log.close()


@given(cut=st.integers(min_value=0, max_value=400))
@settings(max_examples=60)
def test_a_torn_last_line_costs_its_sample_alone(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = tmp_path_factory.getbasetemp() / "torn.jsonl"
    path.unlink(missing_ok=True)
    log = CompletionLog(path)
    for index in range(3):
        log.append(KEY, index, {"text": f"é{index}"})
    log.close()
    path.write_bytes(path.read_bytes()[:cut])
    whole_lines = path.read_bytes().count(b"\n")
    log = CompletionLog(path)
    assert log.missing(KEY, 3) == list(range(whole_lines, 3))
    for index in log.missing(KEY, 3):
        log.append(KEY, index, {"text": "s"})  # shorter than what was torn
        assert path.read_bytes().endswith(b"}\n")
    texts = [f"é{index}" if index < whole_lines else "s" for index in range(3)]
    assert [sample["text"] for sample in (log.get(KEY, i) for i in range(3))] == texts
    log.close()


def test_a_line_spoilt_in_the_middle_is_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = CompletionLog(path)
    for index in range(3):
        log.append(KEY, index, {"text": "a"})
    log.close()
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([lines[0], b"\0" * 50, lines[2], b""]))
    log = CompletionLog(path)
    assert log.missing(KEY, 3) == [1]
    log.close()


def test_a_log_has_one_writer(tmp_path: Path) -> None:
    log = CompletionLog(tmp_path / "log.jsonl")
    with pytest.raises(MultipltError, match="is being written by another run"):
        CompletionLog(tmp_path / "log.jsonl")
    log.close()
    CompletionLog(tmp_path / "log.jsonl").close()


def test_a_log_can_be_waited_for(tmp_path: Path) -> None:
    log = CompletionLog(tmp_path / "log.jsonl")
    log.append(KEY, 1, {"text": "one"})
    closing = threading.Timer(0.3, log.close)
    closing.start()
    other = CompletionLog(tmp_path / "log.jsonl", patience_s=60)
    assert other.found(KEY, [0, 1, 2]) == {1: {"text": "one"}}
    other.close()
    closing.join()


def test_no_old_shard_is_beside_the_rejected_rows_of_a_new_one(tmp_path: Path) -> None:
    def rows_of_a_writer_that_is_killed() -> Iterator[Row]:
        yield {"n": 2}
        raise KeyboardInterrupt

    shard = tmp_path / "shard-00000.parquet"
    write_shard(shard, ShardManifest("stage", "old", 1, 1), [{"n": 1}], [])
    with pytest.raises(KeyboardInterrupt):
        write_shard(shard, ShardManifest("stage", "new", 1, 1), rows_of_a_writer_that_is_killed(), [])
    assert not shard.exists()


def test_a_shard_goes_elsewhere_as_its_files(tmp_path: Path) -> None:
    whole: list[Row] = [{"n": 1}]
    for name, rows in (("some", [*whole, {"text": "\ud800"}]), ("none", whole)):
        import_rows(rows, tmp_path / name, shard_size=5)
        ShardFiles.read(tmp_path / name / "shard-00000.parquet").write(tmp_path / "there" / "shard-00000.parquet")
        found = [{path.name: path.read_bytes() for path in (tmp_path / at).iterdir()} for at in ("there", name)]
        assert found[0] == found[1]


def test_a_full_disk_leaves_the_log_whole(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "64k") as disk:
        log = CompletionLog(disk / "log.jsonl")
        log.append(KEY, 0, {"text": "a"})
        with pytest.raises(MultipltError, match="no space left"):
            log.append(KEY, 1, {"text": "b" * 100_000})
        assert (disk / "log.jsonl").read_bytes().endswith(b'{"text": "a"}}\n')
        log.append(KEY, 2, {"text": "c"})
        log.close()
        log = CompletionLog(disk / "log.jsonl")
        assert log.missing(KEY, 3) == [1]
        assert (disk / "log.jsonl").read_bytes().count(b"\n") == 2
        log.close()


def test_progress_without_a_terminal_is_a_line_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("execute", total=1200, found=200, unit="programs") as progress:
        for _ in range(10):
            progress.advance(100)
        progress.keep(500, of=1000)
    captured = capsys.readouterr()
    assert captured.out == ""
    [line] = captured.err.splitlines()
    assert line.startswith("execute: 1,200 of 1,200 programs (200 done before), ")
    assert line.endswith("/s, yield 50%")


def test_progress_on_a_terminal_is_a_bar() -> None:
    program = (
        "import time; from multiplt.run import Progress\n"
        "with Progress('execute', total=4) as progress:\n"
        "    for _ in range(3): progress.advance(); time.sleep(0.3)\n"
    )
    controller, terminal = os.openpty()
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, stderr=terminal, stdout=subprocess.PIPE, env=os.environ | {"TERM": "xterm"})
    os.close(terminal)
    shown = os.read(controller, 100_000).decode()
    os.close(controller)
    assert done.returncode == 0
    assert done.stdout == b""
    assert "3 of 4 rows" in shown
    assert "left" in shown
    assert "━" in shown

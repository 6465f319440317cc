"""The mirror of a run's folder: at every moment a folder from which the run goes on, written by one."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import fsspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multiplt.errors import MultipltError
from multiplt.mirror import lease
from multiplt.mirror.lease import OWNER, Lease, LeaseLost
from multiplt.mirror.log_parts import PART, Part, split
from multiplt.mirror.mirroring import Mirror, mirrored
from multiplt.mirror.state import State, look
from multiplt.mirror.store import Store
from multiplt.run.config import RunSection

LOG = "attempts/toy/completions.jsonl"
SHARD, REJECTED = "prompts/toy/shard-00000.parquet", "prompts/toy/shard-00000.rejected.jsonl"
MADE, MADE_OF = "training-set/data/toy.parquet", "training-set.json"


@pytest.fixture(params=["memory", "file"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"memory://{uuid.uuid4()}/runs/toy" if request.param == "memory" else f"file://{tmp_path}/store"


def fill(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files as a run does: aside, then renamed."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        aside = folder / name
        aside.with_name(".new.tmp").write_text(text)
        aside.with_name(".new.tmp").rename(aside)
    return folder


def add(folder: Path, text: str) -> None:
    (folder / LOG).parent.mkdir(parents=True, exist_ok=True)
    with (folder / LOG).open("a") as log:
        log.write(text)


def contents(folder: Path) -> dict[str, bytes]:
    """What is in a folder, hidden files aside."""
    files, logs = look(folder)
    return {path: (folder / path).read_bytes() for path in [*files, *logs]}


def mirror(
    output: Path, url: str, *, every: float = 60.0, told: list[str] | None = None
) -> AbstractContextManager[None]:
    run = RunSection(output=output, languages=("toy",), mirror=url, mirror_every=every)
    return mirrored(run, ([] if told is None else told).append)


def send(output: Path, url: str) -> None:
    """A run that does nothing but to have its folder mirrored."""
    with mirror(output, url):
        pass


def fetched(folder: Path, url: str) -> dict[str, bytes]:
    """What another machine, with an empty folder, gets."""
    send(folder, url)
    return contents(folder)


FIRST = {"functions/shard-00000.parquet": "f", SHARD: "old", REJECTED: "old", MADE: "old", MADE_OF: "old"}


def test_an_empty_folder_is_filled_from_the_mirror_and_the_run_goes_on(url: str, tmp_path: Path) -> None:
    one, two = fill(tmp_path / "one", FIRST), tmp_path / "two"
    add(one, '{"n": 1}\n{"n": 2}\n{"n"')  # the last line is being written
    send(one, url)
    told: list[str] = []
    with mirror(two, url, told=told):
        assert contents(two) == contents(one) | {LOG: b'{"n": 1}\n{"n": 2}\n'}
        assert look(two)[0] == look(one)[0]  # times too: nothing is sent again
        add(two, '{"n": 3}\n')
        fill(two, {"dataset/toy.parquet": "d"})
    assert told == [f"fetching 6 files of the run from {url}"]
    assert fetched(tmp_path / "three", url) == contents(two)


def test_what_is_done_goes_to_the_mirror_while_the_run_works(url: str, tmp_path: Path) -> None:
    with mirror(fill(tmp_path / "one", FIRST), url, every=0.02):
        add(tmp_path / "one", '{"n": 1}\n')
        wait_for(lambda: LOG in newest(url).logs)
        fill(tmp_path / "one", {SHARD: "newer"})
        wait_for(lambda: newest(url).files[SHARD].size == 5)


@pytest.mark.parametrize("end", [KeyboardInterrupt, ValueError])
def test_what_is_done_goes_to_the_mirror_when_the_run_is_stopped(
    end: type[BaseException], url: str, tmp_path: Path
) -> None:
    with pytest.raises(end), mirror(fill(tmp_path / "one", FIRST | {"dataset/toy.parquet": "d"}), url):
        raise end
    assert fetched(tmp_path / "two", url) == contents(tmp_path / "one")


def test_the_mirror_holds_what_is_needed_and_nothing_that_is_not_finished(url: str, tmp_path: Path) -> None:
    one = fill(tmp_path / "one", FIRST)
    unfinished = {"prompts/toy/.shard-00001.parquet.1-ab.tmp": "", "training/toy/.aside/checkpoint-1/model": "",
                  ".training-set.1-ab.new/data": "", "scores/.lock": ""}  # fmt: skip
    fill(one, unfinished)
    for number in range(20):
        add(one, f'{{"n": {number}}}\n')
        fill(one, {SHARD: str(number)})
        send(one, url)
    names = Store(url).names()
    state = newest(url)
    assert names.keys() == state.objects()
    assert len(state.logs[LOG]) <= 5  # of 20 that were sent
    assert not [name for name in names if "/." in name]
    shutil.rmtree(one / "prompts")
    send(one, url)
    assert Store(url).names().keys() == newest(url).objects()
    assert SHARD not in fetched(tmp_path / "two", url)


class Killed(BaseException):
    """Nothing more happens."""


class Dying(Store):
    """A store in which `left` more things happen: then the process has been killed, perhaps in the middle of one."""

    left = 10**6
    torn = False

    def put(self, files: Mapping[str, Path]) -> None:
        for name, path in files.items():
            if self.left == 0 and self.torn:
                self.left -= 1
                cut = path.with_name(".cut.tmp")
                cut.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
                super().put({name: cut})
                cut.unlink()
            self.happens()
            super().put({name: path})

    def remove(self, name: str) -> None:
        self.happens()
        super().remove(name)

    def happens(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Killed


@pytest.mark.parametrize("torn", [False, True])
def test_whenever_the_run_is_killed_the_mirror_is_one_whole_state(torn: bool, tmp_path: Path) -> None:
    one = fill(tmp_path / "one", FIRST)
    add(one, '{"n": 1}\n')
    before = contents(one)
    url = f"memory://{uuid.uuid4()}"
    send(one, url)
    fill(one, {SHARD: "newer", REJECTED: "newer", MADE: "newer", MADE_OF: "newer"})
    add(one, '{"n": 2}\n{"n": 3}\n')
    after = contents(one)
    found = []
    for left in range(40):
        dying = Dying(copied(url))
        dying.left, dying.torn = left, torn
        with suppress(Killed):
            Mirror(one, dying, Lease(dying.url, "x")).send_last()
        found.append(fetched(tmp_path / str(left), copied(dying.url)))
        assert found[-1] in (before, after)
        if dying.left >= 0:
            break
        send(one, dying.url)  # and the run goes on from there
        assert Store(dying.url).names().keys() == newest(dying.url).objects()
    assert found[0] == before
    assert found[-1] == after
    assert len(found) > 10


def copied(url: str) -> str:
    other = f"memory://{uuid.uuid4()}"
    for name in Store(url).names():
        Store(other).write(name, Store(url).read(name) or b"")
    return other


def newest(url: str) -> State:
    store = Store(url)
    data = store.read(max(name for name in store.names() if name.startswith("state-")))
    assert data
    return State.read(data)


def wait_for(done: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            if done():
                return
        except (AssertionError, KeyError, ValueError):  # a state that is not there yet, or not any more
            pass
        assert time.monotonic() < deadline
        time.sleep(0.01)


# ---- logs

LINE = st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"") + b"\n")
ACTIONS = st.lists(
    st.one_of(
        st.lists(LINE, max_size=5).map(b"".join),  # is written
        st.binary(min_size=1, max_size=10).map(lambda line: line.replace(b"\n", b".")),  # as far as a kill let it
        st.just("opened"),  # and so what was cut off is removed
        st.just("removed"),
        st.just("sent"),
    ),
    max_size=30,
)


@settings(deadline=None)
@given(ACTIONS)
def test_parts_of_a_log_are_its_whole_lines_when_it_was_sent(actions: list[bytes | str]) -> None:
    blocks: dict[Part, bytes] = {}
    parts: list[Part] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "completions.jsonl")
        path.touch()
        for action in [*actions, "sent"]:
            whole, newline, _ = path.read_bytes().rpartition(b"\n")
            match action:
                case bytes():
                    with path.open("ab") as log:
                        log.write(action)
                case "opened":
                    os.truncate(path, len(whole + newline))
                case "removed":
                    path.write_bytes(b"")
                case "sent":
                    parts = split(path, parts, blocks.__setitem__)
                    assert b"".join(blocks[part] for part in parts) == whole + newline
                    assert len(parts) <= 1 + len(whole).bit_length()


def test_a_long_log_goes_in_parts_and_what_was_sent_does_not_go_again(tmp_path: Path) -> None:
    log, line = tmp_path / "completions.jsonl", b"x" * 99_999 + b"\n"
    sent: list[int] = []
    log.write_bytes(line * 300)
    parts = split(log, [], lambda part, block: sent.append(len(block)))
    assert len(parts) == len(sent) == 4
    assert all(PART <= size < PART + len(line) for size in sent[:-1])
    for _ in range(10):
        sent.clear()
        with log.open("ab") as end:
            end.write(line)
        parts = split(log, parts, lambda part, block: sent.append(len(block)))
        assert sum(sent) <= 16 * len(line)
    assert sum(part.size for part in parts) == log.stat().st_size


# ---- one writer


def test_a_mirror_that_another_run_writes_is_refused(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEW_S", 0.05)
    monkeypatch.setattr(lease, "LOOK_S", 0.05)
    with mirror(fill(tmp_path / "one", FIRST), url):
        named = rf"is being written by a run on \S+ \(process {os.getpid()}\) since \d{{4}}-.*; wait for it, stop it"
        with pytest.raises(MultipltError, match=named), mirror(tmp_path / "two", url):
            pass
    send(tmp_path / "two", url)


def test_an_owner_that_has_died_is_followed_and_stops_when_it_was_asleep(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "LAPSE_S", 0.3)
    monkeypatch.setattr(lease, "LOOK_S", 0.05)
    told: list[str] = []
    first, second, third = (Lease(url, name) for name in "abc")
    first.take(told.append)
    Lease(url, "a").take(told.append)  # the same folder, whose lock it has: at once
    assert not told
    with pytest.raises(LeaseLost):
        first.check()
    second.take(told.append)
    assert "has just written the mirror" in told[0]
    Store(url).write(OWNER, json.dumps(json.loads(Store(url).read(OWNER) or b"") | {"renewed": 1.0}).encode())
    third.take(told.append)
    assert len(told) == 1
    with pytest.raises(LeaseLost, match=r"is written by a run on .* now, which took this run for dead; stop that one"):
        second.check()
    third.check()


# ---- a folder and its mirror


def test_a_folder_and_a_mirror_that_have_gone_different_ways_are_refused(url: str, tmp_path: Path) -> None:
    one, two = fill(tmp_path / "one", FIRST), tmp_path / "two"
    send(one, url)
    with mirror(two, url):
        fill(two, {SHARD: "by two"})
    fill(one, {SHARD: "by one"})
    before = contents(one)
    named = re.escape(f"have gone different ways (the mirror is of a run on {os.uname().nodename}, ")
    with pytest.raises(MultipltError, match=named):
        send(one, url)
    assert contents(one) == before
    assert fetched(tmp_path / "three", url) == contents(two)
    one.rename(tmp_path / "away")  # as the error says
    assert fetched(one, url) == contents(two)


def test_a_folder_that_is_behind_its_mirror_is_brought_up_to_it(url: str, tmp_path: Path) -> None:
    one, two = fill(tmp_path / "one", FIRST), tmp_path / "two"
    send(one, url)
    with mirror(two, url):
        fill(two, {"dataset/toy.parquet": "d"})
    assert fetched(one, url) == contents(two)


def test_a_folder_that_is_ahead_is_sent(url: str, tmp_path: Path) -> None:
    one = fill(tmp_path / "one", FIRST)
    add(one, '{"n": 1}\n')
    send(one, url)
    shutil.copytree(one, tmp_path / "two")  # times are kept
    add(tmp_path / "two", '{"n": 2}\n')
    fill(tmp_path / "two", {"dataset/toy.parquet": "d"})
    send(tmp_path / "two", url)
    fill(tmp_path / "two", {SHARD: "newer"})  # by the one that was sent last: no matter what it changed
    (tmp_path / "two" / REJECTED).unlink()
    send(tmp_path / "two", url)
    assert fetched(tmp_path / "three", url) == contents(tmp_path / "two")


def test_a_folder_that_was_emptied_is_filled_and_a_fetch_that_was_killed_goes_on(url: str, tmp_path: Path) -> None:
    one = fill(tmp_path / "one", FIRST)
    send(one, url)
    before = contents(one)
    for path in one.iterdir():  # rm -rf one/*
        if not path.name.startswith("."):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert fetched(one, url) == before
    shutil.copytree(one, tmp_path / "two", ignore=shutil.ignore_patterns(".mirror", "training-set*"))
    assert fetched(tmp_path / "two", url) == before


# ---- stores that fail


def test_a_store_that_is_away_for_a_while_is_tried_again(tmp_path: Path) -> None:
    store, away = tmp_path / "store", tmp_path / "away"
    told: list[str] = []
    with mirror(fill(tmp_path / "one", FIRST), f"file://{store}", every=0.02, told=told):
        store.rename(away)
        store.touch()  # where it was is nothing to write to
        wait_for(lambda: told)
        store.unlink()
        away.rename(store)
    assert re.match(rf"cannot use the mirror file://{store} \(.+\); the run goes on, and sends it in 0\.02 s", told[0])
    assert fetched(tmp_path / "two", f"file://{store}") == contents(tmp_path / "one")


def test_a_store_that_is_away_in_the_end_is_an_error(tmp_path: Path) -> None:
    store, one = tmp_path / "store", fill(tmp_path / "one", FIRST)

    def work() -> None:
        with mirror(one, f"file://{store}"):
            shutil.rmtree(store)
            store.touch()

    with pytest.raises(MultipltError, match=f"the work is in {one}, and the same command sends what the mirror lacks"):
        work()
    store.unlink()
    send(one, f"file://{store}")
    assert fetched(tmp_path / "two", f"file://{store}") == contents(one)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nostore://x/y", "which is no URL of a store (Protocol not known: nostore)"),
        ("gs://bucket/run", "pip install gcsfs"),
        ("/proc/run", "see that it is there and that this machine may read and write it"),
        ("ftp://127.0.0.1:1/run", "cannot use the mirror ftp://127.0.0.1:1/run"),
        ("OUTPUT/mirror", "is in the run's folder"),
    ],
)
def test_a_mirror_that_cannot_be_used_stops_the_run_before_any_work(url: str, said: str, tmp_path: Path) -> None:
    with (
        pytest.raises(MultipltError, match=re.escape(said)),
        mirror(tmp_path / "one", url.replace("OUTPUT", str(tmp_path / "one"))),
    ):
        pytest.fail("the run began")


@pytest.fixture(autouse=True)
def emptied() -> Iterator[None]:
    yield
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    memory.pseudo_dirs[:] = [""]

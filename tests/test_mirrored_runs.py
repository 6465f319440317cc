"""Runs with a mirror in an object store: what a lost machine had sent is not done again."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec
import pytest

from commands import config, error_of, functions, multiplt, write
from model_server import serving
from multiplt.mirror.lease import OWNER
from multiplt.mirror.state import State, stamp_of
from multiplt.mirror.store import Store
from multiplt.rows import Row, read_rows
from processes import start, wait_until

LOG = "attempts/ocaml/completions.jsonl"
N = 10

S3 = """
import sys
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def s3() -> Iterator[None]:
    """An S3 server, and a bucket in it, where the libraries look for one."""
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    command = [sys.executable, "-c", S3]
    with subprocess.Popen(command, text=True, **pipes) as server, pytest.MonkeyPatch.context() as patch:
        assert server.stdout
        patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.stdout.readline().strip()}")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        fsspec.filesystem("s3").mkdir("bucket")
        yield
        server.kill()


@contextmanager
def asked(folder: Path, **run: Any) -> Iterator[tuple[Path, Path]]:
    """The configuration of a run that asks a server, and what the server was asked for."""
    folder.mkdir(exist_ok=True)
    source = write(folder / "functions.jsonl", functions(12))
    with serving(folder / "asked") as (_, port):
        name = f"openai:m@http://127.0.0.1:{port}/v1"
        yield config(
            folder, 12, sampling={"n": N}, source={"functions": str(source)}, run={"shard_size": 2, **run},
            model={"name": name, "concurrency": 2},
        ), folder / "asked"  # fmt: skip


def dataset(folder: Path) -> list[Row]:
    return list(read_rows(folder / "out" / "dataset" / "ocaml.parquet"))


def newest(store: Store) -> State | None:
    """The state of a mirror; None where there is none, or it was just replaced."""
    states = [name for name in store.names() if name.startswith("state-")]
    data = store.read(max(states)) if states else None
    return State.read(data) if data else None


def has_some(store: Store) -> bool:
    """Whether shards of completions and a part of the log are in the mirror; asked twice a second at most."""
    time.sleep(0.5)
    state = newest(store)
    return bool(state and LOG in state.logs and any(path.startswith("attempts/") for path in state.files))


def lapse(store: Store) -> None:
    """Let minutes pass since the lease was renewed."""
    owner = json.loads(store.read(OWNER) or b"")
    store.write(OWNER, json.dumps(owner | {"renewed": owner["renewed"] - 600}).encode())


@pytest.mark.usefixtures("s3")
def test_a_run_goes_on_from_its_mirror_after_its_machine_was_lost(tmp_path: Path) -> None:
    store, out = Store("s3://bucket/runs/lost"), tmp_path / "out"
    with asked(tmp_path, mirror=store.url, mirror_every=0.2) as (settings, log):
        run = start("run", settings)
        wait_until(lambda: has_some(store), run)
        run.kill()
        run.communicate()
        shutil.rmtree(out)
        lapse(store)
        state, before = newest(store), log.read_text().count("\n")
        assert state
        multiplt("run", settings)
        completions = (out / LOG).read_bytes()
        mirrored = completions[: state.logs[LOG][-1].end].count(b"\n")
        assert N <= mirrored < 12 * N
        assert log.read_text().count("\n") - before == 12 * N - mirrored == completions.count(b"\n") - mirrored
        shards = [path for path in state.files if Path(path).name.startswith("shard-")]
        assert len(shards) >= 6 + 6 + 1
        assert {path: stamp_of(out / path) for path in shards} == {path: state.files[path] for path in shards}
        last = newest(store)
        assert last
        assert store.names().keys() == last.objects()
        assert last.files["dataset/ocaml.parquet"] == stamp_of(out / "dataset" / "ocaml.parquet")
    with asked(tmp_path / "undisturbed") as (settings, _):
        multiplt("run", settings)
    assert dataset(tmp_path) == dataset(tmp_path / "undisturbed")


def test_a_run_that_is_stopped_leaves_a_whole_mirror_and_one_that_lost_it_stops(tmp_path: Path) -> None:
    store, out = Store(str(tmp_path / "store")), tmp_path / "out"
    with asked(tmp_path, mirror=store.url, mirror_every=600.0) as (settings, _):
        run = start("run", settings)
        wait_until(lambda: (out / LOG).exists() and (out / LOG).read_bytes().count(b"\n") > N, run)
        run.send_signal(signal.SIGINT)
        assert "Interrupted" in run.communicate(timeout=60)[1]
        state = newest(store)
        assert state
        assert state.logs[LOG][-1].end == (out / LOG).stat().st_size
        assert OWNER not in store.names()

        run = start("run", settings, "--set", "run.mirror_every=0.2")
        wait_until(lambda: has_some(store), run)
        other = {"host": "elsewhere", "process": 7, "since": "2026-01-01", "folder": "x", "token": "y"}
        store.write(OWNER, json.dumps(other).encode())
        said = run.communicate(timeout=60)[1]
        assert run.returncode == 1, said
        assert said.splitlines()[-1].startswith(
            f"Error: the mirror {store.url} is written by a run on elsewhere (process 7) since 2026-01-01 now"
        )
        assert json.loads(store.read(OWNER) or b"") == other


@pytest.mark.usefixtures("s3")
@pytest.mark.parametrize(
    ("bucket", "key", "said"), [("none", "test", "bucket does not exist"), ("bucket", "", "credentials")]
)
def test_a_bucket_that_cannot_be_written_stops_the_run(bucket: str, key: str, said: str, tmp_path: Path) -> None:
    settings = config(tmp_path, 1, run={"mirror": f"s3://{bucket}/run"})
    environment = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": key}
    error = error_of(multiplt("run", settings, code=1, environment=environment))
    assert error.startswith(f"cannot use the mirror s3://{bucket}/run (")
    assert said in error
    assert not (tmp_path / "out" / "functions").exists()

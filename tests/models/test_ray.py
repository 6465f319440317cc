"""`engine = "ray"` on a cluster of three nodes, of which only the driver's sees the run's folder: the rows of this
machine, whatever is lost on the way."""

from __future__ import annotations

import ctypes
import json
import logging
import os
import random
import re
import shutil
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pytest

from commands import config, error_of, multiplt, timeless, write
from counts import FULL
from multiplt.errors import MultipltError
from multiplt.models import ModelOptions, Request
from multiplt.rows import Row, read_rows
from multiplt.rows.parquet import read_parquet
from multiplt.run.chain import run_stages
from multiplt.run.config import load_config
from multiplt.run.engines import local_engines, open_engines
from multiplt.run.pipeline import run_pipeline
from multiplt.run.ray_model import RemoteSession, Replicas
from multiplt.run.sampling import ModelSettings
from multiplt.run.shards import read_shards
from multiplt.source.duplicates import EXACT, Deduplicate
from multiplt.source.extract import Extract
from multiplt.source.files import read_files
from processes import start
from servers import serving_model
from source_code import project

pytestmark = pytest.mark.models

FUNCTIONS = 12
KILLS = 5 if FULL else 1
OWN_FOLDERS, OWN_MOUNTS = 0x200, 0x20000
"""Of Linux's calls unshare and setns: CLONE_FS and CLONE_NEWNS."""


@dataclass
class Nodes:
    """A Ray cluster, and a folder that is empty to all of its nodes but the driver's."""

    cluster: Any
    unseen: Path

    @property
    def address(self) -> str:
        return str(self.cluster.address)

    def add(self, count: int = 1, *mounts: Sequence[object]) -> list[Any]:
        """Start nodes, with these mounts besides (arguments of `mount`)."""
        with own_mounts(("-t", "tmpfs", "none", self.unseen), *mounts):
            added = [self.cluster.add_node(wait=False, num_cpus=1) for _ in range(count)]
        self.cluster.wait_for_nodes()
        return added

    def kill_one(self, moments: random.Random) -> None:
        self.cluster.remove_node(moments.choice(sorted(self.cluster.worker_nodes, key=str)), allow_graceful=False)


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """A head and two nodes more, each with one core; this process is a driver of it, beside the head."""
    if find_spec("ray") is None:
        pytest.skip("ray is not installed (make test-models installs it)")
    import ray
    from ray.cluster_utils import Cluster

    variables = pytest.MonkeyPatch()
    variables.setenv("RAY_USAGE_STATS_ENABLED", "0")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    nodes = Nodes(cluster, tmp_path_factory.mktemp("unseen"))
    nodes.add(2)
    ray.init(address=cluster.address, logging_level=logging.ERROR)
    yield nodes
    ray.shutdown()
    cluster.shutdown()
    variables.undo()


@contextmanager
def own_mounts(*mounts: Sequence[object]) -> Iterator[None]:
    """What is started here sees these mounts, and nobody else does; only root can have it so."""
    if os.geteuid():
        yield
        return
    libc, here = ctypes.CDLL(None), Path.cwd()
    with Path("/proc/thread-self/ns/mnt").open() as ours:
        assert libc.unshare(OWN_MOUNTS) == 0
        try:
            subprocess.run(["mount", "--make-rprivate", "/"], check=True)
            for mount in mounts:
                subprocess.run(["mount", *map(str, mount)], check=True)
            yield
        finally:
            assert libc.unshare(OWN_FOLDERS) == 0  # from the threads that were started meanwhile
            assert libc.setns(ours.fileno(), OWN_MOUNTS) == 0
            os.chdir(here)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the run comes to on this machine."""
    folder = tmp_path_factory.mktemp("local")
    run(prepare(folder))
    return outcome(folder / "out")


def prepare(folder: Path, *settings: str) -> list[object]:
    """A run's configuration, and what of it is overridden."""
    path = config(folder, FUNCTIONS, run={"languages": ["lua"], "shard_size": 1})
    write(folder / "completions.jsonl", [completions(number) for number in range(FUNCTIONS)])
    return [path, *(word for setting in settings for word in ("--set", setting))]


def prepare_on(nodes: Nodes, folder: Path, replicas: int = 1) -> tuple[list[object], Path]:
    """The same for a cluster, and the run's folder."""
    output = nodes.unseen / f"{folder.parent.name}-{folder.name}"
    settings = ["run.engine=ray", f"run.ray_address={nodes.address}", f"model.options={{replicas={replicas}}}"]
    return prepare(folder, *settings, f"run.output={output}"), output


def completions(number: int) -> Row:
    """One of them makes its shard so large that Ray has it in its object store (100 kB)."""
    long = random.Random(number).randbytes(100_000).hex()
    texts = [
        f"    return n + {number} -- {long}\nend\n",
        f"    return n - {number} - 1\nend\n",
        "    return n.x.y\nend\n",
    ]
    return {"name": f"HumanEval_{number}_add_{number}", "language": "lua", "completions": texts}


def run(call: list[Any]) -> None:
    """In this process, which is a driver of the cluster already."""
    list(run_pipeline(load_config(call[0], call[2::2])))


def outcome(output: Path) -> Any:
    """The rows of every stage, shard by shard, and the dataset."""
    shards = {str(path.relative_to(output)): list(read_parquet(path)) for path in output.rglob("shard-*.parquet")}
    return timeless(shards), list(read_rows(output / "dataset"))


def asked(output: Path) -> set[int]:
    """How often each completion came to the log, in which it is kept as it arrives."""
    lines = (output / "attempts" / "lua" / "completions.jsonl").read_text().splitlines()
    return set(Counter((entry["key"], entry["index"]) for entry in map(json.loads, lines)).values())


def made(output: Path) -> int:
    return len(list((output / "attempts" / "lua").glob("shard-*.parquet")))


def folders(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    for number in range(KILLS):
        folder = tmp_path / str(number)
        folder.mkdir()
        yield number, folder


@dataclass
class Moment:
    """Some time after so many shards are made."""

    shards: int
    after: float

    @classmethod
    def draw(cls, moments: random.Random) -> Moment:
        return cls(moments.randrange(1, FUNCTIONS // 2), moments.uniform(0, 1))

    def await_in(self, output: Path, running: Callable[[], bool] = lambda: True) -> None:
        while running() and made(output) < self.shards:
            time.sleep(0.01)
        time.sleep(self.after)


def test_a_node_is_lost(nodes: Nodes, expected: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    moments = random.Random(5)
    for number, folder in folders(tmp_path):
        if number:
            nodes.add()
        call, output = prepare_on(nodes, folder, replicas=(3, 1)[number % 2])
        killing = threading.Thread(target=kill_a_node, args=(nodes, output, moments), daemon=True)
        killing.start()
        run(call)
        killing.join()
        shown = f"attempts: {FUNCTIONS} of {FUNCTIONS} rows, .*/s, {3 * FUNCTIONS} completions"
        assert re.search(shown, capsys.readouterr().err)
        assert outcome(output) == expected
        assert asked(output) == {1}


def kill_a_node(nodes: Nodes, output: Path, moments: random.Random) -> None:
    Moment.draw(moments).await_in(output)
    nodes.kill_one(moments)


def test_the_driver_is_killed(nodes: Nodes, expected: Any, tmp_path: Path) -> None:
    moments = random.Random(6)
    for _, folder in folders(tmp_path):
        call, output = prepare_on(nodes, folder)
        driver = start("run", *call)
        Moment.draw(moments).await_in(output, lambda driver=driver: driver.poll() is None)
        driver.kill()
        driver.communicate()
        run(call)
        assert outcome(output) == expected
        assert asked(output) == {1}


def echo(query: Row) -> Row:
    time.sleep(0.05)
    return {"text": query["prompt"]}


@pytest.mark.parametrize("replicas", [1, 2])
def test_a_lost_replica_is_asked_again_for_what_it_owed(nodes: Nodes, replicas: int) -> None:
    import ray

    at_once = 4
    wanted = [Request(str(number), f"prompt {number}", range(5), seed=number) for number in range(8)]
    with serving_model(echo) as server:
        model = ModelSettings(server.name, "", ModelOptions(at_once, retries=0, extra={"replicas": replicas}))
        with closing(Replicas(model)) as started:
            samples = chain.from_iterable(RemoteSession(started.actors, wait_s=0).batches(wanted))
            found = list(islice(samples, 10))
            ray.kill(started.actors[0], no_restart=False)
            found += samples
        asked = Counter((query["prompt"], query["seed"]) for query in server.asked)
    every = [(request.id, index) for request in wanted for index in request.indexes]
    assert sorted((sample.id, sample.index) for sample in found) == every
    assert len(asked) == len(found)
    assert sum(asked.values()) - len(found) <= 2 * at_once  # what was in hand, asked for or answered just then


def test_copies_are_found_among_the_functions_of_all_shards(nodes: Nodes, tmp_path: Path) -> None:
    code = [str(project(tmp_path / "code"))]
    call, output = prepare_on(nodes, tmp_path)
    kept = []
    with open_engines(load_config(call[0], call[2::2])) as on_cluster:
        for folder, engines in ((output, on_cluster), (tmp_path / "local", local_engines(1))):
            found = run_stages([Extract(), Deduplicate()], read_files(code), folder / "last", folder, 1, engines)
            assert found[1].reasons[EXACT] == 5
            kept.append(list(read_shards(folder / "last")))
    assert kept[0] == kept[1]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a node a toolchain of its own")
def test_another_toolchain_on_a_node_is_told(nodes: Nodes, tmp_path: Path) -> None:
    lua, other = Path(str(shutil.which("lua5.4"))).resolve(), tmp_path / "lua"
    other.write_bytes(lua.read_bytes().replace(b"Lua 5.4.", b"Lua 5.3."))
    other.chmod(0o755)
    call, _ = prepare_on(nodes, tmp_path)
    (node,) = nodes.add(1, ("--bind", other, lua))
    told = r"has Lua 5\.3.* and the run was begun with Lua 5\.4.*; install the same on all nodes"
    with pytest.raises(MultipltError, match=told):
        run(call)
    nodes.cluster.remove_node(node)


def test_what_is_wrong_with_a_cluster_is_told_before_any_work(nodes: Nodes, tmp_path: Path) -> None:
    for address, told in {"127.0.0.1:1": "Connection refused", "cluster": "write HOST:PORT"}.items():
        path = config(tmp_path, 1, run={"engine": "ray", "ray_address": address})
        assert told in error_of(multiplt("run", path, code=1))
    path = config(tmp_path, 1, run={"engine": "ray", "ray_address": nodes.address}, execute={"workers": 64})
    with pytest.raises(MultipltError, match=r"no node of the Ray cluster has 64 CPUs and 64\.0 GiB, which one shard"):
        run([path])
    assert not (tmp_path / "out").exists()

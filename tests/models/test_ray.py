"""`engine = "ray"` on a cluster of three nodes: the rows of this machine, whatever is lost on the way."""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
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
from multiplt.run.config import load_config
from multiplt.run.pipeline import run_pipeline
from multiplt.run.ray_model import RemoteSession, Replicas
from multiplt.run.sampling import ModelSettings
from processes import start
from servers import serving_model

pytestmark = pytest.mark.models

FUNCTIONS = 12
KILLS = 5 if FULL else 1


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head and two nodes more, each with one core; this process is a driver of it."""
    if find_spec("ray") is None:
        pytest.skip("ray is not installed (make test-models installs it)")
    import ray
    from ray.cluster_utils import Cluster

    variables = pytest.MonkeyPatch()
    variables.setenv("RAY_USAGE_STATS_ENABLED", "0")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    for _ in range(2):
        cluster.add_node(wait=False, num_cpus=1)
    cluster.wait_for_nodes()
    ray.init(address=cluster.address, logging_level=logging.ERROR)
    yield cluster
    ray.shutdown()
    cluster.shutdown()
    variables.undo()


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the run comes to on this machine."""
    folder = tmp_path_factory.mktemp("local")
    run(prepare(folder))
    return outcome(folder)


def prepare(folder: Path, cluster: Any = None, replicas: int = 1) -> list[object]:
    """A run's configuration, and what of it is overridden."""
    path = config(folder, FUNCTIONS, run={"languages": ["lua"], "shard_size": 1})
    write(folder / "completions.jsonl", [completions(number) for number in range(FUNCTIONS)])
    if cluster is None:
        return [path]
    settings = ["run.engine=ray", f"run.ray_address={cluster.address}", f"model.options={{replicas={replicas}}}"]
    return [path, *(word for setting in settings for word in ("--set", setting))]


def completions(number: int) -> Row:
    texts = [f"    return n + {number}\nend\n", f"    return n - {number} - 1\nend\n", "    return n.x.y\nend\n"]
    return {"name": f"HumanEval_{number}_add_{number}", "language": "lua", "completions": texts}


def run(call: list[Any]) -> None:
    """In this process, which is a driver of the cluster already."""
    list(run_pipeline(load_config(call[0], call[2::2])))


def outcome(folder: Path) -> Any:
    """The rows of every stage, shard by shard, and the dataset."""
    shards = {str(path.relative_to(folder)): list(read_parquet(path)) for path in folder.rglob("shard-*.parquet")}
    return timeless(shards), list(read_rows(folder / "out" / "dataset"))


def asked(folder: Path) -> set[int]:
    """How often each completion came to the log, in which it is kept as it arrives."""
    lines = (folder / "out" / "attempts" / "lua" / "completions.jsonl").read_text().splitlines()
    return set(Counter((entry["key"], entry["index"]) for entry in map(json.loads, lines)).values())


def made(folder: Path) -> int:
    return len(list((folder / "out" / "attempts" / "lua").glob("shard-*.parquet")))


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

    def await_in(self, folder: Path, running: Callable[[], bool] = lambda: True) -> None:
        while running() and made(folder) < self.shards:
            time.sleep(0.01)
        time.sleep(self.after)


def test_a_node_is_lost(cluster: Any, expected: Any, tmp_path: Path) -> None:
    moments = random.Random(5)
    for number, folder in folders(tmp_path):
        if number:
            cluster.add_node(num_cpus=1)
        call = prepare(folder, cluster, replicas=(3, 1)[number % 2])
        killing = threading.Thread(target=kill_a_node, args=(cluster, folder, moments))
        killing.start()
        run(call)
        killing.join()
        assert outcome(folder) == expected
        assert asked(folder) == {1}


def kill_a_node(cluster: Any, folder: Path, moments: random.Random) -> None:
    Moment.draw(moments).await_in(folder)
    cluster.remove_node(moments.choice(sorted(cluster.worker_nodes, key=str)), allow_graceful=False)


def test_the_driver_is_killed(cluster: Any, expected: Any, tmp_path: Path) -> None:
    moments = random.Random(6)
    for _, folder in folders(tmp_path):
        call = prepare(folder, cluster)
        driver = start("run", *call)
        Moment.draw(moments).await_in(folder, lambda driver=driver: driver.poll() is None)
        driver.kill()
        driver.communicate()
        run(call)
        assert outcome(folder) == expected
        assert asked(folder) == {1}


def echo(query: Row) -> Row:
    time.sleep(0.05)
    return {"text": query["prompt"]}


@pytest.mark.parametrize("replicas", [1, 2])
def test_a_lost_replica_is_asked_again_for_what_it_owed(cluster: Any, replicas: int) -> None:
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


def test_what_is_wrong_with_a_cluster_is_told_before_any_work(cluster: Any, tmp_path: Path) -> None:
    for address, told in {"127.0.0.1:1": "Connection refused", "cluster": "write HOST:PORT"}.items():
        path = config(tmp_path, 1, run={"engine": "ray", "ray_address": address})
        assert told in error_of(multiplt("run", path, code=1))
    path = config(tmp_path, 1, run={"engine": "ray", "ray_address": cluster.address}, execute={"workers": 64})
    with pytest.raises(MultipltError, match=r"no node of the Ray cluster has 64 CPUs and 64\.0 GiB, which one shard"):
        run([path])
    assert not (tmp_path / "out").exists()

"""`engine = "ray"` on a cluster of three nodes: the rows of this machine, whatever is lost on the way."""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from commands import config, error_of, multiplt, timeless, write
from counts import FULL
from multiplt.rows import Row, read_rows
from multiplt.rows.parquet import read_parquet
from multiplt.run.config import load_config
from multiplt.run.pipeline import run_pipeline
from processes import start, wait_until

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


def test_a_node_is_lost(cluster: Any, expected: Any, tmp_path: Path) -> None:
    moments = random.Random(5)
    for number in range(KILLS):
        folder = tmp_path / str(number)
        folder.mkdir()
        call = prepare(folder, cluster, replicas=(3, 1)[number % 2])
        first, after = moments.randrange(FUNCTIONS // 2), moments.uniform(0, 1)
        killing = threading.Thread(target=kill_a_node, args=(cluster, moments, lambda: made(folder) > first, after))
        killing.start()
        run(call)
        killing.join()
        assert outcome(folder) == expected
        assert asked(folder) == {1}
        if number < KILLS - 1:
            cluster.add_node(num_cpus=1)


def kill_a_node(cluster: Any, moments: random.Random, now: Callable[[], bool], after: float) -> None:
    while not now():
        time.sleep(0.01)
    time.sleep(after)
    cluster.remove_node(moments.choice(sorted(cluster.worker_nodes, key=str)), allow_graceful=False)


def test_the_driver_is_killed(cluster: Any, expected: Any, tmp_path: Path) -> None:
    call = prepare(tmp_path, cluster)
    driver = start("run", *call)
    wait_until(lambda: made(tmp_path) > 2, driver, 120)
    driver.kill()
    driver.communicate()
    assert made(tmp_path) < FUNCTIONS
    run(call)
    assert outcome(tmp_path) == expected
    assert asked(tmp_path) == {1}


def test_what_is_wrong_with_a_cluster_is_told_before_any_work(tmp_path: Path) -> None:
    for address, told in {"127.0.0.1:1": "Connection refused", "cluster": "write HOST:PORT"}.items():
        path = config(tmp_path, 1, run={"engine": "ray", "ray_address": address})
        assert told in error_of(multiplt("run", path, code=1))
        assert not (tmp_path / "out").exists()

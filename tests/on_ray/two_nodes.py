"""A stage on two real nodes that loses one: ``python -m tests.on_ray.two_nodes MODEL STORE [leaving]``.

The nodes are two raylets on this machine beside a head without work. Prints how many workers took each step.
With ``leaving`` the node is not lost: Ray is told that it will be.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import ray
from ray.cluster_utils import Cluster

from tests.on_ray.deadly import Leaving, Sinking
from tests.train.inputs import stage
from vf_ray import artifacts
from vf_ray.artifacts import Spec, Writer
from vf_ray.on_ray.cluster import _draw_token
from vf_ray.on_ray.logs import kept
from vf_ray.on_ray.train import fit
from vf_ray.on_ray.worker import Job
from vf_ray.recipe import Resources
from vf_ray.store import Store

QUICK = {
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 1000,
    "health_check_failure_threshold": 3,
}
"""Ray notices a lost node after half a minute by default."""
SMALL = {"object_store_memory": 100 << 20}


@contextmanager
def nodes(count: int) -> Iterator[None]:
    """Connect to a new cluster of so many nodes of one CPU, and end it."""
    _draw_token()
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "_system_config": QUICK, **SMALL})
    try:
        for _ in range(count):
            cluster.add_node(num_cpus=1, **SMALL)
        os.environ["RAY_ADDRESS"] = cluster.address
        ray.init(log_to_driver=False)
        yield
    finally:
        ray.shutdown()
        cluster.shutdown()


def main(folder: str, url: str, how: str = "lost") -> None:
    """Train while a node is lost, or about to be."""
    store, samples = Store.open(url), Leaving if how == "leaving" else Sinking
    further = {"save_every": 100, "steps": 24} if how == "leaving" else {"steps": 10}

    def stored(writer: Writer) -> Mapping[str, Any]:
        for file in sorted(Path(folder).iterdir()):
            writer.commit(f"model/{file.name}", file)
        return {}

    def make(writer: Writer) -> Mapping[str, Any]:
        asked = Resources(workers=2, min_workers=1, threads=1)
        tuned = stage(zero=2, **further)
        return fit(Job("stage1", tuned, model, partial(samples.of, 40, writer), writer, 0, asked, True))

    model = artifacts.build(store, Spec(kind="base", name="tiny", config={}), stored)
    os.environ["RAY_TRAIN_PREEMPTION_POLL_INTERVAL_S"] = "0.2"
    with nodes(2), kept(store, "lost"):
        done = artifacts.build(store, Spec(kind="stage1", name="tiny", config={}), make)
        alive = sum(node["Alive"] for node in ray.nodes())
    losses = [json.loads(line)["loss"] for line in done.read("metrics.jsonl").splitlines()]
    told = {"losses": losses, "alive": alive, "logged": store.list("logs"), "saved": store.exists("saved")}
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Where work without GPUs lands: ``python -m tests.on_ray.gpu_nodes``, beside a node that says it has GPUs.

Prints, with the nodes for such work declared and not, on how many kinds of nodes units of prepare ran.
"""

import json
import os
import time
from dataclasses import dataclass

import ray
from ray.cluster_utils import Cluster

from vf_ray.on_ray.cluster import _draw_token
from vf_ray.on_ray.cluster_variables import CPU_NODES
from vf_ray.on_ray.ray_pool import RayPool
from vf_ray.work import Line

SMALL = {"object_store_memory": 100 << 20}
UNITS = 12


@dataclass(frozen=True)
class Where:
    """A unit that tells which node it runs on."""

    number: int

    def name(self) -> str:
        return f"where {self.number}"

    def done(self) -> bool:
        return False

    def run(self) -> Line:
        time.sleep(0.3)  # long enough that a free node takes the next one
        return {"node": ray.get_runtime_context().get_node_id()}


def kinds() -> list[str]:
    """Return the kinds of nodes that the units ran on."""
    names = {node["NodeID"]: "gpu" if node["Resources"].get("GPU") else "cpu" for node in ray.nodes()}
    return sorted({names[str(line["node"])] for line in RayPool().run([Where(n) for n in range(UNITS)])})


def main() -> None:
    """Run units twice on a head without work, a node for work without GPUs, and one with GPUs."""
    _draw_token()
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **SMALL})
    try:
        cluster.add_node(num_cpus=1, labels={"ray-subcluster": "cpu"}, **SMALL)
        cluster.add_node(num_cpus=4, num_gpus=2, **SMALL)
        ray.init(address=cluster.address, log_to_driver=False)
        anywhere = kinds()
        os.environ[CPU_NODES] = "cpu"
        print(json.dumps({"anywhere": anywhere, "declared": kinds()}))
    finally:
        ray.shutdown()
        cluster.shutdown()


if __name__ == "__main__":
    from tests.on_ray import gpu_nodes  # what is pickled must have a name that workers know

    gpu_nodes.main()

"""A step with an extension on a cluster that never saw it: ``python -m tests.extensions.on_cluster ROOT``.

``ROOT`` holds ``acme_vision``, ``raw`` and ``exams``. Prints the instances of each task.
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from ray.cluster_utils import Cluster

from infra.local.services import free_port
from vf_ray import artifacts
from vf_ray.extensions.found import VARIABLE
from vf_ray.on_ray.cluster import OBJECT_STORE_BYTES, _draw_token
from vf_ray.on_ray.submit import submit
from vf_ray.plan.plan import Plan
from vf_ray.recipe.load import load_recipe
from vf_ray.store import Store


def main(root: Path) -> None:
    """Start a cluster, name the extension afterwards, and send it the step."""
    _draw_token()
    folder = tempfile.mkdtemp(prefix="vf-")  # short: sockets lie below it
    os.environ["RAY_TMPDIR"] = folder  # not /tmp/ray, which is there only where some Ray has made it
    port = free_port()  # another Ray of this machine may have the usual ones
    head = {
        "num_cpus": 2, "include_dashboard": True, "object_store_memory": OBJECT_STORE_BYTES,
        "dashboard_port": port, "dashboard_agent_listen_port": free_port(taken=[port]),
    }  # fmt: skip
    cluster = Cluster(initialize_head=True, head_node_args=head)
    os.environ["RAY_API_SERVER_ADDRESS"] = f"http://{cluster.head_node.webui_url}"
    os.environ[VARIABLE] = str(root / "acme_vision")
    try:
        store = Store.open(str(root / "store"))
        places = {"prepare.raw": str(root / "raw"), "evaluate.data": str(root / "exams")}
        plan = Plan.of(load_recipe("acme", places), store)
        submit("prepare", plan, store, force=False)
        made = {task: artifacts.load(store, spec.address).stats for task, spec in plan.instances.items()}
        print(json.dumps({task: stats["train"] + stats["held_out"] for task, stats in made.items()}))
    finally:
        cluster.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Connect to Ray: one of this process's own, or the one that a submitted job runs in."""

import logging
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ray

from vf_ray.recipe import Resources

ENVIRONMENT = {
    "RAY_worker_niceness": "0",  # 15 by default: the driver's own watching would come before training
    "RAY_prestart_worker_first_driver": "0",  # if one of those died, ray.init would wait for ever
    "GOMP_SPINCOUNT": "10000",  # of 300,000: threads that spin long at barriers slow a busy machine down
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # a task without a GPU keeps CUDA_VISIBLE_DEVICES as it is
}
"""Read by Ray when it starts; workers inherit them."""

CPU_NODES = "VF_RAY_CPU_NODES"
"""Names the nodes that work without GPUs belongs on, by the value of their label ``ray-subcluster``."""
OBJECT_STORE_BYTES = 256 << 20
"""Rows never pass through the object store, only lines of statistics."""


@contextmanager
def local_cluster(resources: Resources) -> Iterator[None]:
    """Connect to the job's cluster where ``RAY_ADDRESS`` is set, else start a Ray and stop it afterwards."""
    if ray.is_initialized():
        yield
        return
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    _start(resources)
    try:
        yield
    finally:
        ray.shutdown()


def _start(resources: Resources) -> None:
    if os.environ.get("RAY_ADDRESS"):
        ray.init(logging_level=logging.WARNING)
        return
    _ensure_token()
    logging.getLogger("ray._private.authentication").setLevel(logging.ERROR)
    ray.init(
        address="local",  # "auto" is ambiguous where several clusters run
        num_cpus=logical_cpus(resources),
        include_dashboard=False,
        object_store_memory=OBJECT_STORE_BYTES,
        logging_level=logging.WARNING,
        log_to_driver=False,
    )


def logical_cpus(resources: Resources) -> int:
    """Return the CPUs to declare: training workers and Ray Data tasks together on few cores would hang."""
    cores = len(os.sched_getaffinity(0))
    return max(cores, 4, int(resources.workers * max(1.0, resources.cpus_per_worker)) + 2)


def without_gpus() -> dict[str, str]:
    """Return the label of the nodes for work without GPUs: none where any node will do.

    Else such work wakes nodes with GPUs as soon as the others are full, and keeps them awake. The label is
    the one by which Ray Data, too, tells whose nodes it counts and asks the autoscaler for.
    """
    value = os.environ.get(CPU_NODES)
    return {"ray-subcluster": value} if value else {}


def _ensure_token() -> None:
    """Give this user's own clusters a token of their own, kept apart from those of other clusters."""
    if os.environ.get("RAY_AUTH_TOKEN"):
        return
    own = Path(tempfile.gettempdir()) / f"vf-ray-{os.getuid()}" / "auth_token"
    token = Path(os.environ.setdefault("RAY_AUTH_TOKEN_PATH", str(own)))
    token.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not token.exists():
        token.touch(mode=0o600)
        token.write_text(secrets.token_hex(32), encoding="ascii")

"""Connect to Ray: one of this process's own, or the one that a submitted job runs in."""

import logging
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ray

from vf_ray.config import Resources

ENVIRONMENT = {
    "RAY_DATA_USE_DATASOURCE_V2": "0",  # the new source adds seconds to every execution
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.2",  # by default every checkpoint report waits 2 s
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""Read by Ray when it is imported or started; workers inherit them."""

OBJECT_STORE_BYTES = 256 << 20
"""Rows never pass through the object store, only lines of statistics."""


@contextmanager
def local_cluster(resources: Resources) -> Iterator[None]:
    """Connect to the job's cluster where ``RAY_ADDRESS`` is set, else start a Ray and stop it afterwards.

    Raises:
        RuntimeError: if the recipe wants GPUs and there are too few.
    """
    if ray.is_initialized():
        yield
        return
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    _start(resources)
    try:
        _refuse_without_gpus(resources)
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


def _refuse_without_gpus(resources: Resources) -> None:
    wanted, there = resources.workers * resources.gpus_per_worker, ray.cluster_resources().get("GPU", 0)
    if wanted > there:
        raise RuntimeError(
            f"the recipe wants {wanted} GPUs (resources.workers x resources.gpus_per_worker), this Ray "
            f"has {there:g}; point RAY_API_SERVER_ADDRESS at a cluster that has them, or set "
            "resources.gpus_per_worker=0"
        )

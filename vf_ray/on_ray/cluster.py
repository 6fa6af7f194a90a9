"""Connect to Ray: one of this process's own, or the one that a submitted job runs in."""

import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ray

from vf_ray.errors import OutsideError
from vf_ray.on_ray.cluster_variables import CPU_NODES, RAY_ADDRESS, TOKEN, TOKEN_PATH
from vf_ray.recipe import Resources
from vf_ray.store.private import lasting_scratch, secret

ENVIRONMENT = {
    "RAY_worker_niceness": "0",  # 15 by default: the driver's own watching would come before training
    "RAY_prestart_worker_first_driver": "0",  # if one of those died, ray.init would wait for ever
    "GOMP_SPINCOUNT": "10000",  # of 300,000: threads that spin long at barriers slow a busy machine down
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # a task without a GPU keeps CUDA_VISIBLE_DEVICES as it is
}
"""Read by Ray when it starts; workers inherit them."""
ALONE = {
    "RAY_enable_metrics_collection": "0",  # nobody asks for them, and whoever did would need no token
    "RAY_gcs_rpc_server_connect_timeout_s": "60",  # of 5, which a busy machine misses
}
"""For a Ray of this process's own."""
JOINED = {"RAY_gcs_server_port_wait_time_s": "1"}
"""For a cluster that is there: attempts to reach its head, of half a minute each; of 20, as Ray has it."""

OBJECT_STORE_BYTES = 256 << 20
"""Rows never pass through the object store, only lines of statistics."""

log = logging.getLogger(__name__)


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
    if os.environ.get(RAY_ADDRESS):
        _join()
        return
    _draw_token()
    for name, value in ALONE.items():
        os.environ.setdefault(name, value)
    logging.getLogger("ray._private.authentication").setLevel(logging.ERROR)
    folder = lasting_scratch() / "ray"
    try:
        _start_alone(resources, folder)
    except Exception as error:  # Ray has no type of its own for a node that it waited half a minute for
        log.warning("Ray did not start (%s); trying once more: this machine may be busy", _first_line(error))
        ray.shutdown()
        _start_again(resources, folder)


def _join() -> None:
    """Connect to the cluster that RAY_ADDRESS names.

    Raises:
        OutsideError: if none answers there within some 40 s.
    """
    for name, value in JOINED.items():
        os.environ.setdefault(name, value)
    try:
        ray.init(logging_level=logging.WARNING)
    except Exception as error:  # a cluster that is not there is told by errors of half a dozen types
        raise OutsideError(
            f"no Ray cluster can be joined at {os.environ[RAY_ADDRESS]!r} ({_first_line(error)}); start it, "
            f"correct {RAY_ADDRESS}, or unset it to use a Ray of this machine"
        ) from error


def _start_again(resources: Resources, folder: Path) -> None:
    try:
        _start_alone(resources, folder)
    except Exception as error:
        raise OutsideError(
            f"Ray did not start on this machine in two attempts ({_first_line(error)}); its logs lie below "
            f"{folder}/session_latest; run the same again when processors, memory and disk are less in use"
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _start_alone(resources: Resources, folder: Path) -> None:
    ray.init(
        address="local",  # "auto" is ambiguous where several clusters run
        num_cpus=logical_cpus(resources),
        include_dashboard=False,
        object_store_memory=OBJECT_STORE_BYTES,
        logging_level=logging.WARNING,
        log_to_driver=False,
        _temp_dir=str(folder),  # Ray opens it to everybody; the one around it is closed
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


def _draw_token() -> None:
    """Give this process's own cluster a token that no file holds, unless the user has named one."""
    file = os.environ.get(TOKEN_PATH)
    if not file:
        os.environ.setdefault(TOKEN, secrets.token_hex(32))
    elif not os.environ.get(TOKEN):
        secret(Path(file))

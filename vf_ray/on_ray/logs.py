"""What Ray's own processes wrote while a step ran, brought to the store: a cluster takes its logs with it.

Of a cluster that stays, too, the logs are then found beside what they are about, and without its dashboard.
"""

import io
import logging
import os
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from vf_ray.on_ray.cluster_variables import RAY_ADDRESS
from vf_ray.store import Store

FOLDER = "logs"
LAST_BYTES = 8 << 20
"""Of one file: what is kept of it, from its end."""
EARLIER_S = 60.0
"""How long before the block what started it may have been logged."""
WAIT_S = 60.0
"""How long nodes may take to send theirs."""

log = logging.getLogger(__name__)


@contextmanager
def kept(store: Store, name: str) -> Iterator[None]:
    """Keep what each node logs from a minute before the block on: ``logs/<name>/<host>-<node>.tar.gz``.

    A Ray of this process's own leaves its logs on this machine, so nothing is done about it. However the
    block ends, it ends so: what cannot be kept is only told.
    """
    if not os.environ.get(RAY_ADDRESS):
        yield
        return
    since = time.time() - EARLIER_S
    try:
        yield
    finally:
        try:
            _keep(store, f"{FOLDER}/{name}", since)
        except Exception as error:
            log.warning("Ray's logs could not be kept at %s: %s", store.at(f"{FOLDER}/{name}"), error)


def _keep(store: Store, folder: str, since: float) -> None:
    nodes = {node["NodeID"]: node["NodeManagerHostname"] for node in ray.nodes() if node["Alive"]}
    sent = {
        _on(node).remote(store, f"{folder}/{host}-{node[:8]}.tar.gz", since): host
        for node, host in nodes.items()
    }
    _, late = ray.wait(list(sent), num_returns=len(sent), timeout=WAIT_S)
    for task, host in sent.items():
        try:
            ray.get(task, timeout=0)
        except Exception as error:
            log.warning("the logs of %s could not be kept%s: %s", host, " in time" * (task in late), error)


def _on(node: str) -> Any:
    """Return the remote function that packs the logs of a node."""
    there = NodeAffinitySchedulingStrategy(node, soft=False)
    return ray.remote(pack).options(num_cpus=0, max_retries=0, scheduling_strategy=there)


def pack(store: Store, path: str, since: float) -> None:
    """Store this node's logs that were written to after ``since``, each from its last ``LAST_BYTES`` on."""
    here = ray.get_runtime_context()
    folder = Path(here.get_temp_dir()) / here.get_session_name() / "logs"
    with tempfile.NamedTemporaryFile(prefix="vf-ray-logs-") as packed:
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for file in sorted(folder.rglob("*")):
                with suppress(FileNotFoundError):  # Ray gives full ones another name
                    if file.is_file() and file.stat().st_mtime >= since:
                        _add(archive, file, str(file.relative_to(folder)))
        packed.flush()
        store.create_file(path, Path(packed.name))


def _add(archive: tarfile.TarFile, file: Path, name: str) -> None:
    """Add the end of a file, as it is at this moment."""
    with file.open("rb") as source:
        entry = archive.gettarinfo(arcname=name, fileobj=source)
        source.seek(max(0, entry.size - LAST_BYTES))
        data = source.read(LAST_BYTES)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))

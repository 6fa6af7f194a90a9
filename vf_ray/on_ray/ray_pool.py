"""A pool on the cluster that this process is connected to: units by Ray Data, workers as actors.

It carries: units and calls travel as they are, errors come back without Ray's wrapping.
"""

import logging
import pickle
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import ray
import ray.data

from vf_ray.errors import MendableError
from vf_ray.on_ray.cluster import without_gpus
from vf_ray.on_ray.workers import Actors
from vf_ray.work import Line, Unit
from vf_ray.work.work_pool import T


class RayPool:
    """Spreads work over a cluster."""

    def __init__(self) -> None:
        """Leave the telling of Ray Data to our own progress, and nodes with GPUs to others."""
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        context.execution_options.label_selector = without_gpus() or None
        logging.getLogger("ray.data").setLevel(logging.CRITICAL)

    @property
    def at_once(self) -> int:
        """Return the CPUs that the cluster has now; one that grows when it is asked to has at least two."""
        return max(2, int(ray.cluster_resources().get("CPU", 0)))

    def run(self, units: Sequence[Unit]) -> Iterator[Line]:
        """Run units as one Ray Data execution, one block each; yield their lines as they end.

        Raises:
            Exception: what a unit raised, without Ray's wrapping.
        """
        if not units:
            return
        items = [{"unit": pickle.dumps(unit)} for unit in units]
        dataset = ray.data.from_items(items, override_num_blocks=len(items))
        dataset.set_name(units[0].name().replace(" ", "_").replace("/", "_"))
        for done in dataset.map(_run).iter_rows():
            if done["error"]:
                raise pickle.loads(done["error"])
            yield pickle.loads(done["line"])

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function in a Ray task."""
        task = ray.remote(num_cpus=1, label_selector=without_gpus())(function)
        result: T = ray.get(task.remote(*arguments))
        return result

    def workers(
        self, kind: type[Any], *, gpus: int, most: int, asked: int = 1
    ) -> AbstractContextManager[Actors]:
        """Give actors, each in a process of its own."""
        return Actors(kind, gpus, most, asked)


def _run(item: Mapping[str, Any]) -> dict[str, bytes]:
    """Do a unit; return its line or its error, which Ray Data would wrap until nothing is left of it."""
    unit: Unit = pickle.loads(item["unit"])
    try:
        return {"line": pickle.dumps({"unit": unit.name(), **unit.run()}), "error": b""}
    except Exception as error:
        return {"line": b"", "error": _packed(error, unit.name())}


def _packed(error: Exception, unit: str) -> bytes:
    if not isinstance(error, MendableError):
        error.add_note(f"in the unit {unit!r}:\n{''.join(traceback.format_exception(error))}")
    try:
        packed = pickle.dumps(error)
        pickle.loads(packed)  # some errors can be packed but not unpacked
    except Exception:
        plain = RuntimeError(f"{type(error).__name__}: {error}")
        plain.__notes__ = error.__notes__
        return pickle.dumps(plain)
    return packed

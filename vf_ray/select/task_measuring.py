"""What a model says of tasks: where their gradients point, and what a short tuning on one gains on others.

Both rest on the selection of a stage, whose short tuning and held-out instances they use.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context

import numpy as np
import numpy.typing as npt

from vf_ray.artifacts import Spec
from vf_ray.plan.selection import StageSelection
from vf_ray.recipe import Resources
from vf_ray.select.asker import Asker
from vf_ray.select.collect import Collector, chunks_of
from vf_ray.select.task_matrices import TaskMatrix, gradients, transfer
from vf_ray.store import Store
from vf_ray.work import WorkPool

AT_ONCE = 4
"""Tasks whose tunings wait for workers side by side."""


def task_gradients(store: Store, wanted: StageSelection, pool: WorkPool, resources: Resources) -> TaskMatrix:
    """Return the cosine of the mean gradients of the tasks of a stage's mixture."""
    with _asking(store, wanted, pool, resources) as asker:
        tasks = asker.mixture.index["task"].to_pylist()
        names, codes = np.unique(np.array(tasks), return_inverse=True)
        projected = asker.features("gradients", asker.among(range(len(tasks))), wanted.proxy)
    with chunks_of(projected) as chunks:
        return gradients(chunks, codes, [str(name) for name in names])


def task_transfer(store: Store, wanted: StageSelection, pool: WorkPool, resources: Resources) -> TaskMatrix:
    """Return what a short tuning on each task gains on the held-out instances of each.

    One tuning for each task, and its losses on all of them; all are kept as artifacts, so that one more task
    costs one more tuning.

    Raises:
        UserError: if no target task has held-out instances.
    """
    with _asking(store, wanted, pool, resources) as asker:
        _, asked = asker.held_out
        trained = set(asker.mixture.index["task"].to_pylist())
        tasks = [task for task in dict.fromkeys(asked) if task in trained]
        before = _losses(asker, None, tasks)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="transfer") as threads:
            after = [
                threads.submit(copy_context().run, _losses, asker, wanted.proxy_on(task), tasks)
                for task in tasks
            ]
            return transfer(
                tasks, before, np.stack([one.result() for one in after]), [asked.count(t) for t in tasks]
            )


@contextmanager
def _asking(store: Store, wanted: StageSelection, pool: WorkPool, resources: Resources) -> Iterator[Asker]:
    most, gpus = max(resources.workers, len(wanted.targets)), resources.gpus_per_worker
    with pool.workers(Collector, gpus=gpus, most=most, asked=resources.workers) as workers:
        yield Asker(store, wanted, workers)


def _losses(asker: Asker, proxy: Spec | None, tasks: list[str]) -> npt.NDArray[np.float64]:
    """Return the mean loss on the held-out instances of each task."""
    held_out, asked = asker.held_out
    losses, of = asker.rows("losses", held_out, proxy)[:, 0], np.array(asked)
    return np.array([np.nanmean(losses[of == task]) for task in tasks])

"""The selection of a stage: a model is asked about all instances, and a method makes a keep-list of it.

Workers measure, chunk by chunk; what is measured is an artifact of its own, so that another share or another
method over the same features asks nothing again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vf_ray import artifacts
from vf_ray.artifacts import RUN, Artifact, Writer
from vf_ray.artifacts.cost import GPUS
from vf_ray.errors import UserError
from vf_ray.plan.handing import unselected
from vf_ray.plan.plan import Plan
from vf_ray.plan.selection import StageSelection
from vf_ray.recipe import Resources
from vf_ray.select.asker import Asker
from vf_ray.select.collect import CHUNK, Collector, chunks_of
from vf_ray.select.concepts import concepts
from vf_ray.select.influence import influence, vote
from vf_ray.select.loss_ratio import task_weights, typical
from vf_ray.select.ranking import Counts, Mask, Ranks, Reals, budget, hashes, highest
from vf_ray.select.trajectories import trajectories
from vf_ray.shards.finish import TRAIN
from vf_ray.shards.keep_list import KEEP, KEPT
from vf_ray.shards.mixture import mixture
from vf_ray.shards.read import StoredSamples
from vf_ray.shards.schema import from_parquet, to_parquet
from vf_ray.store import Store
from vf_ray.work import LocalPool, WorkPool

REFERENCE = 0.05
"""Share of each task whose losses weigh it, after PreSel."""
PER_CLUSTER = 200
"""Instances for each cluster, where a recipe does not say how many clusters there are."""
MOST_CLUSTERS = {"coincide": 2500, "xmas": 1000}
"""As the methods' authors take for 665 thousand instances."""
Chosen = tuple[Reals, Mask]
"""The score of each instance, and whether it is kept."""


def select(
    store: Store, wanted: StageSelection, pool: WorkPool, *,
    resources: Resources = Resources(),  # noqa: B008 - frozen
    force: bool = False,
) -> Artifact:  # fmt: skip
    """Return the keep-list of a stage.

    Raises:
        FileNotFoundError: if the mixture, the model or instances of a target are not finished.
        UserError: if the targets have no held-out instances, or nothing of the mixture can be read.
    """

    def make(writer: Writer) -> Mapping[str, Any]:
        size = artifacts.load(store, wanted.pool.address).stats["instances"]
        asks = wanted.asked.method != "random"
        gpus, most = resources.gpus_per_worker, -(-size // CHUNK)
        workers_of = pool if asks else LocalPool()  # chance needs none of a cluster's
        with workers_of.workers(Collector, gpus=gpus, most=most, asked=resources.workers) as workers:
            stats = _Selecting(Asker(store, wanted, workers)).written(writer)
            return {**stats, RUN: {GPUS: workers.gpus * asks}}

    return artifacts.build(store, wanted.keep, make, force=force)


def selected(store: Store, plan: Plan, stage: str, pool: WorkPool, *, force: bool = False) -> Artifact | None:
    """Return the keep-list that a stage's method makes, if it has one; its mixture then takes only those."""
    wanted = plan.selections.of(stage)
    if wanted is None:
        return None
    if force or artifacts.find(store, wanted.keep) is None:
        mixture(store, unselected(plan, stage))
    return select(store, wanted, pool, resources=plan.recipe.resources, force=force)


@dataclass
class _Selecting:
    """One run of a selection."""

    asker: Asker

    def __post_init__(self) -> None:
        """Read the name of every instance."""
        self.asked = self.asker.wanted.asked
        self.tasks, self.keys = names_of(self.asker.mixture)
        self.ranks: Ranks = hashes(self.asked.seed, self.tasks, self.keys)
        self.count = budget(self.asked.share, len(self.tasks))
        self.all = self.asker.among(range(len(self.tasks)))

    def written(self, writer: Writer) -> Mapping[str, Any]:
        """Choose, commit the keep-list and return statistics."""
        scores, chosen = METHODS[self.asked.method](self)
        if not chosen.any():
            raise UserError(
                f"{self.asker.wanted.name}.select: the model can read none of {len(chosen):,} instances"
            )
        columns = [pa.array(self.tasks), pa.array(self.keys), pa.array(scores, pa.float64())]
        table = pa.table(columns, schema=KEPT).filter(pa.array(chosen))
        writer.commit(KEEP, to_parquet(table))
        counts = {row["values"]: row["counts"] for row in pc.value_counts(table["task"]).to_pylist()}
        return {
            "instances": len(chosen),
            "kept": int(chosen.sum()),
            "unreadable": int(np.isnan(scores).sum()),
            "tasks": {task: counts.get(task, 0) for task in sorted(set(self.tasks))},
        }

    def by_hash(self) -> Chosen:
        """Choose at random: a smaller share is part of a larger one."""
        scores = 1 - self.ranks.astype(np.float64) / 2.0**64
        return scores, highest(np.zeros(len(scores)), self.ranks, self.count)

    def by_influence(self) -> Chosen:
        """Choose by votes of target tasks."""
        held_out, tasks = self.asker.held_out
        gradients = self.asker.rows("gradients", held_out, self._proxy)
        of_task = [gradients[np.array(tasks) == task] for task in dict.fromkeys(tasks)]
        readable = [rows for rows in of_task if not np.isnan(rows).all()]
        with chunks_of(self.asker.features("gradients", self.all, self._proxy)) as chunks:
            voted = vote(influence(chunks, readable), self.ranks, self.asked.share)
        return voted.scores, voted.kept

    def by_loss_ratio(self) -> Chosen:
        """Choose what is typical of each task, by the tasks' weights."""
        weights = task_weights(self._ratios(), self._codes)
        with chunks_of(self.asker.features("looks", self.all, None)) as chunks:
            return typical(chunks, self._codes, self.ranks, weights, self.count)

    def by_concepts(self) -> Chosen:
        """Choose what stands for each concept."""
        with chunks_of(self.asker.features("hidden", self.all, None)) as chunks:
            return concepts(chunks, self.ranks, clusters=self._clusters, total=self.count)

    def by_trajectories(self) -> Chosen:
        """Choose what has settled, of each trajectory as many."""
        with chunks_of(self.asker.features("attention", self.all, self._proxy)) as chunks:
            return trajectories(chunks, self.ranks, clusters=self._clusters, total=self.count)

    def _ratios(self) -> Reals:
        """Return (N,) loss with the question over loss without it, NaN but for a share of each task."""
        codes, sizes = self._codes, np.bincount(self._codes)
        counts = np.array([budget(REFERENCE, int(size)) for size in sizes])
        place = np.arange(len(codes)) - np.cumsum([0, *sizes])[codes]
        rows = np.sort(np.lexsort((self.ranks, codes))[place < counts[codes]])
        reference = self.asker.among(rows.tolist(), "reference")
        losses = self.asker.rows("losses", reference, self._proxy)
        ratios = np.full(len(codes), np.nan)
        ratios[rows] = losses[:, 0] / np.maximum(losses[:, 1], 1e-9)
        return ratios

    @property
    def _proxy(self) -> Any:
        return self.asker.wanted.proxy

    @cached_property
    def _codes(self) -> Counts:
        """Return (N,) the number of each instance's task; they ascend, as the mixture does."""
        codes: Counts = np.unique(np.array(self.tasks), return_inverse=True)[1]
        return codes

    @property
    def _clusters(self) -> int:
        most = MOST_CLUSTERS[self.asked.method]
        return self.asked.clusters or min(most, max(1, len(self.tasks) // PER_CLUSTER))


METHODS: Mapping[str, Callable[[_Selecting], Chosen]] = {
    "random": _Selecting.by_hash,
    "icons": _Selecting.by_influence,
    "presel": _Selecting.by_loss_ratio,
    "coincide": _Selecting.by_concepts,
    "xmas": _Selecting.by_trajectories,
}


def names_of(samples: StoredSamples) -> tuple[list[str], list[str]]:
    """Return the task and the key of every row of a mixture, in its order."""
    index = samples.index
    keys = np.empty(len(samples), object)
    addresses, rows = (np.array(index[name].to_pylist()) for name in ("instances", "row"))
    # one read of each file, however its rows lie scattered
    for address in np.unique(addresses):
        column = from_parquet(Artifact(samples.store, str(address)).read(TRAIN), columns=["key"])["key"]
        here = addresses == address
        keys[here] = column.take(pa.array(rows[here])).to_pylist()
    return index["task"].to_pylist(), keys.tolist()

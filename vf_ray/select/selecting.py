"""The selection of a stage: a model is asked about all instances, and a method makes a keep-list of it.

Workers measure, chunk by chunk; what is measured is an artifact of its own, so that another share or another
method over the same features asks nothing again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vf_ray import artifacts
from vf_ray.artifacts import RUN, Artifact, Spec, Writer
from vf_ray.artifacts.cost import GPUS
from vf_ray.errors import UserError
from vf_ray.plan.plan import finished
from vf_ray.plan.selection import StageSelection
from vf_ray.recipe import Resources
from vf_ray.select.collect import CHUNK, Collector, Inquiry, chunks_of, collected, warmed
from vf_ray.select.concepts import concepts
from vf_ray.select.features import Feature
from vf_ray.select.influence import influence, vote
from vf_ray.select.loss_ratio import task_weights, typical
from vf_ray.select.ranking import Counts, Mask, Ranks, Reals, budget, hashes, highest
from vf_ray.select.trajectories import trajectories
from vf_ray.shards.finish import HELD_OUT, TRAIN
from vf_ray.shards.keep_list import KEEP, KEPT
from vf_ray.shards.mixture import table_of
from vf_ray.shards.read import StoredSamples
from vf_ray.shards.schema import MIXTURE, from_parquet, to_parquet
from vf_ray.store import Store
from vf_ray.train.schedule import Samples
from vf_ray.work import Workers, WorkPool

REFERENCE = 0.05
"""Share of each task whose losses weigh it, after PreSel."""
PER_CLUSTER = 200
"""Instances for each cluster, where a recipe does not say how many clusters there are."""
MOST_CLUSTERS = {"coincide": 2500, "xmas": 1000}
"""As the methods' authors take for 665 thousand instances."""
Chosen = tuple[Reals, Mask]


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
        mixed = artifacts.load(store, wanted.pool.address)
        if wanted.asked.method == "random":
            return Selecting(store, wanted, mixed).written(writer)
        most = -(-mixed.stats["instances"] // CHUNK)
        gpus, asked = resources.gpus_per_worker, resources.workers
        with pool.workers(Collector, gpus=gpus, most=most, asked=asked) as workers:
            stats = Selecting(store, wanted, mixed, workers).written(writer)
            return {**stats, RUN: {GPUS: workers.gpus}}

    return artifacts.build(store, wanted.keep, make, force=force)


@dataclass
class Selecting:
    """One run of a selection."""

    store: Store
    wanted: StageSelection
    mixture: Artifact
    workers: Workers | None = None

    def __post_init__(self) -> None:
        """Read the index, and the name of every instance."""
        self.samples = StoredSamples.of(self.store, self.mixture)
        self.tasks, self.keys = names_of(self.samples)
        self.ranks: Ranks = hashes(self.wanted.asked.seed, self.tasks, self.keys)
        self.count = budget(self.wanted.asked.share, len(self.tasks))

    def written(self, writer: Writer) -> Mapping[str, Any]:
        """Choose, commit the keep-list and return statistics."""
        scores, kept = METHODS[self.wanted.asked.method](self)
        if not kept.any():
            raise UserError(f"{self.wanted.name}.select: the model can read none of {len(kept):,} instances")
        columns = [pa.array(self.tasks), pa.array(self.keys), pa.array(scores, pa.float64())]
        table = pa.table(columns, schema=KEPT).filter(pa.array(kept))
        writer.commit(KEEP, to_parquet(table))
        counts = {row["values"]: row["counts"] for row in pc.value_counts(table["task"]).to_pylist()}
        return {
            "instances": len(kept),
            "kept": int(kept.sum()),
            "unreadable": int(np.isnan(scores).sum()),
            "tasks": {task: counts.get(task, 0) for task in sorted(set(self.tasks))},
        }

    def by_hash(self) -> Chosen:
        """Choose at random: a smaller share is part of a larger one."""
        scores = 1 - self.ranks.astype(np.float64) / 2.0**64
        return scores, highest(np.zeros(len(scores)), self.ranks, self.count)

    def by_influence(self) -> Chosen:
        """Choose by votes of target tasks."""
        with chunks_of(self._features("gradients")) as chunks:
            found = vote(influence(chunks, self._target_gradients()), self.ranks, self.wanted.asked.share)
        return found.scores, found.kept

    def by_loss_ratio(self) -> Chosen:
        """Choose what is typical of each task, by the tasks' weights."""
        codes = self._task_codes()
        weights = task_weights(self._ratios(codes), codes)
        with chunks_of(self._features("looks", warm=False)) as chunks:
            return typical(chunks, codes, self.ranks, weights, self.count)

    def by_concepts(self) -> Chosen:
        """Choose what stands for each concept."""
        with chunks_of(self._features("hidden", warm=False)) as chunks:
            return concepts(chunks, self.ranks, clusters=self._clusters(), total=self.count)

    def by_trajectories(self) -> Chosen:
        """Choose what has settled, of each trajectory as many."""
        with chunks_of(self._features("attention")) as chunks:
            return trajectories(chunks, self.ranks, clusters=self._clusters(), total=self.count)

    def _features(self, kind: Feature, *, warm: bool = True) -> Artifact:
        spec, rows = self.wanted.features(kind, warm=warm), range(len(self.tasks))
        return self._asked(spec, kind, self._opened, self.mixture.address, rows, warm)

    def _ratios(self, codes: Counts) -> Reals:
        """Return (N,) loss with the question over loss without it, NaN but for a share of each task."""
        sizes = np.bincount(codes)
        counts = np.array([budget(REFERENCE, int(size)) for size in sizes])
        order = np.lexsort((self.ranks, codes))
        place = np.arange(len(codes)) - np.cumsum([0, *sizes])[codes]
        rows = np.sort(order[place < counts[codes]])
        spec = self.wanted.features("losses", warm=True, of="reference")
        made = self._asked(spec, "losses", self._opened, self.mixture.address, rows.tolist(), True)
        ratios = np.full(len(codes), np.nan)
        with chunks_of(made) as chunks:
            losses = np.concatenate([np.asarray(chunk, np.float64) for chunk in chunks])
        ratios[rows] = losses[:, 0] / np.maximum(losses[:, 1], 1e-9)
        return ratios

    def _target_gradients(self) -> Sequence[Any]:
        """Return (n, D) of each target task that has held-out instances.

        Raises:
            UserError: if none has.
        """
        wanted, seed = self.wanted, self.wanted.asked.seed
        instances = finished(self.store, wanted.targets)
        held_out = {t: _lowest(one, t, seed, wanted.asked.per_target) for t, one in instances.items()}
        held_out = {task: table for task, table in held_out.items() if table.num_rows}
        if not held_out:
            raise UserError(
                f"{wanted.name}.select.targets: none of {', '.join(instances)} has held-out instances; "
                "prepare with a larger held_out, or name other targets"
            )
        index = pa.concat_tables(held_out.values()).unify_dictionaries().combine_chunks()
        spec = wanted.features("gradients", warm=True, of="targets")
        opened = partial(StoredSamples, self.store, index, HELD_OUT)
        made = self._asked(spec, "gradients", opened, spec.address, range(len(index)), True)
        with chunks_of(made) as chunks:
            rows = np.concatenate([np.asarray(chunk, np.float32) for chunk in chunks])
        edges = np.cumsum([table.num_rows for table in held_out.values()])[:-1]
        parts = np.split(rows, edges)
        return [part for part in parts if not np.isnan(part).all()]

    def _asked(
        self, spec: Spec, kind: Feature, samples: Callable[[], Samples], known_as: str, rows: Sequence[int],
        warm: bool,
    ) -> Artifact:  # fmt: skip
        assert self.workers is not None, f"{self.wanted.asked.method} asks a model, which needs workers"
        wanted, model = self.wanted, artifacts.load(self.store, self.wanted.model)
        stage, seed = wanted.proxy_stage, wanted.asked.seed
        tuned = (
            warmed(self.store, wanted.proxy, stage, model, self._opened, seed, wanted.marks, self.workers)
            if warm
            else None
        )
        inquiry = Inquiry(
            kind=kind, stage=stage, model=model, samples=samples, known_as=known_as, seed=seed,
            size=wanted.asked.size, warm=tuned, marks=wanted.marks,
        )  # fmt: skip
        return collected(self.store, spec, inquiry, rows, self.workers)

    @property
    def _opened(self) -> Callable[[], Samples]:
        return partial(StoredSamples.of, self.store, self.mixture)

    def _task_codes(self) -> Counts:
        """Return (N,) the number of each instance's task; they ascend, as the mixture does."""
        codes: Counts = np.unique(np.array(self.tasks), return_inverse=True)[1]
        return codes

    def _clusters(self) -> int:
        most = MOST_CLUSTERS[self.wanted.asked.method]
        return self.wanted.asked.clusters or min(most, max(1, len(self.tasks) // PER_CLUSTER))


METHODS: Mapping[str, Callable[[Selecting], Chosen]] = {
    "random": Selecting.by_hash,
    "icons": Selecting.by_influence,
    "presel": Selecting.by_loss_ratio,
    "coincide": Selecting.by_concepts,
    "xmas": Selecting.by_trajectories,
}


def names_of(samples: StoredSamples) -> tuple[list[str], list[str]]:
    """Return the task and the key of every row of a mixture, in its order."""
    index = samples.index
    keys = np.empty(len(samples), object)
    addresses, rows = (np.array(index[name].to_pylist()) for name in ("instances", "row"))
    for address in np.unique(addresses):
        column = from_parquet(Artifact(samples.store, str(address)).read(TRAIN), columns=["key"])["key"]
        here = addresses == address
        keys[here] = column.take(pa.array(rows[here])).to_pylist()
    return index["task"].to_pylist(), keys.tolist()


def _lowest(instances: Artifact, task: str, seed: int, most: int) -> pa.Table:
    """Return the held-out rows of a task of lowest hash, as a mixture has them."""
    table = table_of(instances, HELD_OUT)
    keys = table["key"].to_pylist()
    first = np.sort(np.argsort(hashes(seed, [task] * len(keys), keys), kind="stable")[:most])
    return table.take(pa.array(first)).select(MIXTURE.names)

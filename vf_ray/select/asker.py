"""Who asks the model of a stage about its instances: what was asked once is found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Spec, load_all
from vf_ray.errors import UserError
from vf_ray.plan.selection import TARGETS, StageSelection
from vf_ray.select.collect import Inquiry, chunks_of, collected, warmed
from vf_ray.select.features import Feature
from vf_ray.select.k_means import Floats32
from vf_ray.select.ranking import hashes
from vf_ray.shards.finish import HELD_OUT
from vf_ray.shards.mixture import table_of
from vf_ray.shards.read import StoredSamples
from vf_ray.shards.schema import MIXTURE
from vf_ray.store import Store
from vf_ray.train.schedule import Samples
from vf_ray.work import Workers


@dataclass(frozen=True)
class Instances:
    """Some instances that a model is asked about."""

    of: str
    """What they are called in the address of what it says."""
    opened: Callable[[], Samples]
    known_as: str
    """What tells the samples they are among from others."""
    rows: Sequence[int]


@dataclass(frozen=True)
class Asker:
    """Asks one stage's model, on workers."""

    store: Store
    wanted: StageSelection
    workers: Workers

    @cached_property
    def mixture(self) -> StoredSamples:
        """Return all that the stage may take."""
        return self._open()

    def among(self, rows: Sequence[int], of: str = "mixture") -> Instances:
        """Return rows of the mixture."""
        return Instances(of, self._open, self.wanted.pool.address, rows)

    def features(self, kind: Feature, instances: Instances, proxy: Spec | None) -> Artifact:
        """Return what the model says of some instances: after a short tuning, or as it is."""
        asked, seed = self.wanted.asked, self.wanted.asked.seed
        inquiry = Inquiry(
            kind=kind, stage=self.wanted.proxy_stage, model=self._model, samples=instances.opened,
            known_as=instances.known_as, seed=seed, size=asked.size, warm=self._warm(proxy),
            marks=self._marks(proxy),
        )  # fmt: skip
        spec = self.wanted.features(kind, proxy, instances.of)
        return collected(self.store, spec, inquiry, instances.rows, self.workers)

    def rows(self, kind: Feature, instances: Instances, proxy: Spec | None) -> Floats32:
        """Return the same in memory: (n, size)."""
        with chunks_of(self.features(kind, instances, proxy)) as chunks:
            return np.concatenate([np.array(chunk, np.float32) for chunk in chunks])

    @cached_property
    def held_out(self) -> tuple[Instances, list[str]]:
        """Return held-out instances of the target tasks, and the task of each.

        Raises:
            UserError: if there are none.
        """
        wanted = self.wanted
        instances = load_all(self.store, wanted.targets)
        tables = [
            _lowest(artifact, t, wanted.asked.seed, wanted.asked.per_target)
            for t, artifact in instances.items()
        ]
        if not sum(map(len, tables)):
            raise UserError(
                f"{wanted.name}.select.targets: none of {', '.join(instances)} has held-out instances; "
                "prepare with a larger held_out, or name other targets"
            )
        index = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
        opened, known_as = partial(StoredSamples, self.store, index, HELD_OUT), " ".join(instances)
        return Instances(TARGETS, opened, known_as, range(len(index))), index["task"].to_pylist()

    def _warm(self, proxy: Spec | None) -> Artifact | None:
        """Return the weights of a short tuning, on the mixture or on the one task that it names."""
        if proxy is None:
            return None
        task, opened = proxy.config.get("task"), self._open
        if task:
            index = self.mixture.index
            opened = partial(StoredSamples, self.store, index.filter(pc.equal(index["task"], task)))
        stage, seed = self.wanted.proxy_stage, self.wanted.asked.seed
        return warmed(self.store, proxy, stage, self._model, opened, seed, proxy.config["kept"], self.workers)

    def _marks(self, proxy: Spec | None) -> Sequence[int]:
        return tuple(proxy.config["kept"]) if proxy else ()

    @cached_property
    def _model(self) -> Artifact:
        return artifacts.load(self.store, self.wanted.model)

    @property
    def _open(self) -> Callable[[], StoredSamples]:
        return partial(StoredSamples.of, self.store, artifacts.load(self.store, self.wanted.pool.address))


def _lowest(instances: Artifact, task: str, seed: int, most: int) -> pa.Table:
    """Return the held-out rows of a task of lowest hash, as a mixture has them."""
    table = table_of(instances, HELD_OUT)
    keys = table["key"].to_pylist()
    first = np.sort(np.argsort(hashes(seed, [task] * len(keys), keys), kind="stable")[:most])
    return table.take(pa.array(first)).select(MIXTURE.names)

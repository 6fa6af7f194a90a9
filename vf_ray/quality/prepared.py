"""What a recipe has prepared: its tasks' instances as they stream by, and the pictures they speak of."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vf_ray.artifacts import Artifact
from vf_ray.chain import Plan, finished
from vf_ray.shards.finish import HELD_OUT, TRAIN
from vf_ray.shards.schema import from_parquet
from vf_ray.shards.write import INDEX
from vf_ray.store import Store
from vf_ray.tasks import source_of

BATCH = 4_096
"""Instances that are in memory at once."""


@dataclass(frozen=True)
class Prepared:
    """The finished artifacts of the prepare step."""

    instances: Mapping[str, Artifact]
    """By task."""
    pictures: Mapping[str, Artifact]
    """By source."""

    @classmethod
    def of(cls, store: Store, plan: Plan) -> "Prepared":
        """Return what the recipe has prepared.

        Raises:
            FileNotFoundError: if a task is not finished; says how to build it.
        """
        try:
            return cls(finished(store, plan.instances), finished(store, plan.pictures))
        except FileNotFoundError as error:
            remedy = f"python -m flows {plan.recipe.name} --only prepare --upstream build"
            raise FileNotFoundError(f"{error}: {remedy}") from error

    def batches(
        self, task: str, columns: Sequence[str], files: Sequence[str] = (TRAIN, HELD_OUT)
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Yield a task's instances batch by batch, each with the name of the file it is from."""
        for name in files:
            file = pq.ParquetFile(pa.BufferReader(self.instances[task].read(name)))
            for batch in file.iter_batches(BATCH, columns=list(columns), use_threads=False):
                yield name, batch

    def shown(self, task: str, wanted: Collection[str]) -> dict[str, bytes]:
        """Return the encoded pictures of a task by their content hash."""
        artifact = self.pictures[source_of(task).name]
        index = from_parquet(artifact.read(INDEX), ["sha256", "file", "offset", "size"])
        rows: list[dict[str, Any]] = index.filter(
            pc.is_in(index["sha256"], value_set=pa.array(sorted(wanted), pa.string()))
        ).to_pylist()
        return {r["sha256"]: artifact.read_range(r["file"], r["offset"], r["size"]) for r in rows}

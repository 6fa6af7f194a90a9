"""What a recipe has prepared: its tasks' instances as they stream by, and the pictures they speak of."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vf_ray.artifacts import Artifact, load_all
from vf_ray.errors import MissingError
from vf_ray.instances.sample import chance_of
from vf_ray.plan.plan import Plan
from vf_ray.shards.finish import HELD_OUT, TRAIN
from vf_ray.shards.schema import from_parquet
from vf_ray.shards.write import INDEX
from vf_ray.store import Store
from vf_ray.tasks import Catalogue, declared

BATCH = 4_096
"""Instances that are in memory at once."""


@dataclass(frozen=True)
class Stored:
    """A picture as it was prepared."""

    data: bytes
    width: int
    height: int
    format: str

    @property
    def words(self) -> str:
        """Say what tells it from another encoding of the same picture."""
        return f"{self.width} x {self.height}, {self.format}, {len(self.data):,} bytes"


@dataclass(frozen=True)
class Prepared:
    """The finished artifacts of the prepare step."""

    instances: Mapping[str, Artifact]
    """By task."""
    images: Mapping[str, Artifact]
    """By source."""
    catalogue: Catalogue = field(default_factory=declared)
    """What is told of the tasks."""

    @classmethod
    def of(cls, store: Store, plan: Plan) -> "Prepared":
        """Return what the recipe has prepared, but for tasks that a published file turned out not to hold.

        Raises:
            FileNotFoundError: if a task is not finished; says how to build it.
        """
        try:
            instances = load_all(store, plan.instances)
            held = {task: artifact for task, artifact in instances.items() if _size(artifact)}
            return cls(held, load_all(store, plan.images), plan.catalogue)
        except FileNotFoundError as error:
            remedy = f"python -m flows {plan.recipe.name} --only prepare --upstream build"
            raise MissingError(f"{error}: {remedy}") from error

    def batches(
        self, task: str, columns: Sequence[str], files: Sequence[str] = (TRAIN, HELD_OUT)
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Yield a task's instances batch by batch, each with the name of the file it is from."""
        for name in files:
            file = pq.ParquetFile(pa.BufferReader(self.instances[task].read(name)))
            for batch in file.iter_batches(BATCH, columns=list(columns), use_threads=False):
                yield name, batch

    def stored(self, source: str, wanted: Collection[int]) -> dict[int, Stored]:
        """Return pictures of a source by their ids; those it does not have are left out."""
        artifact = self.images[source]
        index = from_parquet(artifact.read(INDEX))
        ids = map(image_id, index["sha256"].to_pylist())
        places = {one: row for row, one in enumerate(ids) if one in wanted}
        rows = index.take(pa.array(places.values(), pa.int64())).to_pylist()
        return {one: _stored(artifact, row) for one, row in zip(places, rows, strict=True)}

    def first(self, source: str, most: int) -> list[bytes]:
        """Return the pictures of a source whose content comes first by hash."""
        artifact = self.images[source]
        rows = [row for row in from_parquet(artifact.read(INDEX)).to_pylist() if row["size"]]
        lowest = sorted(rows, key=lambda row: str(row["sha256"]))[:most]
        return [_stored(artifact, row).data for row in lowest]


def _size(instances: Artifact) -> int:
    return int(instances.stats["train"] + instances.stats["held_out"])


def image_id(sha256: str) -> int:
    """Return a picture's content as 64 bits: the first of its hash (a clash in 10^7 pictures: 3 in 10^6)."""
    return chance_of(sha256)


def _stored(artifact: Artifact, row: Mapping[str, Any]) -> Stored:
    data = artifact.read_range(row["file"], row["offset"], row["size"], sha256=row["sha256"])
    return Stored(data, row["width"], row["height"], row["format"])

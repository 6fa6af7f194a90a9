"""Pictures of benchmarks that equal or resemble a stored image, by the hashes that screening has left."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock

import numpy as np
import pyarrow as pa

from vf_ray.artifacts import Artifact
from vf_ray.quality import looks
from vf_ray.quality.looks import Seen
from vf_ray.quality.perceptual import looks as hashed
from vf_ray.quality.prepared import image_id
from vf_ray.quality.screening import EQUAL, HASHED, ids_of, matches
from vf_ray.shards.schema import from_parquet
from vf_ray.view.store_index import StoreIndex

KEPT = 32
"""Benchmarks whose hashes are in memory: about 100 bytes a picture."""
IMAGES = "images"
"""What a screening is made from, beside the benchmarks."""


@dataclass(frozen=True)
class ShownByBenchmark:
    """A picture of a benchmark that equals or resembles a stored image."""

    benchmark: str
    image: str
    """As the benchmark names it."""
    question: str
    """Id of the first one that is asked about it."""
    bits: int
    """In which their hashes differ; ``EQUAL``: not even in content."""

    @property
    def likeness(self) -> str:
        """Return how alike they are, in words."""
        return likeness(self.bits)


def likeness(bits: int) -> str:
    """Return how alike two pictures are whose hashes differ in so many bits."""
    return "the same picture" if bits == EQUAL else f"{bits} of 256 bits differ"


@dataclass
class BenchmarkLooks:
    """Compares images with the pictures of every benchmark that some preparation has hashed."""

    index: StoreIndex
    _tables: OrderedDict[str, pa.Table] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def screened_by(self, instances: Artifact) -> Mapping[str, Artifact]:
        """Return the benchmarks whose pictures were kept out of instances, with their hashes."""
        address = instances.manifest["spec"]["inputs"].get("screened", "")
        screened = self.index.artifact(address) if address else None
        inputs = screened.manifest["spec"]["inputs"] if screened else {}
        known = ((name, self.index.artifact(source)) for name, source in inputs.items() if name != IMAGES)
        return {name: artifact for name, artifact in known if artifact is not None}

    def known(self) -> Mapping[str, Artifact]:
        """Return every benchmark that was hashed for a run of this store, with its newest hashes."""
        newest = self.index.newest("sought")
        there = self.index.artifacts(newest.values())
        return {name: there[address] for name, address in sorted(newest.items()) if address in there}

    def of(self, data: bytes, sha256: str, hashes: Mapping[str, Artifact]) -> list[ShownByBenchmark]:
        """Return the pictures of benchmarks that equal or resemble a stored image, the closest first."""
        try:
            image = Seen(np.array([image_id(sha256)], np.uint64), hashed([data]))
        except OSError:  # it cannot be decoded, so nothing is known of its looks
            return []
        hits = (hit for name, sought in hashes.items() for hit in self._hits(name, sought, image))
        return sorted(hits, key=lambda hit: (hit.bits, hit.benchmark, hit.image))

    def _hits(self, name: str, sought: Artifact, image: Seen) -> Iterator[ShownByBenchmark]:
        table, closest = self._table(sought), dict[int, int]()
        for place, _, bits in matches(ids_of(table), looks.of_table(table), image):
            closest[place] = min(bits, closest.get(place, bits))
        for place, bits in closest.items():
            yield ShownByBenchmark(
                name, table["image"][place].as_py(), table["question"][place].as_py(), bits
            )

    def _table(self, sought: Artifact) -> pa.Table:
        with self._lock:
            table = self._tables.get(sought.mark)
            if table is None:
                table = from_parquet(sought.read(HASHED))
            self._tables[sought.mark] = table
            self._tables.move_to_end(sought.mark)
            if len(self._tables) > KEPT:
                self._tables.popitem(last=False)
        return table

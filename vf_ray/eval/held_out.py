"""The held-out instances of a run and their pictures, as a tree that the ``tasks`` benchmark reads."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import IO

from vf_ray.artifacts import Artifact
from vf_ray.recipe.own_table import source_name
from vf_ray.shards.finish import HELD_OUT
from vf_ray.shards.schema import from_parquet
from vf_ray.shards.write import INDEX
from vf_ray.types import Tree

IMAGES = "images"


@dataclass(frozen=True)
class HeldOut(Tree):
    """``<task>/held_out.parquet`` and ``<task>/images/<sha256>``; picklable and small."""

    instances: Mapping[str, Artifact]
    """By task."""
    images: Mapping[str, Artifact]
    """By source."""

    def read(self, path: str) -> bytes:
        """Return an instances file, or the stored bytes of a picture."""
        folder, _, name = path.rpartition("/")
        if name == HELD_OUT:
            return self.instances[folder].read(HELD_OUT)
        task = folder.removesuffix(f"/{IMAGES}")
        artifact = self.images[source_name(task)]
        file, offset, size = _located(artifact)[name]
        return artifact.read_range(file, offset, size, sha256=name)

    def open(self, path: str) -> IO[bytes]:
        return io.BytesIO(self.read(path))

    def exists(self, path: str) -> bool:
        return path in self.glob("**")

    def glob(self, pattern: str) -> Sequence[str]:
        """Return the instances files that match."""
        names = (f"{task}/{HELD_OUT}" for task in sorted(self.instances))
        return [name for name in names if fnmatchcase(name, pattern)]


@lru_cache(maxsize=32)
def _located(images: Artifact) -> Mapping[str, tuple[str, int, int]]:
    """Return file, offset and size of each stored picture by its sha256."""
    table = from_parquet(images.read(INDEX), columns=["sha256", "file", "offset", "size"])
    columns = (table[name].to_pylist() for name in ("sha256", "file", "offset", "size"))
    return {sha256: (file, offset, size) for sha256, file, offset, size in zip(*columns, strict=True)}

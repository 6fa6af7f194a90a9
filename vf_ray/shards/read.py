"""Read instances by number: text by row group, pictures by exact byte range.

No file is read whole, so neither is the manifest's checksum of it compared. Pages of text carry CRCs of
their own and the mixture's index knows what a picture's SHA-256 begins with: what was altered since it
was published is noticed where it is read, before anything is trained on it.
"""

from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from vf_ray.artifacts import Artifact
from vf_ray.errors import UserError
from vf_ray.raw.seekable import Far
from vf_ray.shards.finish import TRAIN
from vf_ray.shards.mixture import NAME
from vf_ray.shards.order import Permutation, order
from vf_ray.shards.schema import STORED, from_parquet
from vf_ray.store import Store

ROW_GROUPS = 128
"""Row groups of text (about 1 MiB each) that are kept in memory."""
REQUESTS = 16
"""Pictures asked of a bucket at once."""


COLUMNS = ["task", "key", "prompt", "response", "further"]


@dataclass(frozen=True)
class Sample:
    """The words of one instance."""

    task: str
    key: str
    prompt: str
    response: str
    further: Sequence[str] = ()


class ShownImage(NamedTuple):
    """An image that a sample shows: where it lies, and how big it is."""

    images: str
    """Address of the images artifact."""
    file: str
    offset: int
    num_bytes: int
    digest: int
    """What its SHA-256 begins with, 64 bits."""
    width: int
    height: int

    @property
    def size(self) -> tuple[int, int]:
        """Return width and height in pixels, as the file says."""
        return self.width, self.height


@dataclass
class StoredSamples:
    """The rows of a mixture's index, in its order."""

    store: Store
    index: pa.Table
    name: str = TRAIN
    """File of the instances artifacts that the index points into."""
    _groups: OrderedDict[tuple[str, int], pa.Table] = field(default_factory=OrderedDict)
    _files: dict[str, "_Text"] = field(default_factory=dict)

    @classmethod
    def of(cls, store: Store, mixture: Artifact, name: str = TRAIN) -> "StoredSamples":
        """Read a mixture's index, or another one into the files of that ``name``."""
        return cls(store, from_parquet(mixture.read(NAME)), name)

    def __len__(self) -> int:
        return int(self.index.num_rows)

    def order(self, seed: int, epoch: int) -> Permutation:
        """Return an epoch's permutation of the samples."""
        return order(seed, epoch, len(self))

    def text(self, rows: Sequence[int]) -> list[Sample]:
        """Return the words of some samples."""
        places = self._columns(rows, "instances", "row")
        return [self._sample(address, row) for address, row in places]

    def shown(self, rows: Sequence[int]) -> list[tuple[ShownImage, ...]]:
        """Return the images that each of some samples shows."""
        columns = self._columns(rows, "images", *STORED.names, "later")
        return [_shown(address, first, later) for address, *first, later in columns]

    def images(self, shown: Sequence[ShownImage]) -> list[bytes]:
        """Return the encoded bytes of some of these."""
        if self.store.local_path("") is not None or len(shown) < 2:
            return [self._image(image) for image in shown]
        with ThreadPoolExecutor(REQUESTS) as pool:
            return list(pool.map(self._image, shown))

    def _columns(self, rows: Sequence[int], *names: str) -> list[tuple[Any, ...]]:
        chosen = self.index.select(list(names)).take(pa.array(rows, pa.int64()))
        return list(zip(*(column.to_pylist() for column in chosen.columns), strict=True))

    def _image(self, image: ShownImage) -> bytes:
        artifact, digest = self._artifact(image.images), f"{image.digest:016x}"
        return artifact.read_range(image.file, image.offset, image.num_bytes, sha256=digest)

    def _sample(self, address: str, row: int) -> Sample:
        text = self._files.get(address) or self._open(address)
        try:
            group, within = text.place(row)
            table = self._group(text, group)
        except (OSError, pa.ArrowException) as error:
            reason = " ".join(str(error).split())
            raise UserError(
                f"{self.store.at(text.artifact.path(self.name))}: row {row} cannot be read ({reason}); if "
                "the file is there, it was altered since it was published: restore it, or prepare that task "
                "again with force"
            ) from error
        return Sample(*(column[within].as_py() for column in table.columns))

    def _group(self, text: "_Text", group: int) -> pa.Table:
        key = text.artifact.address, group
        if key not in self._groups:
            self._groups[key] = text.read(group)
            if len(self._groups) > ROW_GROUPS:
                self._groups.popitem(last=False)
        self._groups.move_to_end(key)
        return self._groups[key]

    def _open(self, address: str) -> "_Text":
        return self._files.setdefault(address, _Text(self._artifact(address), self.name))

    def _artifact(self, address: str) -> Artifact:
        return self._artifacts.setdefault(address, Artifact(self.store, address))

    @cached_property
    def _artifacts(self) -> dict[str, Artifact]:
        return {}


def _shown(address: str, first: Sequence[Any], later: Sequence[Any] | None) -> tuple[ShownImage, ...]:
    stored = [first, *(image.values() for image in later or ())]
    images = (ShownImage(address, *values) for values in stored)
    return tuple(image for image in images if image.num_bytes)


def opened_file(artifact: Artifact, name: str) -> pq.ParquetFile:
    """Return a Parquet file of an artifact where it lies, to be read bit by bit; its pages are checked."""
    store, path = artifact.store, artifact.path(name)
    local: Path | None = store.local_path(path)
    if local is not None:
        return pq.ParquetFile(local, page_checksum_verification=True)
    remote = pa.PythonFile(Far(store.size(path), partial(store.read_range, path)))
    # One request for neighbouring columns.
    return pq.ParquetFile(remote, pre_buffer=True, page_checksum_verification=True)


@dataclass
class _Text:
    """One instances file, read a row group at a time."""

    artifact: Artifact
    name: str

    @cached_property
    def file(self) -> pq.ParquetFile:
        return opened_file(self.artifact, self.name)

    @cached_property
    def _starts(self) -> list[int]:
        sizes = [self.file.metadata.row_group(n).num_rows for n in range(self.file.num_row_groups)]
        return [sum(sizes[:number]) for number in range(len(sizes))]

    def place(self, row: int) -> tuple[int, int]:
        """Return a row's group, and its number within."""
        group = next(n for n in reversed(range(len(self._starts))) if self._starts[n] <= row)
        return group, row - self._starts[group]

    def read(self, group: int) -> pa.Table:
        """Return the text of a row group, its columns in the order of ``Sample``'s fields."""
        return self.file.read_row_group(group, columns=COLUMNS, use_threads=False).select(COLUMNS)

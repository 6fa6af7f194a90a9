"""Instances on their way out, each with where its picture lies, as they stream by."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vf_ray.artifacts import Artifact, load
from vf_ray.recipe.own_table import source_name
from vf_ray.shards.schema import from_parquet
from vf_ray.shards.write import INDEX
from vf_ray.sources.llava_json import MARK, SPEAKERS
from vf_ray.tasks import Catalogue
from vf_ray.types import IMAGE_MARK, Source, Task

BATCH = 1024
"""Rows of text that are read at once."""
ENDINGS: Mapping[str, str] = {"JPEG": "jpg", "MPO": "jpg", "JPEG2000": "jp2", "TIFF": "tif"}
"""File endings of Pillow's formats, where they are not the format's name."""


@dataclass(frozen=True, slots=True)
class ImageLocation:
    """Where a stored picture lies."""

    images: Artifact
    file: str
    offset: int
    size: int
    sha256: str

    def read(self) -> bytes:
        """Return the encoded picture."""
        return self.images.read_range(self.file, self.offset, self.size, sha256=self.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One instance, and its images if they may go out."""

    task: Task[Any]
    source: Source[Any]
    row: Mapping[str, Any]
    """A row of ``shards.schema.INSTANCES``."""
    files: tuple[str, ...]
    """Names of the images in their order; the same for the same content of a source."""
    places: tuple[ImageLocation, ...]
    """Where they lie; none where the source's terms do not say that images may be passed on."""

    @property
    def stays(self) -> bool:
        """Say whether what it shows does not go out."""
        return bool(self.files) and not self.places

    @property
    def id(self) -> str:
        """Return a name that no other instance has."""
        return f"{self.task.id}#{self.row['key']}"

    @property
    def texts(self) -> tuple[str, ...]:
        """Return all that is said, alternately by user and model."""
        return (self.row["prompt"], self.row["response"], *self.row["further"])

    def conversations(self) -> list[dict[str, str]]:
        """Return what is said as LLaVA's JSON has it, images marked where they are named, the rest first."""
        texts = [text.replace(IMAGE_MARK, MARK) for text in self.texts]
        unnamed = len(self.files) - sum(text.count(IMAGE_MARK) for text in self.texts)
        texts[0] = f"{MARK}\n" * unnamed + texts[0]
        return [{"from": SPEAKERS[place % 2], "value": text} for place, text in enumerate(texts)]


def records(
    catalogue: Catalogue, instances: Mapping[str, Artifact], name: str, *, any_licence: bool
) -> Iterator[Record]:
    """Yield the rows of the instances files of this name, by source and task, then in the file's order."""
    for task_id in sorted(instances, key=lambda task_id: (source_name(task_id), task_id)):
        task, source = catalogue.tasks[task_id], catalogue.source_of(task_id)
        yield from _of_task(instances[task_id], task, source, name, any_licence)


def may_go_out(source: Source[Any], any_licence: bool) -> bool:
    """Say whether the source's pictures are passed on; unknown counts as no."""
    return any_licence or source.terms.redistribution == "yes"


def _of_task(
    instances: Artifact, task: Task[Any], source: Source[Any], name: str, any_licence: bool
) -> Iterator[Record]:
    images = load(instances.store, instances.manifest["spec"]["inputs"]["images"])
    index, allowed = _index(images), may_go_out(source, any_licence)
    file = pq.ParquetFile(pa.BufferReader(instances.read(name)))
    for batch in file.iter_batches(BATCH, use_threads=False):
        shown = pc.unique(pc.list_flatten(batch["shown"]))
        located = index.take(pc.index_in(shown, value_set=index["sha256"])).to_pylist()
        of = {at["sha256"]: at for at in located}
        for row in batch.to_pylist():
            each = [of[sha256] for sha256 in row["shown"]]
            files = tuple(_file(source, at["sha256"], at["format"]) for at in each)
            places = tuple(
                ImageLocation(images, at["file"], at["offset"], at["size"], at["sha256"]) for at in each
            )
            yield Record(task=task, source=source, row=row, files=files, places=places if allowed else ())


def _file(source: Source[Any], sha256: str, form: str) -> str:
    return f"{source.name}/{sha256[:2]}/{sha256}.{ENDINGS.get(form, form.lower())}"


@lru_cache(maxsize=1)
def _index(images: Artifact) -> pa.Table:
    """Return where a source's pictures lie; its tasks come one after the other."""
    return from_parquet(images.read(INDEX), ["sha256", "file", "offset", "size", "format"])


def read_all(places: Iterable[ImageLocation], pool: Executor) -> dict[ImageLocation, bytes]:
    """Read images side by side, each once."""
    distinct = list(dict.fromkeys(places))
    return dict(zip(distinct, pool.map(ImageLocation.read, distinct), strict=True))

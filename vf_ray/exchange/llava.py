"""LLaVA's JSON: one array a split, beside a folder, or tar files, with each picture once."""

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Protocol

from vf_ray.exchange.records import ImageLocation, Record
from vf_ray.exchange.tars import Tars
from vf_ray.sources.llava_json import BARE
from vf_ray.store import Store

IMAGES = "images"
"""Folder that the records' ``image`` is relative to, and how the names of tar files begin."""
NewImages = Mapping[str, ImageLocation]
"""Pictures that have not gone out yet, by their names below ``IMAGES``."""


class ImageTarget(Protocol):
    """Where pictures go."""

    def add(self, new: NewImages) -> None: ...
    def close(self) -> None: ...


class ImageFolder:
    """``images/``: a file a picture."""

    def __init__(self, target: Store, pool: Executor) -> None:
        self._target, self._pool = target, pool

    def add(self, new: NewImages) -> None:
        """Store some pictures."""
        list(self._pool.map(self._send, new, new.values()))

    def close(self) -> None:
        """Do nothing: they are stored."""

    def _send(self, file: str, place: ImageLocation) -> None:
        self._target.create(f"{IMAGES}/{file}", place.read(), settled=False)


class ImageTars:
    """``images-<split>-<number>.tar``: what would lie in the folder, a few thousand pictures a file."""

    def __init__(self, target: Store, split: str, pool: Executor) -> None:
        self._tars, self._pool = Tars(target, f"{IMAGES}-{split}"), pool

    def add(self, new: NewImages) -> None:
        """Append some pictures."""
        for file, data in zip(new, self._pool.map(ImageLocation.read, new.values()), strict=True):
            self._tars.add(file, data)
            self._tars.roll()

    def close(self) -> None:
        """Store the tar file that has begun, if one has."""
        self._tars.close()


class SentImages:
    """Which images of a source have gone out; a source's records come one after the other."""

    def __init__(self) -> None:
        self._source = ""
        self._files: set[str] = set()

    def new(self, batch: Sequence[Record]) -> NewImages:
        """Return the images of some records that go out and have not, and count them as sent."""
        return {file: place for record in batch for file, place in self._of(record)}

    def _of(self, record: Record) -> Iterator[tuple[str, ImageLocation]]:
        if record.source.name != self._source:
            self._source, self._files = record.source.name, set()
        for file, place in zip(record.files, record.places, strict=False):
            if file not in self._files:
                self._files.add(file)
                yield file, place


class LlavaFiles:
    """``<split>.json`` and the pictures; records whose picture stays here go to a file of their own.

    That one, ``<split>-without-pictures.json``, names the raw pictures: who has them can join them.
    """

    def __init__(
        self, target: Store, split: str, scratch: Path, pool: Executor, images: ImageTarget | None = None
    ) -> None:
        self._target, self._images = target, images or ImageFolder(target, pool)
        self._whole = _Array(scratch / f"{split}.json")
        self._bare = _Array(scratch / f"{split}{BARE}.json")
        self._sent = SentImages()

    @classmethod
    def packed(cls, target: Store, split: str, scratch: Path, pool: Executor) -> "LlavaFiles":
        """Return one whose pictures go into tar files."""
        return cls(target, split, scratch, pool, ImageTars(target, split, pool))

    def add(self, batch: Sequence[Record]) -> None:
        """Append some records, and store their pictures."""
        self._images.add(self._sent.new(batch))
        for record in batch:
            talk = {"task_name": record.task.id, "conversations": record.conversations()}
            if record.places:
                shown = record.files[0] if len(record.files) == 1 else list(record.files)
                self._whole.add({"id": record.id, "image": shown, **talk})
            elif record.stays:
                self._bare.add({"id": record.id, "image_from": record.row["images"], **talk})
            else:
                self._whole.add({"id": record.id, **talk})

    def close(self) -> list[str]:
        """Store what is left; return the names of the files that have everything."""
        self._images.close()
        for array in (self._whole, self._bare):
            array.finish()
            if array.count:
                self._target.create_file(array.local.name, array.local)
        return [self._whole.local.name] if self._whole.count else []


class _Array:
    """A JSON array that grows in a local file, one element a line."""

    def __init__(self, local: Path) -> None:
        self.local, self.count = local, 0
        self._file = local.open("w", encoding="utf-8")

    def add(self, element: Any) -> None:
        self._file.write((",\n" if self.count else "[\n") + json.dumps(element, ensure_ascii=False))
        self.count += 1

    def finish(self) -> None:
        self._file.write("\n]\n")
        self._file.close()

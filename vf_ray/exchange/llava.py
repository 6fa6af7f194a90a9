"""LLaVA's JSON: one array a split, beside a folder with each picture once."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from vf_ray.exchange.records import ImageLocation, Record
from vf_ray.sources.llava_json import BARE
from vf_ray.store import Store

IMAGES = "images"
"""Folder that the records' ``image`` is relative to."""


class LlavaFiles:
    """``<split>.json`` and ``images/``; records whose picture stays here go to a file of their own.

    That one, ``<split>-without-pictures.json``, names the raw pictures: who has them can join them.
    """

    def __init__(self, target: Store, split: str, scratch: Path, pool: Executor) -> None:
        self._target, self._pool = target, pool
        self._whole = _Array(scratch / f"{split}.json")
        self._bare = _Array(scratch / f"{split}{BARE}.json")
        self._source = ""
        self._sent: set[str] = set()

    def add(self, batch: Sequence[Record]) -> None:
        """Append some records, and store their pictures."""
        new = {file: place for record in batch for file, place in self._unsent(record)}
        list(self._pool.map(self._send, new, new.values()))
        self._sent.update(new)
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
        for array in (self._whole, self._bare):
            array.finish()
            if array.count:
                self._target.create_file(array.local.name, array.local)
        return [self._whole.local.name] if self._whole.count else []

    def _unsent(self, record: Record) -> Iterator[tuple[str, ImageLocation]]:
        """Yield file and place of a record's images that are not stored yet, where they go out."""
        if record.source.name != self._source:  # a source's records come one after the other
            self._source, self._sent = record.source.name, set()
        yield from (one for one in zip(record.files, record.places, strict=False) if one[0] not in self._sent)

    def _send(self, file: str, place: ImageLocation) -> None:
        self._target.create(f"{IMAGES}/{file}", place.read())


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

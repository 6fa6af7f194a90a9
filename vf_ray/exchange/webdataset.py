"""WebDataset: tar files in which each sample's images and JSON follow each other under one key."""

import json
from collections.abc import Sequence
from concurrent.futures import Executor
from itertools import count
from pathlib import Path
from typing import Any

from vf_ray.exchange.records import Record, read_all
from vf_ray.exchange.tars import Tars
from vf_ray.store import Store


class WebDatasetFiles:
    """``<split>-<shape>-<number>.tar``, of samples ``<key>.jpg`` and ``<key>.json``.

    All samples of a file have parts of the same names, as readers expect of a dataset: the shape is the
    endings of a sample's images, ``text`` where there is none, ``bare`` where they stay here and the JSON
    names the raw pictures (``image_from``).
    """

    def __init__(self, target: Store, split: str, scratch: Path, pool: Executor) -> None:
        self._target, self._split, self._pool = target, split, pool
        self._tars: dict[str, Tars] = {}
        self._keys = count()

    def add(self, batch: Sequence[Record]) -> None:
        """Append some records."""
        images = read_all((place for record in batch for place in record.places), self._pool)
        for record in batch:
            self._add(record, [images[place] for place in record.places])

    def close(self) -> list[str]:
        """Store what is left; return the names of the files that have everything."""
        for tars in self._tars.values():
            tars.close()
        return [name for shape, tars in self._tars.items() if shape != "bare" for name in tars.names]

    def _add(self, record: Record, images: Sequence[bytes]) -> None:
        endings = [file.rpartition(".")[2] for file in record.files]
        shape = "bare" if record.stays else "-".join(endings) or "text"
        if shape not in self._tars:
            self._tars[shape] = Tars(self._target, f"{self._split}-{shape}")
        tars, key = self._tars[shape], f"{next(self._keys):09d}"  # what follows its first dot names a part
        for place, (ending, image) in enumerate(zip(endings, images, strict=False)):
            tars.add(f"{key}.{ending}" if len(endings) == 1 else f"{key}.{place}.{ending}", image)
        tars.add(f"{key}.json", json.dumps(_said(record), ensure_ascii=False).encode())
        tars.roll()


def _said(record: Record) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": record.id, "task": record.task.id}
    entry["conversations"] = record.conversations()
    return {**entry, "image_from": record.row["images"]} if record.stays else entry

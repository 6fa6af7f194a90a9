"""Parquet that ``datasets`` opens with decoded pictures: Hugging Face's ``Image`` is a struct and a note."""

import json
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vf_ray.exchange.records import Record, read_all
from vf_ray.store import Store

SHARD_BYTES = 256 << 20
"""Size in memory at which a file ends and the next begins."""

_TEXT, _TEXTS = {"dtype": "string", "_type": "Value"}, pa.list_(pa.string())
_SAID = {"from": _TEXT, "value": _TEXT}
_IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
COLUMNS: dict[str, tuple[pa.DataType, Any]] = {
    "id": (pa.string(), _TEXT),
    "image": (_IMAGE, {"_type": "Image"}),
    "later_images": (pa.list_(_IMAGE), [{"_type": "Image"}]),
    "conversations": (pa.list_(pa.struct([(name, pa.string()) for name in _SAID])), [_SAID]),
    "task": (pa.string(), _TEXT),
    "upstream": (pa.string(), _TEXT),
    "source": (pa.string(), _TEXT),
    "group": (pa.string(), _TEXT),
    "category": (pa.string(), _TEXT),
    "published_split": (pa.string(), _TEXT),
    "image_from": (_TEXTS, [_TEXT]),
    "question": (pa.string(), _TEXT),
    "options": (_TEXTS, [_TEXT]),
    "answer": (pa.string(), _TEXT),
}
"""Name -> Arrow type, and the feature that Hugging Face's ``datasets`` makes of it."""

_FEATURES = {"info": {"features": {name: feature for name, (_, feature) in COLUMNS.items()}}}
SCHEMA = pa.schema(
    [(name, kind) for name, (kind, _) in COLUMNS.items()], metadata={"huggingface": json.dumps(_FEATURES)}
)


class ParquetFiles:
    """``data/<split>-<group>-<number>.parquet``; ``image`` is null where images stay here or none is shown.

    Where several are shown, the others are ``later_images``. Tasks of a group have files of their own, so
    that each group can be opened alone.
    """

    def __init__(self, target: Store, split: str, scratch: Path, pool: Executor) -> None:
        self._target, self._split, self._scratch, self._pool = target, split, scratch, pool
        self._groups: dict[str, _Growing] = {}

    def add(self, batch: Sequence[Record]) -> None:
        """Append some records, those of a group as a row group."""
        images = read_all((place for record in batch for place in record.places), self._pool)
        by_group: dict[str, list[dict[str, Any]]] = {}
        for record in batch:
            row = _row(record, [images[place] for place in record.places])
            by_group.setdefault(record.task.group, []).append(row)
        for group, rows in by_group.items():
            if group not in self._groups:
                stem = f"{self._split}-{slug(group)}"
                self._groups[group] = _Growing(self._target, stem, self._scratch / f"{stem}.parquet")
            self._groups[group].add(pa.Table.from_pylist(rows, SCHEMA))

    def close(self) -> list[str]:
        """Store what is left; return the names of the files."""
        return sorted(name for growing in self._groups.values() for name in growing.close())


def slug(group: str) -> str:
    """Return a group's name as it stands in names of files and configurations."""
    return group.replace(" ", "-")


def of_group(names: Sequence[str], group: str) -> list[str]:
    """Return those of an export's files that hold the tasks of one group alone."""
    return [name for name in names if name.endswith(".parquet") and f"-{slug(group)}-" in name]


class _Growing:
    """``data/<stem>-<number>.parquet``: files of one group, each ended at a size."""

    def __init__(self, target: Store, stem: str, local: Path) -> None:
        self._target, self._stem, self._local = target, stem, local
        self._names: list[str] = []
        self._file: pq.ParquetWriter | None = None
        self._bytes = 0

    def add(self, table: pa.Table) -> None:
        if self._file is None:
            self._file = pq.ParquetWriter(self._local, SCHEMA, compression="zstd")
        self._file.write_table(table)
        self._bytes += table.nbytes
        if self._bytes >= SHARD_BYTES:
            self._finish()

    def close(self) -> list[str]:
        self._finish()
        return self._names

    def _finish(self) -> None:
        if self._file is None:
            return
        self._file.close()
        name = f"data/{self._stem}-{len(self._names):05d}.parquet"
        self._target.create_file(name, self._local)
        self._names.append(name)
        self._file, self._bytes = None, 0


def _row(record: Record, images: Sequence[bytes]) -> dict[str, Any]:
    named = zip(images, record.files, strict=False)  # none of them where they stay here
    shown = [{"bytes": image, "path": file.rpartition("/")[2]} for image, file in named]
    return {
        "id": record.id,
        "image": next(iter(shown), None),
        "later_images": shown[1:],
        "conversations": record.conversations(),
        "task": record.task.id,
        "upstream": record.task.upstream,
        "source": record.source.name,
        "group": record.task.group,
        "category": record.task.category,
        "published_split": record.row["split"],
        "image_from": record.row["images"],
        **{name: record.row[name] for name in ("question", "options", "answer")},
    }

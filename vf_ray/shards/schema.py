"""The columns of every table: the contract between preparing, training and evaluating."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

INSTANCES = pa.schema(
    [
        ("task", pa.string()),
        ("key", pa.string()),
        ("split", pa.string()),  # as the publisher names it
        ("shown", pa.list_(pa.string())),  # sha256 of the stored bytes of each image, in order
        ("images", pa.list_(pa.string())),  # raw paths that they are made of
        ("question", pa.string()),
        ("options", pa.list_(pa.string())),  # as lettered in the prompt
        ("answer", pa.string()),
        ("prompt", pa.string()),  # what the user says; images that no text names come before it
        ("response", pa.string()),
        ("further", pa.list_(pa.string())),  # what is said after that, alternately by user and model
    ]
)
"""``train.parquet`` and ``held_out.parquet`` of an ``instances`` artifact, by first image."""

CANDIDATES = pa.schema(
    [
        ("rank", pa.uint64()),  # rank(seed, task, key)
        ("ref", pa.string()),  # what is shown, as instances.refs.image_text writes it
        *(field for field in INSTANCES if field.name != "shown"),
    ]
)
"""``candidates-<turn>/<task>.parquet`` of a ``images`` artifact, in the order of place, then rank."""

ALL_VERDICTS = "verdicts.parquet"
"""Of a ``images`` artifact."""

VERDICTS = pa.schema(
    [
        ("ref", pa.string()),
        ("sha256", pa.string()),  # of the stored bytes; empty where the picture cannot be used
        ("chance", pa.uint64()),  # lowest instances.sample.chance_of its raw pictures: decides held_out
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("file", pa.string()),
        ("offset", pa.int64()),
        ("size", pa.int64()),
        ("width", pa.int32()),  # as decoded; an EXIF rotation is not applied
        ("height", pa.int32()),
        ("format", pa.string()),
    ]
)
"""``verdicts.parquet`` of a ``images`` artifact: every picture that was looked at."""

IMAGES = pa.schema(
    [VERDICTS.field(n) for n in ("sha256", "file", "offset", "size", "width", "height", "format")]
)
"""``index.parquet`` of a ``images`` artifact: where the stored pictures lie, each content once."""

STORED = pa.schema(
    [
        ("file", pa.string()),
        ("offset", pa.int64()),
        ("size", pa.int64()),
        ("digest", pa.uint64()),  # first 64 bits of the sha256
        ("width", pa.int32()),  # as the file says
        ("height", pa.int32()),
    ]
)
"""Where an image lies in its images artifact, and how big it is."""

MIXTURE = pa.schema(
    [
        ("task", pa.dictionary(pa.int32(), pa.string())),
        ("instances", pa.dictionary(pa.int32(), pa.string())),  # address of an instances artifact
        ("row", pa.int64()),  # in its train.parquet (or held_out.parquet)
        ("images", pa.dictionary(pa.int32(), pa.string())),  # address of a pictures artifact
        (
            "file",
            pa.dictionary(pa.int32(), pa.string()),
        ),  # of the first image, as all of STORED;
        *(field for field in STORED if field.name != "file"),  # size is 0 where nothing is
        ("later", pa.list_(pa.struct(list(STORED)))),  # images after the first; null where there is none
        ("prompt_bytes", pa.int32()),  # of all that the user says
        ("response_bytes", pa.int32()),  # of all that the model says
    ]
)
"""``index.parquet`` of a ``mixture`` artifact, by task, then in the order of the instances file."""


def said_bytes(instances: pa.Table) -> tuple[pa.Array, pa.Array]:
    """Return for each row of ``INSTANCES`` the bytes that the user says, and those that the model says."""
    later = [_later_bytes(chunk) for chunk in instances["further"].chunks]
    users, models = (pa.chunked_array([both[who] for both in later], pa.int32()) for who in (0, 1))
    prompts, responses = (pc.binary_length(instances[name]) for name in ("prompt", "response"))
    return pc.add(prompts, users), pc.add(responses, models)


def _later_bytes(further: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return the same of later turns alone; a chunk's texts fit one array, all of a task's may not."""
    owners, sizes = pc.list_parent_indices(further), pc.binary_length(pc.list_flatten(further))
    users, models = (  # every list is even, so turns alternate across their borders too
        pa.array(np.bincount(owners[who::2], sizes[who::2], len(further)).astype(np.int32)) for who in (0, 1)
    )
    return users, models


ROW_GROUP_BYTES = 1 << 20
"""Size of a row group in memory: what one read of text fetches, compressed."""
WRITTEN: Mapping[str, Any] = {"compression": "zstd", "write_page_checksum": True}
"""Every page carries its CRC, so that a row group read by itself is known to be what was written."""


class GroupedWriter:
    """Writes a Parquet file bit by bit, in row groups of about ``ROW_GROUP_BYTES``; flat in memory."""

    def __init__(self, local: Path, schema: pa.Schema) -> None:
        self._file = pq.ParquetWriter(local, schema, **WRITTEN)
        self._waiting: list[pa.Table] = []
        self._bytes = 0

    def __enter__(self) -> "GroupedWriter":
        return self

    def __exit__(self, *error: object) -> None:
        self._flush()
        self._file.close()

    def add(self, table: pa.Table) -> None:
        """Append some rows."""
        if table.num_rows:
            self._waiting.append(table)
            self._bytes += table.nbytes
        if self._bytes >= ROW_GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            self._file.write_table(pa.concat_tables(self._waiting))
        self._waiting, self._bytes = [], 0


def to_parquet(table: pa.Table) -> bytes:
    """Return the table as Parquet with row groups of about ``ROW_GROUP_BYTES``."""
    sink = pa.BufferOutputStream()
    rows = max(64, table.num_rows * ROW_GROUP_BYTES // max(1, table.nbytes))
    pq.write_table(table, sink, row_group_size=rows, **WRITTEN)
    return bytes(sink.getvalue())


def from_parquet(data: bytes, columns: list[str] | None = None) -> pa.Table:
    """Return the table that ``to_parquet`` wrote, or some of its columns."""
    return pq.ParquetFile(pa.BufferReader(data)).read(columns=columns, use_threads=False)

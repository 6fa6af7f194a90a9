"""What it takes to open an archive in a bucket, kept in the store: who comes first reads it for all.

Kept are the bytes that opening reads, a tar's headers or a zip's directory; what they mean is for
``archives`` to say, each time anew. A gzipped tar, in which nothing has a place of its own, is unpacked
once, and the tar is kept. ``vf-ray runs prune`` may take either; it is then made again.
"""

import io
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Spec, Writer
from vf_ray.errors import UserError
from vf_ray.raw.archives import SCAN, Tar, Zip, mount
from vf_ray.raw.gzip_seek import GzipSeek
from vf_ray.raw.hops import Hops, tar_headers
from vf_ray.raw.mounts import Packed
from vf_ray.raw.seekable import Seekable
from vf_ray.store import Store

LEAST = 16 << 20
"""Bytes of an archive whose opening is worth being kept."""
READ, CONTENT = "read.parquet", "content.tar"
"""Names of what opening read, and of what a gzipped tar holds."""
ROOM = 6
"""A gzipped tar is unpacked on a disk with so many times its size to spare: pictures hardly shrink."""
_CODE = 1
_SCHEMA = pa.schema([("at", pa.int64()), ("data", pa.large_binary())])
_LOOK = 512


def opened(packed: Packed, keep: Store | None) -> Zip | Tar:
    """Return the content of an archive; of a large one in a bucket through what is kept of it.

    Raises:
        ValueError: as ``mount``.
    """
    if keep is None or not packed.is_far or packed.store.size(packed.path) < LEAST:
        return mount(packed, packed.name)
    gzipped = packed.stretch(0, 2) == b"\x1f\x8b"
    if gzipped and shutil.disk_usage(tempfile.gettempdir()).free < ROOM * packed.store.size(packed.path):
        return mount(packed, packed.name)
    config = {"version": packed.store.version(packed.path)}
    spec = Spec(kind="archive", name=packed.path.rpartition("/")[2], config=config, code=_CODE)
    artifact = artifacts.build(keep, spec, lambda writer: _make(writer, packed, gzipped))
    return mount(Remembered.of(packed, artifact), packed.name)


@dataclass(frozen=True)
class Remembered(Packed):
    """A file of which some bytes are ``brought`` already, by their place; what is read of it is ``noted``."""

    brought: Mapping[int, bytes] = field(default_factory=dict)
    noted: dict[int, bytes] | None = None
    is_copy: bool = False

    @classmethod
    def of(cls, packed: Packed, artifact: Artifact) -> "Remembered":
        """Return an archive, or its unpacked copy, with what opening it reads."""
        table = pq.read_table(pa.BufferReader(artifact.read(READ)), use_threads=False)
        brought = dict(zip(table["at"].to_pylist(), table["data"].to_pylist(), strict=True))
        if CONTENT in artifact.names():
            return cls(artifact.store, artifact.path(CONTENT), brought, is_copy=True)
        return cls(packed.store, packed.path, brought)

    def open(self, ahead: int) -> IO[bytes]:
        """Open it; how much a request brings is told by how it is read."""
        size = self.store.size(self.path)
        if (local := self.store.local_path(self.path)) is not None:
            return io.BufferedReader(_Noting(size, local.open("rb"), self.noted), _LOOK)
        return io.BufferedReader(_Noting(size, Hops(size, self.stretch, self.brought), self.noted), _LOOK)

    def stretch(self, start: int, size: int) -> bytes:
        """Return ``size`` bytes from ``start``, in one request.

        Raises:
            RuntimeError: if the unpacked copy has been pruned meanwhile, which is no file that is missing.
        """
        try:
            return super().stretch(start, size)
        except FileNotFoundError as error:
            if not self.is_copy:
                raise
            raise UserError(f"{error}; it was pruned while it was in use: run the same again") from error


class _Noting(Seekable):
    """A file of which is noted what is read."""

    def __init__(self, size: int, file: Any, noted: dict[int, bytes] | None) -> None:
        super().__init__(size)
        self._file, self._noted = file, noted

    def readinto(self, target: Any) -> int:
        self._file.seek(self.at)
        size: int = self._file.readinto(target)
        if self._noted is not None and size > len(self._noted.get(self.at, b"")):
            self._noted[self.at] = bytes(target[:size])
        self.at += size
        return size


def _make(writer: Writer, packed: Packed, gzipped: bool) -> Mapping[str, Any]:
    """Open an archive for the first time, and commit what that takes."""
    with tempfile.TemporaryDirectory(prefix="vf-ray-") as scratch:
        source, brought = packed, dict[int, bytes]()
        if gzipped:
            local = Path(scratch) / CONTENT
            _unpack(packed, local)
            writer.commit(CONTENT, local)
            source = Packed(Store.open(scratch), CONTENT)
        elif packed.name.lower().endswith(".tar"):
            brought = tar_headers(packed.stretch, packed.store.size(packed.path))
        noted: dict[int, bytes] = {}
        mount(Remembered(source.store, source.path, brought, noted), packed.name)
    table = pa.table({"at": list(noted), "data": list(noted.values())}, _SCHEMA)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    writer.commit(READ, bytes(sink.getvalue()))
    return {"reads": len(noted)}


def _unpack(packed: Packed, local: Path) -> None:
    with local.open("wb") as sink, GzipSeek(packed.open(SCAN)) as content:
        shutil.copyfileobj(io.BufferedReader(content, 1 << 20), sink, 1 << 20)

"""Zip and tar archives, read in place; of one in a bucket, each small member is a single request."""

import io
import posixpath
import struct
import tarfile
import zipfile
import zlib
from array import array
from collections.abc import Callable, Mapping
from functools import cached_property
from threading import Lock
from typing import IO, Any

from vf_ray.raw.gzip_seek import GzipSeek
from vf_ray.raw.mounts import STREAM, Indexed, Mount, Packed
from vf_ray.raw.seekable import Seekable

SCAN, PICK = 8 << 20, 1 << 18
"""Bytes to read ahead in a bucket: for an archive's index, for one member."""
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
Stretch = Callable[[int, int], bytes]
"""Reads ``size`` bytes from ``start`` in one request; for files that lie far away."""
DAMAGED = (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error)
"""What is raised where an archive, or a member of one, is not what it was."""
_ENCRYPTED = 0x1
_LENGTHS_AT = 26
"""Where a zip member's own header tells the lengths of its name and its extra field."""


class Zip(Indexed):
    """A zip archive, read in place."""

    def __init__(self, packed: IO[bytes], name: str, far: Stretch | None = None) -> None:
        self._name = name
        self._far = far
        self._zip = zipfile.ZipFile(packed)
        self._infos = self._zip.infolist()
        self.members = {_clean(i.filename): n for n, i in enumerate(self._infos) if not i.is_dir()}

    def open(self, path: str) -> IO[bytes]:
        try:
            return self._zip.open(self._info(path))
        except RuntimeError as error:
            raise ValueError(
                f"{self._name}: {path!r} cannot be read ({error}); unpack the archive with the password "
                "its publisher gives"
            ) from error

    def read(self, path: str) -> bytes:
        info = self._info(path)
        if self._far is None or info.flag_bits & _ENCRYPTED:
            with self.open(path) as member:
                return member.read()
        packed = io.BytesIO(
            self._far(info.header_offset, self._ends[info.header_offset] - info.header_offset)
        )
        name, extra = struct.unpack_from("<HH", packed.getbuffer(), _LENGTHS_AT)
        packed.seek(_LENGTHS_AT + 4 + name + extra)
        with zipfile.ZipExtFile(packed, "r", info) as member:
            return member.read()

    def _info(self, path: str) -> zipfile.ZipInfo:
        if path not in self.members:
            raise FileNotFoundError(f"no {path!r} in {self._name}")
        return self._infos[self.members[path]]

    @cached_property
    def _ends(self) -> Mapping[int, int]:
        """Return where the member that begins at an offset ends at the latest."""
        starts = sorted({info.header_offset for info in self._infos})
        return dict(zip(starts, [*starts[1:], self._zip.start_dir], strict=True))


class Tar(Indexed):
    """A tar archive, read in place; a gzipped one through kept decompressor states."""

    def __init__(self, packed: IO[bytes], picked: IO[bytes], name: str, far: Stretch | None = None) -> None:
        self._name = name
        self._file = picked
        self._far = far
        self._lock = Lock()
        self._offsets, self._sizes = array("q"), array("q")
        self.members, links = {}, dict[str, str]()
        with tarfile.open(fileobj=packed, mode="r:") as tar:
            for member in tar:
                self._note(member, links)
                tar.members = []  # type: ignore[attr-defined]  # else every header stays
        for name, target in links.items():  # a soft link may come before what it names
            if target in self.members:
                self.members[name] = self.members[target]

    def _note(self, member: tarfile.TarInfo, links: dict[str, str]) -> None:
        name = _clean(member.name)
        if member.isreg():
            self.members[name] = len(self._sizes)
            self._offsets.append(member.offset_data)
            self._sizes.append(member.size)
        elif member.islnk():
            links[name] = _clean(member.linkname)
        elif member.issym():
            links[name] = posixpath.normpath(posixpath.join(posixpath.dirname(name), member.linkname))

    def open(self, path: str) -> IO[bytes]:
        start, size = self._place(path)
        return io.BufferedReader(_Part(self._file, self._lock, start, size), max(1, min(size, STREAM)))

    def read(self, path: str) -> bytes:
        start, size = self._place(path)
        if self._far is not None:
            return self._far(start, size)
        with self._lock:  # as a whole, for in a gzipped one each way back is long
            self._file.seek(start)
            return self._file.read(size)

    def _place(self, path: str) -> tuple[int, int]:
        if path not in self.members:
            raise FileNotFoundError(f"no {path!r} in {self._name}")
        return self._offsets[self.members[path]], self._sizes[self.members[path]]


class _Part(Seekable):
    """A stretch of a file, as a file."""

    def __init__(self, whole: IO[bytes], lock: Lock, start: int, size: int) -> None:
        super().__init__(size)
        self._whole, self._lock, self._start = whole, lock, start

    def readinto(self, target: Any) -> int:
        with self._lock:  # other members share the file
            self._whole.seek(self._start + self.at)
            data = self._whole.read(self.left(len(target)))
        target[: len(data)] = data
        self.at += len(data)
        return len(data)


def _clean(name: str) -> str:
    return name.removeprefix("./").replace("\\", "/")


def is_archive(name: str) -> bool:
    """Tell by its name an archive that can be read in place."""
    return name.lower().endswith(ARCHIVES)


def mount(packed: Packed | io.BytesIO, name: str) -> Mount:
    """Return the content of an archive.

    Raises:
        ValueError: if it is damaged.
    """
    try:
        return _mounted(packed, name)
    except DAMAGED as error:
        raise ValueError(f"{name} is not a whole archive ({error}); fetch it again") from error


def _mounted(packed: Packed | io.BytesIO, name: str) -> Mount:
    far = packed.stretch if isinstance(packed, Packed) and packed.is_far else None
    if name.lower().endswith(".zip"):
        return Zip(_opened(packed, PICK), name, far)
    scanned, gzipped = _unpacked(_opened(packed, SCAN))
    if gzipped:  # nothing in it has a place of its own
        return Tar(scanned, scanned, name)
    return Tar(scanned, _opened(packed, PICK), name, far)


def _opened(packed: Packed | io.BytesIO, ahead: int) -> IO[bytes]:
    return packed.open(ahead) if isinstance(packed, Packed) else io.BytesIO(packed.getvalue())


def _unpacked(packed: IO[bytes]) -> tuple[IO[bytes], bool]:
    """Look through gzip, judged by content: some ``.tar.gz`` are plain tars."""
    magic = packed.read(2)
    packed.seek(0)
    if magic != b"\x1f\x8b":
        return packed, False
    return io.BufferedReader(GzipSeek(packed), 1 << 16), True

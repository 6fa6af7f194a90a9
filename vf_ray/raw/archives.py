"""Zip and tar archives, read in place; of one in a bucket, each small member is a single request."""

import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from array import array
from collections.abc import Callable, Mapping
from functools import cached_property
from threading import Lock
from typing import IO

from vf_ray.errors import UserError
from vf_ray.raw.foreign import advice_by_content
from vf_ray.raw.gzip_seek import GzipSeek
from vf_ray.raw.indexed import MOST_WHOLE, Fault, Indexed, Link, UnreadableError, plain_name, require_size
from vf_ray.raw.mounts import STREAM, Packed
from vf_ray.raw.placeholder import in_place_of_bytes
from vf_ray.raw.seekable import DataSpans, Sparse, Stretch, Within
from vf_ray.raw.split_zip import require_one_part
from vf_ray.raw.tar_end import behind

SCAN, PICK = 8 << 20, 1 << 18
"""Bytes to read ahead in a bucket: for an archive's index, for one member."""
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
DAMAGED = (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, lzma.LZMAError)
"""What is raised where an archive, or a member of one, is not what it was."""
_LABELS = (b"V", b"D")
"""Types of GNU tar's members that hold no file: a volume's name, a folder's listing."""
_ZIP, _GZIP, _MOST_GZIPPED = (b"PK\3\4", b"PK\5\6"), b"\x1f\x8b", 2
_ENCRYPTED, _NAME_IN_UTF_8 = 0x1, 0x800
_UNIX, _DEFLATE64, _LONGEST_LINK = 3, 9, 4096
_EXTRA, _UNICODE_PATH = struct.Struct("<HH"), 0x7075
_UNPACKED_BY_ZIPFILE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_TWO_NAMES = "differ."
"""How the library ends where a member's own header has another name: the directory's counts, as for unzip."""
_LENGTHS_AT = 26
"""Where a zip member's own header tells the lengths of its name and its extra field."""


class Zip(Indexed):
    """A zip archive, read in place."""

    def __init__(self, packed: IO[bytes], name: str, stretch: Stretch, *, is_far: bool = False) -> None:
        self._name = name
        self._stretch, self._is_far = stretch, is_far
        self._zip = zipfile.ZipFile(packed)
        self._infos = self._zip.infolist()
        self.members = {}
        for number, info in enumerate(self._infos):
            path, fault = plain_name(_meant(info))
            if path and not info.filename.endswith(("/", "\\")):
                self.members[path] = fault or self._link(info) or number

    def _link(self, info: zipfile.ZipInfo) -> Link | None:
        if info.create_system != _UNIX or not stat.S_ISLNK(info.external_attr >> 16):
            return None
        require_size(info.file_size, f"link {info.filename!r} of {self._name}", _LONGEST_LINK)
        return Link(self._zip.read(info).decode("utf-8", "surrogateescape").replace("\\", "/"))

    def open(self, path: str) -> IO[bytes]:
        try:
            return self._zip.open(self._info(path))
        except zipfile.BadZipFile as error:
            if _TWO_NAMES not in str(error):
                raise
            return io.BytesIO(self.read(path))

    def read(self, path: str, most: int = MOST_WHOLE) -> bytes:
        info = self._info(path)
        require_size(max(info.file_size, info.compress_size), f"{self._name}, {path!r}", most)
        return self._from_stretch(info) if self._is_far else self._whole(info)

    def _from_stretch(self, info: zipfile.ZipInfo) -> bytes:
        """Return a member from one stretch of the archive, whatever its own header calls it."""
        start = info.header_offset
        packed = io.BytesIO(self._stretch(start, self._ends[start] - start))
        name, extra = struct.unpack_from("<HH", packed.getbuffer(), _LENGTHS_AT)
        packed.seek(_LENGTHS_AT + 4 + name + extra)
        with zipfile.ZipExtFile(packed, "r", info) as member:
            return _declared(member.read, info)

    def _whole(self, info: zipfile.ZipInfo) -> bytes:
        try:
            with self._zip.open(info) as member:
                return _declared(member.read, info)
        except zipfile.BadZipFile as error:
            if _TWO_NAMES not in str(error):
                raise
            return self._from_stretch(info)
        except OSError as error:
            if error.errno is not None:
                raise  # of the disk
            raise zipfile.BadZipFile(f"{info.filename!r}: {error}") from error  # bzip2 says so

    def _info(self, path: str) -> zipfile.ZipInfo:
        info = self._infos[self.number(path, self._name)]
        if info.flag_bits & _ENCRYPTED:
            raise UnreadableError(
                "file encrypted",
                f"{self._name}: {path!r} is encrypted; unpack the archive with its publisher's password",
            )
        if info.compress_type not in _UNPACKED_BY_ZIPFILE:
            method = "Deflate64" if info.compress_type == _DEFLATE64 else f"method {info.compress_type}"
            raise UnreadableError(
                "packed in a way that is not read in place",
                f"{self._name}: {path!r} is packed with {method}, which is not read in place; unpack the "
                "archive (unzip and 7z can)",
            )
        return info

    @cached_property
    def _ends(self) -> Mapping[int, int]:
        """Return where the member that begins at an offset ends at the latest."""
        starts = sorted({info.header_offset for info in self._infos})
        return dict(zip(starts, [*starts[1:], self._zip.start_dir], strict=True))


def _declared(read: Callable[[int], bytes], info: zipfile.ZipInfo) -> bytes:
    """Return as much of a member as is declared, for it may unpack to more; its checksum is then wrong."""
    return read(max(1, info.file_size))


def _meant(info: zipfile.ZipInfo) -> str:
    """Return a member's name; what is not marked as UTF-8 is taken for it, and escaped where it is not."""
    if info.filename.isascii() or info.flag_bits & _NAME_IN_UTF_8:
        return info.filename
    raw = info.filename.encode("cp437")  # which the library has read it as
    return _beside(info.extra, raw) or raw.decode("utf-8", "surrogateescape")


def _beside(extra: bytes, raw: bytes) -> str:
    """Return the name in UTF-8 that Info-ZIP writes beside one of another encoding; empty if it has not."""
    while len(extra) >= _EXTRA.size:
        kind, size = _EXTRA.unpack_from(extra)
        field, extra = extra[_EXTRA.size : _EXTRA.size + size], extra[_EXTRA.size + size :]
        if kind == _UNICODE_PATH and field[1:5] == struct.pack("<I", zlib.crc32(raw)):
            return field[5:].decode("utf-8", "surrogateescape")
    return ""


class Tar(Indexed):
    """A tar archive, read in place; a gzipped one through kept decompressor states."""

    def __init__(self, packed: IO[bytes], picked: IO[bytes], name: str, far: Stretch | None = None) -> None:
        self._name = name
        self._file = picked
        self._far = far
        self._lock = Lock()
        self._offsets, self._sizes = array("q"), array("q")
        self._holes: dict[int, DataSpans] = {}
        self.members = {}
        at: int | None = 0
        while at is not None:
            packed.seek(at)
            at = self._add_archive(packed)

    def _add_archive(self, packed: IO[bytes]) -> int | None:
        """Take in an archive from where the file stands; return where another begins, put behind it."""
        last = 0
        with tarfile.open(fileobj=packed, mode="r:", encoding="utf-8", errors="surrogateescape") as tar:
            for member in tar:
                path, fault = plain_name(member.name)
                if path and not member.isdir() and member.type not in _LABELS:
                    self.members[path] = fault or self._entry_of(member)
                last = member.offset_data + member.size if member.isreg() else 0
                tar.members = []  # type: ignore[attr-defined]  # else every header stays
            return behind(packed, tar.offset, last)

    def _entry_of(self, member: tarfile.TarInfo) -> int | Link | Fault:
        if member.isreg():
            return self._numbered(member)
        if member.islnk():  # to the file that came before it, even if that is replaced later
            earlier = self.members.get(plain_name(member.linkname)[0])
            return earlier if isinstance(earlier, int) else Link(f"/{member.linkname}")
        if member.issym():
            return Link(member.linkname.replace("\\", "/"))
        return Fault("not a file", f"a member of type {member.type!r}, such as a device or a pipe")

    def _numbered(self, member: tarfile.TarInfo) -> int:
        if member.sparse is not None:
            self._holes[len(self._sizes)] = tuple(member.sparse)  # type: ignore[arg-type]  # typed as the raw header
        self._offsets.append(member.offset_data)
        self._sizes.append(member.size)
        return len(self._sizes) - 1

    def open(self, path: str) -> IO[bytes]:
        number = self.number(path, self._name)
        start, size = self._offsets[number], self._sizes[number]
        part = Within(self._file, self._lock, start, self._held(number))
        whole = Sparse(part, self._holes[number], size) if number in self._holes else part
        return io.BufferedReader(whole, max(1, min(size, STREAM)))

    def read(self, path: str, most: int = MOST_WHOLE) -> bytes:
        number = self.number(path, self._name)
        start, size = self._offsets[number], self._sizes[number]
        require_size(size, f"{self._name}, {path!r}", most)
        if number in self._holes:
            with self.open(path) as member:
                return member.read()
        if self._far is not None:
            return self._far(start, size)
        with self._lock:  # as a whole, for in a gzipped one each way back is long
            self._file.seek(start)
            return self._file.read(size)

    def _held(self, number: int) -> int:
        """Return how many bytes of a member are in the archive."""
        return sum(size for _, size in self._holes.get(number, ((0, self._sizes[number]),)))


def is_archive(name: str) -> bool:
    """Tell by its name an archive that can be read in place."""
    return name.lower().endswith(ARCHIVES)


def mount(packed: Packed | io.BytesIO, name: str) -> Zip | Tar:
    """Return the content of an archive.

    Raises:
        ValueError: if it is damaged, one part of several, or not what its name says.
    """
    try:
        return _mounted(packed, name)
    except (*DAMAGED, UnicodeDecodeError) as error:
        raise UserError(f"{name} is not a whole archive ({error}); fetch it again") from error


def _mounted(packed: Packed | io.BytesIO, name: str) -> Zip | Tar:
    is_far = isinstance(packed, Packed) and packed.is_far
    scanned = _opened(packed, PICK if name.lower().endswith(".zip") else SCAN)
    head = scanned.read(tarfile.BLOCKSIZE)
    scanned.seek(0)
    if message := advice_by_content(head, name.rpartition("/")[2]) or in_place_of_bytes(head):
        raise UserError(f"{name}: {message}")
    tarred = head.startswith(_GZIP) or head[257:262] == b"ustar"
    if head.startswith(_ZIP) or (name.lower().endswith(".zip") and not tarred):
        require_one_part(scanned, name)
        return Zip(scanned, name, _stretch_of(packed), is_far=is_far)
    scanned, gzipped = _unpacked(scanned)
    if gzipped:  # nothing in it has a place of its own
        return Tar(scanned, scanned, name)
    return Tar(scanned, _opened(packed, PICK), name, _stretch_of(packed) if is_far else None)


def _stretch_of(packed: Packed | io.BytesIO) -> Stretch:
    if isinstance(packed, Packed):
        return packed.stretch
    return lambda start, size: packed.getvalue()[start : start + size]


def _opened(packed: Packed | io.BytesIO, ahead: int) -> IO[bytes]:
    return packed.open(ahead) if isinstance(packed, Packed) else io.BytesIO(packed.getvalue())


def _unpacked(packed: IO[bytes]) -> tuple[IO[bytes], bool]:
    """Look through gzip, judged by content: some ``.tar.gz`` are plain tars, some are gzipped twice."""
    gzipped = 0
    while packed.read(2) == _GZIP and gzipped < _MOST_GZIPPED:
        packed.seek(0)
        packed, gzipped = io.BufferedReader(GzipSeek(packed), 1 << 16), gzipped + 1
    packed.seek(0)
    return packed, gzipped > 0

"""Places that raw files lie in: a folder, a zip, a tar; on a disk or in a bucket.

All three answer the same few questions about paths inside them, so that a reader never knows
whether an archive was unpacked. Nothing is written anywhere.
"""

import io
import os
import tarfile
import zipfile
import zlib
from array import array
from collections.abc import Callable, Iterator
from functools import cached_property
from threading import Lock
from typing import IO, Any, Protocol

from vf_ray.sources.gzip_seek import GzipSeek

STREAM, SCAN, PICK = 1 << 20, 8 << 20, 1 << 18
"""Bytes to read ahead in a bucket: a file from start to end, an archive's index, one member."""
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")


class Mount(Protocol):
    """Files below one root, named by relative paths with slashes; ``""`` is the root itself."""

    def is_file(self, path: str) -> bool: ...
    def is_dir(self, path: str) -> bool: ...
    def open(self, path: str) -> IO[bytes]: ...
    def read(self, path: str) -> bytes: ...
    def entries(self, directory: str) -> list[tuple[str, bool]]: ...


def hidden(name: str) -> bool:
    """Tell names that no publisher means: resource forks and editors' leftovers."""
    return name.startswith(".") or name == "__MACOSX"


def join(*parts: str) -> str:
    """Join relative paths, leaving out empty ones."""
    return "/".join(part for part in parts if part)


def walk(mount: Mount, directory: str, depth: int | None) -> Iterator[str]:
    """Yield the files below ``directory`` in sorted order, at most ``depth`` levels down."""
    for name, is_dir in sorted(mount.entries(directory)):
        path = join(directory, name)
        if not is_dir:
            yield path
        elif depth is None or depth > 1:
            yield from walk(mount, path, None if depth is None else depth - 1)


class Folder:
    """A folder of an fsspec file system."""

    def __init__(self, fs: Any, root: str) -> None:
        self.fs = fs
        self.root = root.rstrip("/") or "/"
        self._local = "file" in ((fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol)

    def at(self, path: str) -> str:
        """Return the file system's own path."""
        return f"{self.root}/{path}" if path else self.root

    def is_file(self, path: str) -> bool:
        return bool(self.fs.isfile(self.at(path)))

    def is_dir(self, path: str) -> bool:
        return bool(self.fs.isdir(self.at(path)))

    def open(self, path: str, block: int = STREAM) -> IO[bytes]:
        """Open a file; from a bucket, each request brings ``block`` bytes more than were asked for."""
        ahead = {} if self._local else {"block_size": block, "cache_type": "readahead"}
        opened: IO[bytes] = self.fs.open(self.at(path), "rb", **ahead)
        return opened

    def read(self, path: str) -> bytes:
        data: bytes = self.fs.cat_file(self.at(path))
        return data

    def entries(self, directory: str) -> list[tuple[str, bool]]:
        if self._local:
            with os.scandir(self.at(directory)) as found:
                return [(e.name, e.is_dir()) for e in found if not hidden(e.name)]
        listed = self.fs.ls(self.at(directory), detail=True)
        named = ((e["name"].rstrip("/").rsplit("/", 1)[-1], e["type"] == "directory") for e in listed)
        return [(name, is_dir) for name, is_dir in named if name and not hidden(name)]


class _Indexed:
    """An archive: its members' names with the number of each, and the folders they imply."""

    members: dict[str, int]

    @cached_property
    def _folders(self) -> dict[str, set[tuple[str, bool]]]:
        found: dict[str, set[tuple[str, bool]]] = {"": set()}
        for path in self.members:
            parent, _, name = path.rpartition("/")
            self._add_folder(found, parent)
            found[parent].add((name, False))
        return found

    def _add_folder(self, found: dict[str, set[tuple[str, bool]]], path: str) -> None:
        if path in found:
            return
        found[path] = set()
        parent, _, name = path.rpartition("/")
        self._add_folder(found, parent)
        found[parent].add((name, True))

    def is_file(self, path: str) -> bool:
        return path in self.members

    def is_dir(self, path: str) -> bool:
        return path in self._folders

    def entries(self, directory: str) -> list[tuple[str, bool]]:
        return [entry for entry in self._folders.get(directory, ()) if not hidden(entry[0])]


class Zip(_Indexed):
    """A zip archive, read in place."""

    def __init__(self, packed: IO[bytes], name: str) -> None:
        self._name = name
        self._zip = zipfile.ZipFile(packed)
        self._infos = self._zip.infolist()
        self.members = {_clean(i.filename): n for n, i in enumerate(self._infos) if not i.is_dir()}

    def open(self, path: str) -> IO[bytes]:
        try:
            return self._zip.open(self._infos[self.members[path]])
        except KeyError:
            raise FileNotFoundError(f"no {path!r} in {self._name}") from None
        except RuntimeError as error:
            raise ValueError(
                f"{self._name}: {path!r} cannot be read ({error}); unpack the archive with the password "
                "its publisher gives"
            ) from error

    def read(self, path: str) -> bytes:
        with self.open(path) as member:
            return member.read()


class Tar(_Indexed):
    """A tar archive, read in place; a gzipped one through kept decompressor states."""

    def __init__(self, packed: IO[bytes], picked: IO[bytes], name: str) -> None:
        self._name = name
        self._file = picked
        self._lock = Lock()
        self._offsets, self._sizes = array("q"), array("q")
        self.members = {}
        with tarfile.open(fileobj=packed, mode="r:") as tar:
            for member in tar:
                self._note(member)
                tar.members = []  # type: ignore[attr-defined]  # else every header stays

    def _note(self, member: tarfile.TarInfo) -> None:
        if member.isreg():
            self.members[_clean(member.name)] = len(self._sizes)
            self._offsets.append(member.offset_data)
            self._sizes.append(member.size)

    def open(self, path: str) -> IO[bytes]:
        if path not in self.members:
            raise FileNotFoundError(f"no {path!r} in {self._name}")
        number = self.members[path]
        part = _Part(self._file, self._lock, self._offsets[number], self._sizes[number])
        return io.BufferedReader(part, max(1, min(self._sizes[number], STREAM)))

    def read(self, path: str) -> bytes:
        with self.open(path) as member:
            return member.read()


class _Part(io.RawIOBase):
    """A stretch of a file, as a file."""

    def __init__(self, whole: IO[bytes], lock: Lock, start: int, size: int) -> None:
        self._whole, self._lock, self._start, self._size, self._at = whole, lock, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def readinto(self, target: Any) -> int:
        with self._lock:  # other members share the file
            self._whole.seek(self._start + self._at)
            data = self._whole.read(max(0, min(len(target), self._size - self._at)))
        target[: len(data)] = data
        self._at += len(data)
        return len(data)


def _clean(name: str) -> str:
    return name.removeprefix("./").replace("\\", "/")


def is_archive(name: str) -> bool:
    """Tell by its name an archive that can be read in place."""
    return name.lower().endswith(ARCHIVES)


def mount(opened: Callable[[int], IO[bytes]], name: str) -> Mount:
    """Return the content of an archive; ``opened`` opens it, given the bytes to read ahead.

    Raises:
        ValueError: if it is damaged.
    """
    try:
        if name.lower().endswith(".zip"):
            return Zip(opened(PICK), name)
        scanned, gzipped = _unpacked(opened(SCAN))
        return Tar(scanned, scanned if gzipped else opened(PICK), name)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error) as error:
        raise ValueError(f"{name} is not a whole archive ({error}); fetch it again") from error


def _unpacked(packed: IO[bytes]) -> tuple[IO[bytes], bool]:
    """Look through gzip, judged by content: some ``.tar.gz`` are plain tars."""
    magic = packed.read(2)
    packed.seek(0)
    if magic != b"\x1f\x8b":
        return packed, False
    return io.BufferedReader(GzipSeek(packed), 1 << 16), True

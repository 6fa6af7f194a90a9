"""Places that raw files lie in: a folder of a disk or bucket, files from several, or an archive.

All answer the same few questions about paths inside them, so that a reader never knows whether an
archive was unpacked. Nothing is written anywhere. What lies in a bucket is asked for with the store's
own patience: passing trouble is waited for, and what stays is an error that names the address.
"""

import io
import os
import re
import unicodedata
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import IO, Protocol
from urllib.parse import unquote

from vf_ray.errors import MissingError, about
from vf_ray.raw.indexed import Indexed, UnreadableError, hidden, require_size, shown
from vf_ray.raw.seekable import Far
from vf_ray.store import Store

STREAM = 1 << 20
"""Bytes to read ahead in a bucket."""


IMAGES = ("avif", "bmp", "gif", "jfif", "jpeg", "jpg", "pgm", "png", "ppm", "tif", "tiff", "webp")
"""Extensions of images."""
MOST_EXTRA = 8
"""Folders around a publisher's that hold no other: a packer may have kept all from the disk's root on."""
ANY_IMAGE = "<image>"
"""Stands for one of them in a pattern."""


class Mount(Protocol):
    """Files below one root, named by relative paths with slashes; ``""`` is the root itself."""

    def is_file(self, path: str) -> bool: ...
    def is_dir(self, path: str) -> bool: ...
    def open(self, path: str) -> IO[bytes]: ...
    def read(self, path: str) -> bytes: ...
    def entries(self, directory: str) -> list[tuple[str, bool]]: ...
    def real(self, path: str) -> str: ...


def is_image(name: str) -> bool:
    """Tell an image by its name."""
    return name.rpartition(".")[2].lower() in IMAGES


def join(*parts: str) -> str:
    """Join relative paths, leaving out empty ones."""
    return "/".join(part for part in parts if part)


def walk(mount: Mount, directory: str, depth: int | None, above: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the files below ``directory`` in sorted order, at most ``depth`` levels down.

    A folder that a link puts inside itself, one of those ``above``, is passed over: it holds nothing new.
    """
    if (real := mount.real(directory)) in above:
        return
    for name, is_dir in sorted(mount.entries(directory)):
        path = join(directory, name)
        if not is_dir:
            yield path
        elif depth is None or depth > 1:
            yield from walk(mount, path, None if depth is None else depth - 1, (*above, real))


def folders(mount: Mount, directory: str) -> list[str]:
    """Return the paths of the folders in a folder."""
    return [join(directory, name) for name, is_dir in sorted(mount.entries(directory)) if is_dir]


def only_folders(mount: Mount) -> Iterator[str]:
    """Yield the root, the folder in it where it is the only one, and so on for a few levels.

    Not so in a bucket, where to list a folder of images may take very many requests.
    """
    yield (directory := "")
    for _ in range(0 if isinstance(mount, Folder) and mount.is_far else MOST_EXTRA):
        if len(inner := folders(mount, directory)) != 1:
            return
        yield (directory := inner[0])


def spellings(name: str) -> Iterator[str]:
    """Yield a file name as given, then as disks are known to hold it: another case of the
    extension, another Unicode form, non-ASCII escaped as ``#U00e9`` (unzip does that), and of one out of an
    address what its ``%C3%A9`` stands for."""
    stem, dot, extension = name.rpartition(".")
    forms = {"jpg": ("jpeg",), "jpeg": ("jpg",)}
    others = (extension, *forms.get(extension.lower(), ()))
    cased = (e for o in others for e in (o.lower(), o.upper(), o.title()) if dot)
    names = [name, *(f"{stem}{dot}{e}" for e in cased)]
    plain = unquote(name)
    if plain != name and "/" not in plain and "\0" not in plain:
        names += spellings(plain)
    return iter(dict.fromkeys((*names, *_forms(name))))


def folder_spellings(path: str) -> Iterator[str]:
    """Yield a folder's path as given, then with each name in it as disks are known to hold it."""
    return map("/".join, product(*map(_forms, path.split("/"))))


def _forms(name: str) -> tuple[str, ...]:
    if name.isascii():
        return (name,)
    escaped = "".join(c if c.isascii() else f"#U{ord(c):04x}" for c in name)
    composed, parted = (unicodedata.normalize(form, name) for form in ("NFC", "NFD"))
    return tuple(dict.fromkeys((name, composed, parted, escaped)))


def split_pattern(pattern: str) -> tuple[str, str]:
    """Split a pattern into its folder without wildcards, and the rest."""
    parts = pattern.split("/")
    wild = next((n for n, part in enumerate(parts[:-1]) if re.search(r"[*?]", part)), len(parts) - 1)
    return "/".join(parts[:wild]), "/".join(parts[wild:])


def matcher(pattern: str) -> re.Pattern[str]:
    """Return what matches the same paths: ``*`` stays within a folder, ``**`` does not, ``<image>`` is any
    extension of one."""
    tokens = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]", ANY_IMAGE: f"(?i:{'|'.join(IMAGES)})"}
    parts = re.split(rf"(\*\*/|\*\*|\*|\?|{ANY_IMAGE})", pattern)
    return re.compile("".join(tokens.get(part) or re.escape(part) for part in parts))


def matching(pattern: str, paths: Set[str]) -> list[str]:
    """Return the paths that match, sorted; where only an extension's case differs, as the pattern has it.

    So who asks for ``*.png`` gets ``1.png`` where ``1.PNG`` lies, by which ``spellings`` finds it.
    """
    expression = matcher(pattern)
    exact = {path for path in paths if expression.fullmatch(path)}
    _, dot, extension = pattern.rpartition("/")[2].rpartition(".")
    if not dot or not extension.isalnum():
        return sorted(exact)
    end = f".{extension}"
    others = (path for path in paths - exact if path.lower().endswith(end.lower()))
    respelled = {path[: -len(end)] + end for path in others}
    return sorted(exact | {path for path in respelled if expression.fullmatch(path)})


class Folder:
    """A folder on a disk or in a bucket."""

    def __init__(self, store: Store, path: str = "") -> None:
        self._store = store
        self._path = path

    def at(self, path: str) -> str:
        """Return where a file lies in the store."""
        return join(self._path, path)

    def url(self, path: str) -> str:
        """Return a file's address, for people."""
        return self._store.at(self.at(path))

    def below(self, path: str) -> "Folder":
        """Return a folder in this one."""
        return Folder(self._store, self.at(path))

    def is_file(self, path: str) -> bool:
        return bool(path) and self._store.exists(self.at(path))

    def is_file_itself(self) -> bool:
        """Tell whether a file lies where the folder should be."""
        return (local := self._store.local_path(self._path)) is not None and local.is_file()

    def is_dir(self, path: str) -> bool:
        top = path.partition("/")[0]
        if top and self.is_far and top not in self._top:  # most folders asked for are in an archive
            return False
        return self._store.is_folder(self.at(path))

    def opened(self, path: str) -> "Packed":
        """Return a file as archives are read: whole by stretches, with reading ahead where that pays."""
        return Packed(self._store, self.at(path))

    def open(self, path: str) -> IO[bytes]:
        return self.opened(path).open(STREAM)

    def read(self, path: str) -> bytes:
        return self.opened(path).read()

    def real(self, path: str) -> str:
        """Return where a folder lies, whatever links lead there."""
        local = self._store.local_path(self.at(path))
        return path if local is None else os.path.realpath(local)

    def entries(self, directory: str) -> list[tuple[str, bool]]:
        listed = self._store.entries(self.at(directory))
        return [(shown(name), is_dir) for name, is_dir in listed if not hidden(name)]

    @property
    def is_far(self) -> bool:
        """Tell whether each look is a request."""
        return self._store.local_path("") is None

    @cached_property
    def _top(self) -> frozenset[str]:
        """Return the folders that lie directly in this one."""
        return frozenset(name for name, is_dir in self._store.entries(self._path) if is_dir)


@dataclass(frozen=True)
class Packed:
    """A file of a store, read here and there."""

    store: Store
    path: str

    @property
    def name(self) -> str:
        """Return its address, for people."""
        return self.store.at(self.path)

    @property
    def is_far(self) -> bool:
        """Tell whether each read is a request."""
        return self.store.local_path(self.path) is None

    def open(self, ahead: int) -> IO[bytes]:
        """Open it; from a bucket, each request brings ``ahead`` bytes, or more if more are asked for.

        Raises:
            FileNotFoundError: if it is not there.
            UnreadableError: if it is a pipe or a device.
        """
        local = self.store.local_path(self.path)
        if local is not None:
            self._require_file()
            with about(self.name):
                return local.open("rb")
        return io.BufferedReader(Far(self.store.size(self.path), self.stretch), ahead)

    def read(self) -> bytes:
        """Return the whole file; on a disk its size is known beforehand.

        Raises:
            FileNotFoundError: if it is not there.
            UnreadableError: if it is too large, or a pipe or a device.
        """
        if not self.is_far:
            self._require_file()
            require_size(self.store.size(self.path), self.name)
        return self.store.read(self.path)

    def _require_file(self) -> None:
        if not self.store.exists(self.path):
            self.store.size(self.path)  # says so where nothing is there
            if self.store.is_folder(self.path):
                raise MissingError(f"{self.name}: a folder, and no file")
            raise UnreadableError("not a file", f"{self.name}: a pipe or a device")

    def stretch(self, start: int, size: int) -> bytes:
        """Return ``size`` bytes from ``start``, in one request."""
        return self.store.read_range(self.path, start, size)


class Loose(Indexed):
    """Files from several folders, as one folder."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._places = [url.rpartition("/") for url in urls.values()]
        self._stores = {folder: Store.open(folder) for folder, _, _ in self._places}
        self.members = {name: number for number, name in enumerate(urls)}

    def opened(self, path: str) -> Packed:
        """Return a file like ``Folder.opened``."""
        folder, _, name = self._places[self.number(path, "the fetched files")]
        return Packed(self._stores[folder], name)

    def open(self, path: str) -> IO[bytes]:
        return self.opened(path).open(STREAM)

    def read(self, path: str) -> bytes:
        return self.opened(path).read()

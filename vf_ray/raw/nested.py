"""The archives that lie in a folder, and those that lie in them."""

import io
from collections.abc import Iterator
from typing import IO

from vf_ray.errors import MissingError, UserError
from vf_ray.raw.archives import ARCHIVES, Tar, Zip, is_archive, mount
from vf_ray.raw.indexed import UnreadableError
from vf_ray.raw.kept import opened
from vf_ray.raw.mounts import Folder, Loose, Mount, join, only_folders, walk
from vf_ray.store import Store

_LARGEST_INNER, _MOST_INNER = 512 << 20, 4 << 30
"""Bytes of an archive inside an archive that may be held in memory, and of all those in one."""
_LEVELS = 3
"""Archives one inside the other, the outermost not counted."""


def with_archives(folder: Folder | Loose, keep: Store | None) -> Iterator[Mount]:
    """Yield a folder and, mounted, the archives that lie directly in it, or in the only folder in it.

    What opening large ones takes is looked for, or left, in ``keep``.
    """
    yield folder
    for directory in only_folders(folder):
        names = (
            name for name, is_dir in sorted(folder.entries(directory)) if not is_dir and is_archive(name)
        )
        for name in names:
            yield from mounted(folder, join(directory, name), keep)


def mounted(folder: Folder | Loose, name: str, keep: Store | None) -> Iterator[Mount]:
    """Yield an archive, and the archives inside it."""
    outer = opened(folder.opened(name), keep)
    outer.lies_at = _without_ending(name)
    yield outer
    yield from _Unpacking(name).inner(outer, name, _LEVELS)


class _Unpacking:
    """What an archive's inner ones take of the memory."""

    def __init__(self, name: str) -> None:
        self._name, self._held = name, 0

    def inner(self, outer: Zip | Tar, name: str, levels: int) -> Iterator[Zip | Tar]:
        """Yield the archives inside an archive, and those in them, mounted in memory.

        Raises:
            UserError: if they are too large for that.
        """
        paths = {path for directory in only_folders(outer) for path in walk(outer, directory, depth=2)}
        for path in sorted(filter(is_archive, paths)) if levels else ():
            mounted = mount(io.BytesIO(self._read(outer, path)), f"{name}/{path}")
            mounted.lies_at = join(outer.lies_at, _without_ending(path))
            yield mounted
            yield from self.inner(mounted, f"{name}/{path}", levels - 1)

    def _read(self, outer: Zip | Tar, path: str) -> bytes:
        try:
            data = outer.read(path, _LARGEST_INNER)
        except UnreadableError as error:
            raise UserError(
                f"{error}: an archive in it cannot be read in place; unpack {self._name}"
            ) from error
        self._held += len(data)
        if self._held > _MOST_INNER:
            raise UserError(
                f"{self._name} holds archives of more than {_MOST_INNER:,} bytes in all, which are not read "
                "in place; unpack it, but not them"
            )
        return data


def _without_ending(name: str) -> str:
    ending = next(end for end in sorted(ARCHIVES, key=len, reverse=True) if name.lower().endswith(end))
    return name[: -len(ending)]


class InFolder:
    """An archive as if it had been unpacked into a folder of its name, as archives of one class each are."""

    def __init__(self, archive: Mount, folder: str) -> None:
        self._archive, self._folder = archive, folder

    def is_file(self, path: str) -> bool:
        inner = self._inner(path)
        return inner is not None and self._archive.is_file(inner)

    def is_dir(self, path: str) -> bool:
        inner = self._inner(path)
        return self._is_around(path) if inner is None else self._archive.is_dir(inner)

    def open(self, path: str) -> IO[bytes]:
        return self._archive.open(self._required(path))

    def read(self, path: str) -> bytes:
        return self._archive.read(self._required(path))

    def entries(self, directory: str) -> list[tuple[str, bool]]:
        if (inner := self._inner(directory)) is not None:
            return self._archive.entries(inner)
        start = len(directory) + 1 if directory else 0
        return [(self._folder[start:].partition("/")[0], True)] if self._is_around(directory) else []

    def real(self, path: str) -> str:
        inner = self._inner(path)
        return path if inner is None else join(self._folder, self._archive.real(inner))

    def _is_around(self, path: str) -> bool:
        return not path or self._folder.startswith(f"{path}/")

    def _inner(self, path: str) -> str | None:
        if path == self._folder:
            return ""
        return path.removeprefix(f"{self._folder}/") if path.startswith(f"{self._folder}/") else None

    def _required(self, path: str) -> str:
        if not (inner := self._inner(path)):
            raise MissingError(f"no {path!r} in an archive called {self._folder}")
        return inner


def in_folders(mounts: tuple[Mount, ...]) -> Iterator[InFolder]:
    """Yield the archives that hold files outside of any folder, in folders of their names."""
    for archive in mounts:
        if isinstance(archive, Zip | Tar) and not all(is_dir for _, is_dir in archive.entries("")):
            yield InFolder(archive, archive.lies_at)

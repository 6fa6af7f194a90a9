"""The archives that lie in a folder, and those that lie in them."""

import io
from collections.abc import Iterator

from vf_ray.errors import UserError
from vf_ray.raw.archives import Tar, Zip, is_archive, mount
from vf_ray.raw.indexed import UnreadableError
from vf_ray.raw.kept import opened
from vf_ray.raw.mounts import Folder, Loose, Mount, join, only_folders, walk
from vf_ray.store import Store

_LARGEST_INNER = 512 << 20
"""Bytes of an archive inside an archive that may be held in memory."""


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
    yield from (outer, *_inner(outer, name))


def _inner(outer: Zip | Tar, name: str) -> Iterator[Mount]:
    """Yield the archives inside an archive, mounted in memory.

    Raises:
        ValueError: if one is too large for that.
    """
    for path in filter(is_archive, walk(outer, "", depth=2)):
        try:
            data = outer.read(path, _LARGEST_INNER)
        except UnreadableError as error:
            raise UserError(f"{error}: an archive in it cannot be read in place; unpack {name}") from error
        yield mount(io.BytesIO(data), f"{name}/{path}")

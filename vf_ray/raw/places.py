"""Where a folder that a publisher names may lie in a mount, and what lies in it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from vf_ray.raw.mounts import Mount, folders, join, only_folders, walk


class Place(NamedTuple):
    """A folder of a mount."""

    mount: Mount
    directory: str

    def below(self, depth: int | None) -> Iterator[str]:
        """Yield the paths of the files in it, at most ``depth`` levels down."""
        start = len(self.directory) + 1 if self.directory else 0
        return (path[start:] for path in walk(self.mount, self.directory, depth))


def files(places: Iterable[Place], name: str) -> Iterator[tuple[Place, str]]:
    """Yield the places that hold a file of this name, each with the file's path in its mount."""
    named = ((place, join(place.directory, name)) for place in places)
    return (hit for hit in named if hit[0].mount.is_file(hit[1]))


def direct(mounts: Sequence[Mount], parent: str) -> Iterator[Place]:
    """Yield the folder as the publisher ships it."""
    return (Place(m, parent) for m in mounts if m.is_dir(parent))


def stripped(mounts: Sequence[Mount], parent: str) -> Iterator[Place]:
    """Yield the folder without its outermost one."""
    if parent:
        yield from direct(mounts, parent.partition("/")[2])


def extra(mounts: Sequence[Mount]) -> Iterator[Place]:
    """Yield the folders that a publisher's may lie in: the outermost, and those in a sole one."""
    for m in mounts:
        yield from (Place(m, inner) for around in only_folders(m) for inner in folders(m, around))


def wrapped(around: Sequence[Place], parent: str) -> Iterator[Place]:
    """Yield the folder inside an extra one."""
    inner = (Place(mount, join(directory, parent)) for mount, directory in around)
    return (place for place in inner if place.mount.is_dir(place.directory))


def nothing_else(places: Sequence[Place], below: Iterable[str], paths: Sequence[str]) -> bool:
    """Tell whether folders hold the files ``found`` in all their folders, and no others as deep as those.

    In a root where everything is merged ``*/*`` matches whatever lies there; one like this is one source's.
    A file without an extension (``RENAME2``) does not count.
    """
    depth = paths[0].count("/")
    beside = {path for path in below if path.count("/") == depth and "." in path.rpartition("/")[2]}
    within = {path.partition("/")[0] for path in paths if "/" in path}
    there = {name for place in places for name, is_dir in place.mount.entries(place.directory) if is_dir}
    return beside <= set(paths) and within == there

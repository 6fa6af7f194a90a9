"""What lies where raw files are looked for and is none, or is not read: told where a file is missing."""

import posixpath
from collections.abc import Iterable, Iterator, Sequence

from vf_ray.raw.archives import is_archive
from vf_ray.raw.foreign import advice
from vf_ray.raw.mounts import Folder, Loose, Mount, walk


def oddities(root: Folder | Loose, names: Sequence[str], archives: Iterable[Mount]) -> list[str]:
    """Return what to do with what lies there: packed in other ways, of another kind, linked to nothing.

    ``names`` are the folders that are looked for, ``archives`` those that were opened.
    """
    if isinstance(root, Folder) and not root.is_dir(""):
        return [f"{root.url('')} is {'a file' if root.is_file_itself() else 'not there'}; expected a folder"]
    folders = ("", *(name for name in names if root.is_dir(name)))
    files = [name for folder in folders for name, is_dir in root.entries(folder) if not is_dir]
    files += [posixpath.basename(path) for archive in archives for path in walk(archive, "", depth=2)]
    odd = [*map(advice, sorted(files)), *_of_another_kind(root, names), _of_windows(files)]
    return list(filter(None, odd))


def _of_another_kind(root: Folder | Loose, names: Sequence[str]) -> Iterator[str]:
    if not isinstance(root, Folder) or root.is_far:
        return
    for name, is_dir in sorted(root.entries("")):
        stem = name.partition(".")[0]
        if is_dir and is_archive(name):
            yield f"{name} is a folder, and no archive: take the ending from its name"
        elif not is_dir and stem in names and not root.is_file(name):
            yield f"{name} is a link that leads nowhere"
        elif not is_dir and name in names:
            yield f"{name} is a file; expected a folder, or an archive with its ending"


def _of_windows(files: Sequence[str]) -> str:
    if not (name := next((name for name in sorted(files) if "\\" in name), "")):
        return ""
    return f"{name} is a path as Windows writes it: leave its archive packed, or unpack it with 7z"

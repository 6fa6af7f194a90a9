"""The index of an archive: what it holds under which name, links followed as on a disk.

What has a name but cannot be read stays in the index as a ``Fault``, so that who asks for it learns why.
"""

import posixpath
import re
from functools import cached_property
from typing import NamedTuple

from vf_ray.errors import MissingError, UserError

MOST_WHOLE = 1 << 28
"""Bytes of a file that is read as a whole: a picture of 67 megapixels, not packed at all, and no bomb."""

MOST_HOPS = 40
"""Links on the way to one file; where there are more, they lead round in circles (Linux says so too)."""

NOT_UTF_8 = "\ufffd"
"""What stands, before two hexadecimal digits, for a byte of a name that is no UTF-8."""

_UNUSUAL = re.compile(r"\\|//|(?:^|/)\.{1,2}(?:/|$)|^/|/$|^[A-Za-z]:/")
_ESCAPED = re.compile("[\udc80-\udcff]")
_HALF_LETTER = re.compile(r"(?<=[\udc80-\udcff])\\")
"""What looks like a backslash and ends a letter of two bytes, as in Japanese and Chinese encodings."""
_LEFT_BEHIND = ("__MACOSX", "@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information", "lost+found")


_NOT_A_SLASH = f"{NOT_UTF_8}5c"


class UnreadableError(UserError):
    """A file that is there and cannot be read; ``reason`` is one of a few fixed phrases."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason

    def __reduce__(self) -> tuple[type["UnreadableError"], tuple[str, str]]:
        return type(self), (self.reason, self.args[0])


class Fault(NamedTuple):
    """Why a member cannot be read."""

    reason: str
    detail: str


class Link(NamedTuple):
    """A member that stands for another path."""

    target: str
    """Relative to the link's own folder; to the archive's root where it begins with a slash."""


def require_size(size: int, name: str, most: int = MOST_WHOLE) -> None:
    """Make sure that a file is small enough to be read as a whole.

    Raises:
        UnreadableError: if it is not.
    """
    if size > most:
        raise UnreadableError("file too large", f"{name}: {size:,} bytes; at most {most:,} are read at once")


def hidden(name: str) -> bool:
    """Tell names that no publisher means: resource forks, and what editors, disks and file servers leave."""
    return name.startswith(".") or name in _LEFT_BEHIND


def shown(name: str) -> str:
    """Return a name whose bytes that are no UTF-8, as Python escapes them, can be seen and stored."""
    return _ESCAPED.sub(lambda match: f"{NOT_UTF_8}{ord(match[0]) & 0xFF:02x}", name)


def plain_name(name: str) -> tuple[str, Fault | None]:
    """Return a member's name as a path below the root, however a packer wrote it, and what is wrong with it.

    Bytes that are no UTF-8 come as Python escapes them.
    """
    fault = None
    if not name.isascii() and _ESCAPED.search(name):
        raw = name.encode("utf-8", "surrogateescape")
        fault = Fault("name not UTF-8", f"{raw!r}: nothing says which letters these are; unpack the archive "
                      "with a tool that is told its encoding (unzip -O, 7z, convmv)")  # fmt: skip
        name = shown(_HALF_LETTER.sub(_NOT_A_SLASH, name) if "/" in name else name)
    if not _UNUSUAL.search(name):
        return name, fault
    relative = re.sub("^[A-Za-z]:/", "", name.replace("\\", "/")).lstrip("/")
    if posixpath.normpath(relative).startswith(".."):
        fault = Fault("name leads out of the archive", name)
    return posixpath.normpath(f"/{relative}").lstrip("/"), fault


class Indexed:
    """What answers a mount's questions from an index."""

    members: dict[str, int | Link | Fault]
    """By name: the member's number, or what stands in its place."""
    lies_at = ""
    """Of an archive: the path of a folder that it may have been packed from, by its own name."""

    def is_file(self, path: str) -> bool:
        return self._entry(path) is not None

    def is_dir(self, path: str) -> bool:
        return self.real(path) in self._folders

    def entries(self, directory: str) -> list[tuple[str, bool]]:
        real, names = self.real(directory), dict[str, bool]()
        for name, is_dir in self._folders.get(real, ()):
            if not hidden(name):
                names[name] = is_dir or names.get(name, False) or self._is_link_to_folder(real, name)
        return list(names.items())

    def real(self, path: str) -> str:
        """Return the path behind all links; where they lead nowhere, the path itself."""
        if not self._links or (path in self.members and not isinstance(self.members[path], Link)):
            return path
        done, ahead, hops = list[str](), path.split("/")[::-1], 0
        while ahead:
            part = ahead.pop()
            if part == ".." and not done:
                return path  # out of the archive
            if part == "..":
                done.pop()
            elif part not in ("", "."):
                done.append(part)
            link = self.members.get("/".join(done))
            if isinstance(link, Link):
                hops += 1
                done = [] if link.target.startswith("/") else done[:-1]
                ahead.extend(link.target.split("/")[::-1])
            if hops > MOST_HOPS:
                return path
        return "/".join(done)

    def number(self, path: str, archive: str) -> int:
        """Return a member's number.

        Raises:
            FileNotFoundError: if there is no such member.
            UnreadableError: if it is a fault, or a link that leads nowhere.
        """
        entry = self._entry(path)
        if entry is None:
            raise MissingError(f"no {path!r} in {archive}")
        if isinstance(entry, Fault):
            raise UnreadableError(entry.reason, f"{archive}, {path!r}: {entry.detail}")
        return entry

    def _entry(self, path: str) -> int | Fault | None:
        member = self.members.get(self.real(path))
        if isinstance(member, int | Fault):
            return member
        folder, name = posixpath.split(path)
        last = self.members.get(posixpath.join(self.real(folder), name)) if self._links else None
        if isinstance(last, Link) and not self.is_dir(path):
            return Fault("link leads nowhere", f"to {last.target}, which the archive does not hold")
        return None

    def _is_link_to_folder(self, directory: str, name: str) -> bool:
        return self._links and self.is_dir(posixpath.join(directory, name))

    @cached_property
    def _links(self) -> bool:
        return any(isinstance(entry, Link) for entry in self.members.values())

    @cached_property
    def _folders(self) -> dict[str, set[tuple[str, bool]]]:
        folders: dict[str, set[tuple[str, bool]]] = {"": set()}
        for path in self.members:
            parent, _, name = path.rpartition("/")
            self._add_folder(folders, parent)
            folders[parent].add((name, False))
        return folders

    def _add_folder(self, folders: dict[str, set[tuple[str, bool]]], path: str) -> None:
        if path in folders:
            return
        folders[path] = set()
        parent, _, name = path.rpartition("/")
        self._add_folder(folders, parent)
        folders[parent].add((name, True))

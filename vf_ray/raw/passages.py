"""A passage of a source's annotations: some of its files, or some of their lines, for one process of several.

Readers ask ``existing`` for their files, and a ``Passage`` gives them only its own there, so that they yield
the records of these and know of no others. What lies by itself as plain lines is also cut, where a line
begins: gzip, UTF-16 and members of archives never are, and of tables only those in which no quote can hold
an end of line.
"""

import io
import json
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import IO, Any

from vf_ray.raw.seekable import Far
from vf_ray.types import Source, Tree

LEAST = 64 << 20
"""Bytes of a piece of a file that is worth a process of its own."""
MOST = 64
"""Passages of one source."""
LONGEST = 1 << 25
"""Bytes of a line; behind a longer one nothing is cut."""
_GZIP = b"\x1f\x8b"

SplitFile = tuple[str, str]
"""A split, and the path of one of its files."""
CountRecords = Callable[[Tree, str], int]
"""Returns how many records a reader numbers in its extent of a file."""


@dataclass(frozen=True)
class Extent:
    """The records of a file that a passage has: those whose lines begin in some of its bytes."""

    path: str
    start: int = 0
    stop: int | None = None
    """None: at its end."""
    before: int = 0
    """Records of the file that come before them, for a record is named by its place."""

    @property
    def is_whole(self) -> bool:
        """Tell whether it is all of the file."""
        return not self.start and self.stop is None


class UndividedError(Exception):
    """A reader that looks into files before it has told which it reads: it makes its pass alone."""


@dataclass(frozen=True)
class Selective(Tree):
    """A tree that decides which of a reader's files it reads."""

    tree: Tree

    @abstractmethod
    def own(self, files: Sequence[SplitFile], count: CountRecords | None) -> list[SplitFile]:
        """Return the files to be read; ``count`` is given where they are plain lines."""

    def read(self, path: str) -> bytes:
        return self.tree.read(path)

    def open(self, path: str) -> Any:
        return self.tree.open(path)

    def exists(self, path: str) -> bool:
        return self.tree.exists(path)

    def glob(self, pattern: str) -> Sequence[str]:
        return self.tree.glob(pattern)


@dataclass(frozen=True)
class Passage(Selective):
    """A tree of which only these extents are read as annotations; everything else is as it was."""

    extents: tuple[Extent, ...]

    def own(self, files: Sequence[SplitFile], count: CountRecords | None) -> list[SplitFile]:
        mine = {extent.path for extent in self.extents}
        return [(split, path) for split, path in files if path in mine]


@dataclass(frozen=True)
class Foretold(Selective):
    """A tree of which nothing is read: it notes what would be, and refuses whoever looks inside."""

    files: list[tuple[str, CountRecords | None]] = field(default_factory=list)

    def own(self, files: Sequence[SplitFile], count: CountRecords | None) -> list[SplitFile]:
        self.files.extend((path, count) for _, path in files)
        return []

    def read(self, path: str) -> bytes:
        raise UndividedError(path)

    def open(self, path: str) -> Any:
        raise UndividedError(path)


def extent_of(tree: Tree, path: str) -> Extent:
    """Return what is to be read of a file: all of it, unless the tree is a passage with some of it."""
    extents = tree.extents if isinstance(tree, Passage) else ()
    return next((extent for extent in extents if extent.path == path), Extent(path))


def whole(tree: Tree) -> Tree:
    """Return the tree that a passage is of."""
    return tree.tree if isinstance(tree, Passage) else tree


def listed(source: Source[Any], tree: Tree) -> dict[str, CountRecords | None]:
    """Return the files that a source's reader reads, in its order, each with what counts its records.

    None are returned of a reader that cannot be divided: which asks for a file twice, or looks into any
    before. What a reader remembers from record to record cannot be seen: ``Source.divisible`` says it.
    """
    foretold = Foretold(tree)
    try:
        rows = next(source.read(foretold), None) if source.divisible else None
    except UndividedError:
        return {}
    counts = Counter(path for path, _ in foretold.files)
    return {} if rows is not None or max(counts.values(), default=0) > 1 else dict(foretold.files)


def divided(source: Source[Any], tree: Tree, least: int = LEAST, most: int = MOST) -> list[list[Extent]]:
    """Return the extents of each passage of a source; what comes ``before`` them is not counted yet.

    Read one after the other they are what the whole tree is read as. None: it is read in one.
    """
    files = listed(source, tree)
    extents = [
        extent
        for path, count in files.items()
        for extent in (_cut(tree, path, least, most) if count else [Extent(path)])
    ]
    size = -(-len(extents) // most) or 1
    groups = [_joined(extents[at : at + size]) for at in range(0, len(extents), size)]
    return groups if len(groups) > 1 else []


def _joined(extents: Sequence[Extent]) -> list[Extent]:
    """Return neighbours with those of one file as one."""
    of_file = (list(some) for _, some in groupby(extents, key=lambda extent: extent.path))
    return [replace(some[0], stop=some[-1].stop) for some in of_file]


def numbered(passages: Iterable[Sequence[Extent]], counts: Iterable[int]) -> list[list[Extent]]:
    """Return the passages with what comes before each extent, given how many records each has."""
    left, before, divided = iter(counts), Counter[str](), list[list[Extent]]()
    for extents in passages:
        divided.append([])
        for extent in extents:
            divided[-1].append(replace(extent, before=before[extent.path]))
            before[extent.path] += next(left)
    return divided


def _cut(tree: Tree, path: str, least: int, most: int) -> list[Extent]:
    """Cut a file of lines into extents of about equal size, each beginning with a line."""
    with tree.open(path) as file:
        if not _in_place(file) or not _ends_lines_by_bytes(file.read(4)):
            return [Extent(path)]
        pieces = min(most, file.seek(0, io.SEEK_END) // least)
        starts = [0, *_line_starts(file, file.tell(), pieces)]
    stops: list[int | None] = [*starts[1:], None]
    return [Extent(path, start, stop) for start, stop in zip(starts, stops, strict=True)]


def _line_starts(file: IO[bytes], size: int, pieces: int) -> Iterator[int]:
    """Yield where lines begin, each behind another of the places that would cut a file evenly."""
    last = 0
    for place in (number * size // pieces for number in range(1, pieces)):
        if place < last:
            continue
        file.seek(place)
        if not file.readline(LONGEST).endswith(b"\n") or file.tell() >= size:
            return
        last = file.tell()
        yield last


def _ends_lines_by_bytes(head: bytes) -> bool:
    """Tell by a file's first bytes whether one of them ends each line: neither packed nor in wide letters."""
    return not head.startswith(_GZIP) and json.detect_encoding(head).startswith("utf-8")


def _in_place(file: IO[bytes]) -> bool:
    """Tell whether a file can be read from any place at once, as members of archives mostly cannot."""
    return isinstance(file, io.BytesIO) or isinstance(getattr(file, "raw", None), io.FileIO | Far)

"""Text files with one record a line."""

import io
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from vf_ray.sources.raw import existing
from vf_ray.sources.records import At, Parse, parsed
from vf_ray.sources.unpacked import open_unpacked
from vf_ray.types import Reject, Row, Tree

R = TypeVar("R", bound=Row)
Files = Mapping[str, str | tuple[str, ...]]
"""Split -> path, or alternative paths; a key may go on after a blank where a split has several files."""


def list_file(
    files: Files, parse: Parse[R], *, header: int = 0, encoding: str = "utf-8-sig"
) -> Callable[[Tree], Iterator[R | Reject]]:
    """Return a reader of the lines of every file that is there; ``parse`` gets a line without its end.

    ``header`` lines at the start are passed over, as are empty ones.
    """

    def read(tree: Tree) -> Iterator[R | Reject]:
        for split, path in existing(tree, files):
            yield from parsed(lines(tree, path, split, header=header, encoding=encoding), parse)

    return read


def lines(
    tree: Tree, path: str, split: str = "all", *, header: int = 0, encoding: str = "utf-8-sig"
) -> Iterator[tuple[str, At]]:
    """Yield the lines of a file that hold something, without their ends."""
    with open_unpacked(tree, path) as file:
        text = io.TextIOWrapper(file, encoding=encoding, errors="replace")
        for index, line in enumerate(text):
            if index >= header and line.strip():
                yield line.rstrip("\r\n"), At(path, split, index)

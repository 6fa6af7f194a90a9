"""Text files with one record a line."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from vf_ray.errors import UserError
from vf_ray.raw.passages import extent_of
from vf_ray.raw.text_lines import text_lines
from vf_ray.raw.tree import existing
from vf_ray.sources.records import At, ParseRecord, never_empty, parsed, parsed_side_by_side, unambiguous
from vf_ray.types import Reject, Row, Tree

R = TypeVar("R", bound=Row)
Files = Mapping[str, str | tuple[str, ...]]
"""Split -> path, or alternative paths; a key may go on after a blank where a split has several files."""


def list_file(
    files: Files, parse: ParseRecord[str, R], *, header: int = 0, reads_files: bool = False
) -> Callable[[Tree], Iterator[R | Reject]]:
    """Return a reader of the lines of every file that is there; ``parse`` gets a line without its end.

    ``header`` lines at the start are passed over, as are empty ones. Where ``parse`` reads a file for each
    line, several are read at once.
    """

    def read(tree: Tree) -> Iterator[R | Reject]:
        for split, path in existing(tree, files, count_lines):
            rows = never_empty(lines(tree, path, split, header=header), tree, path)
            yield from (parsed_side_by_side if reads_files else parsed)(rows, parse)

    return read


def lines(tree: Tree, path: str, split: str = "all", *, header: int = 0) -> Iterator[tuple[str, At]]:
    """Yield the lines of a file that hold something, without their ends."""
    for index, line in enumerate(text_lines(tree, path), extent_of(tree, path).before):
        if index >= header and line.strip():
            yield line.rstrip("\r\n"), At(path, split, index)


def count_lines(tree: Tree, path: str) -> int:
    """Return how many lines there are, empty ones among them."""
    return sum(1 for _ in text_lines(tree, path))


def by_first_word(tree: Tree, path: str) -> Mapping[str, str]:
    """Return the first word of each line -> the rest of it, which may hold blanks; none of a word with two.

    Raises:
        ValueError: if a line has no rest.
    """
    pairs = (fields(line, at, most=2) for line, at in lines(tree, path))
    return unambiguous((first, rest) for first, rest in pairs)


def fields(line: str, at: At, separator: str | None = None, *, least: int = 2, most: int = 0) -> list[str]:
    """Return the parts of a side file's line; where ``most`` are wanted, the last one is all the rest.

    Raises:
        ValueError: if there are fewer than ``least``: no record can be read without its side files.
    """
    parts = [part.strip() for part in line.strip().split(separator, most - 1)]
    if len(parts) < least:
        raise UserError(
            f"{at.path}, line {at.index + 1}: {line!r}; expected at least {least} parts; fetch the file again"
        )
    return parts

"""Tables with a separator: CSV, TSV, and their dialects."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TypeVar

from vf_ray.errors import UserError
from vf_ray.raw.passages import extent_of, whole
from vf_ray.raw.text_lines import text_lines
from vf_ray.raw.tree import existing
from vf_ray.sources.list_file import Files
from vf_ray.sources.records import MALFORMED, At, ColumnError, ParseRecord, never_empty, parsed
from vf_ray.types import Reject, Row, Tree

R = TypeVar("R", bound=Row)
_LONGEST_CELL = 1 << 24
_END = "\0"
"""A last line of ours: it becomes a row of its own, unless a quote is still open."""
Cells = Mapping[str, str]
"""A line by column name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvRow(Row):
    """A line of a table by column name, where no own row type is worth it."""

    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a publisher writes a table."""

    separator: str = ","
    otherwise: str = ""
    """Encoding of a file that is not UTF-8, where a publisher's is known."""
    columns: Sequence[str] = ()
    """Names of the columns where the file has no header line."""
    quoted: bool = True
    """Whether ``"`` quotes a cell, or is just a character."""


CSV = Dialect()
TSV = Dialect(separator="\t", quoted=False)


def csv_table(
    files: Files, parse: ParseRecord[Cells, R], dialect: Dialect = CSV
) -> Callable[[Tree], Iterator[R | Reject]]:
    """Return a reader of every table that is there; ``parse`` gets {column: cell}.

    A column that ``parse`` asks for and no line has is an error that names those there are.
    """

    count = None if dialect.quoted or dialect.otherwise else partial(_count, dialect)

    def read(tree: Tree) -> Iterator[R | Reject]:
        for split, path in existing(tree, files, count):
            for item in csv_records(tree, path, split, dialect):
                yield from (item,) if isinstance(item, Reject) else parsed((item,), parse)

    return read


def csv_rows(
    files: Files, image: str, key: str = "", dialect: Dialect = CSV
) -> Callable[[Tree], Iterator[CsvRow | Reject]]:
    """Return a reader whose rows hold the cells as they are.

    ``image`` is a path with columns in braces (``images/{file}``), ``key`` the column that names a
    row (its position where empty).
    """

    def parse(cells: Cells, at: At) -> CsvRow:
        own = (cells[key],) if key else ()
        return CsvRow(key=at.key(*own), split=at.split, image=image.format_map(cells), cells=cells)

    return csv_table(files, parse, dialect)


class _Cells(dict[str, str]):
    """A line by column name, without the columns that share theirs."""

    def __init__(self, path: str, columns: Sequence[str], cells: Iterable[str]) -> None:
        super().__init__(zip(columns, cells, strict=True))
        self._path, self._columns = path, columns
        if len(self) < len(columns):
            for name in {name for name in columns if columns.count(name) > 1}:
                del self[name]

    def __missing__(self, column: str) -> str:
        if self._columns.count(column) > 1:
            raise ColumnError(
                f"{self._path} has several columns {column!r}: nothing says which is meant; name them apart"
            )
        raise ColumnError(f"{self._path} has no column {column!r}; it has {', '.join(self._columns)}")


def csv_records(
    tree: Tree, path: str, split: str, dialect: Dialect = CSV
) -> Iterator[tuple[Cells, At] | Reject]:
    """Yield the lines of one table; a reject for each that is none."""
    lines = _lines(tree, path, dialect)
    columns = tuple(dialect.columns) or _header(tree, path, dialect, lines)
    records = never_empty((line for line in lines if line), tree, path)
    for index, cells in enumerate(records, extent_of(tree, path).before):
        at = At(path, split, index)
        if cells[-1].endswith(_END):
            yield Reject(at.key(at.place), MALFORMED, "a quote that nothing closes")
            yield from _swallowed((*cells[:-1], cells[-1].rstrip(f"\r\n{_END}")), at)
        elif len(cells) != len(columns):
            yield Reject(at.key(at.place), MALFORMED, f"{len(cells)} cells, expected {len(columns)}")
            yield from _swallowed(cells, at)
        else:
            yield _Cells(path, columns, cells), at


def _header(tree: Tree, path: str, dialect: Dialect, lines: Iterator[list[str]]) -> tuple[str, ...]:
    """Return the names in the file's first line, which is taken from ``lines`` if it is among them."""
    inside = extent_of(tree, path).start > 0
    first = next(_lines(whole(tree), path, dialect) if inside else lines, [])
    return tuple(name.strip() for name in first)


def _count(dialect: Dialect, tree: Tree, path: str) -> int:
    """Return how many records a table without quotes has."""
    lines = _lines(tree, path, dialect)
    if not dialect.columns:
        _header(tree, path, dialect, lines)
    return sum(map(bool, lines))


def _swallowed(cells: Sequence[str], at: At) -> Iterator[Reject]:
    """Yield a reject for each further line of a malformed record: an open quote takes all that follows."""
    for line in range(1, sum(cell.count("\n") for cell in cells) + 1):
        yield Reject(at.key(f"{at.place}+{line}"), "line behind an open quote")


def _lines(tree: Tree, path: str, dialect: Dialect) -> Iterator[list[str]]:
    text = chain(text_lines(tree, path, otherwise=dialect.otherwise, newline=""), (_END,))
    csv.field_size_limit(_LONGEST_CELL)
    separator = dialect.separator
    if dialect.quoted:
        reader = csv.reader(text, delimiter=separator)
    else:
        reader = csv.reader(text, delimiter=separator, quoting=csv.QUOTE_NONE)
    try:
        yield from (cells for cells in reader if cells != [_END])
    except csv.Error as error:
        raise UserError(
            f"{path}, line {reader.line_num}{_behind(tree, path)}: {error}; is there a quote that nothing "
            "closes? Mend the file, or fetch it again"
        ) from error


def _behind(tree: Tree, path: str) -> str:
    """Say where lines are counted from, if not from the file's beginning."""
    start = extent_of(tree, path).start
    return f" behind byte {start:,}" if start else ""

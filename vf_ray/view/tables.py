"""Tables of pages: the rows that are shown, and all of them as CSV or Parquet."""

import csv
import io
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import pyarrow as pa
import pyarrow.parquet as pq

from vf_ray.store.scratch import scratch

AT_ONCE = 4096
"""Rows of a download that are in memory."""
TYPES: Mapping[type, pa.DataType] = {str: pa.string(), int: pa.int64(), float: pa.float64()}
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet run a text."""


@dataclass(frozen=True)
class CellLink:
    """A text that leads to another page."""

    text: str | int
    href: str


Value = str | int | float | None
Cell = Value | CellLink


@dataclass(frozen=True, kw_only=True)
class PageTable:
    """A table whose columns are texts or numbers, of which a page shows some rows."""

    name: str
    """What its downloads are called."""
    columns: Mapping[str, type]
    """Header to ``str``, ``int`` or ``float``."""
    rows: Sequence[Sequence[Cell]]
    """That are shown."""
    every: Callable[[], Iterable[Sequence[Cell]]] | None = None
    """Gives all rows, where more are there than are shown."""
    caption: str = ""
    figures: Collection[str] = ()
    """Columns of texts that are set as numbers are."""

    @property
    def sides(self) -> Sequence[str]:
        """Return of each column whether it is set as ``text`` or as ``figures``."""
        return [
            "text" if kind is str and name not in self.figures else "figures"
            for name, kind in self.columns.items()
        ]

    def all_rows(self) -> Iterator[list[Value]]:
        """Yield every row, a link as its text."""
        for row in self.rows if self.every is None else self.every():
            yield [_plain(cell.text if isinstance(cell, CellLink) else cell) for cell in row]


def csv_lines(table: PageTable) -> Iterator[bytes]:
    """Yield a table as CSV; a text that a spreadsheet would run has an apostrophe before it."""
    sink = io.StringIO()
    writer = csv.writer(sink)
    writer.writerow(table.columns)
    for row in table.all_rows():
        writer.writerow([_inert(cell) for cell in row])
        if sink.tell() > 1 << 16:
            yield _taken(sink)
    yield _taken(sink)


def parquet_bytes(table: PageTable) -> Iterator[bytes]:
    """Yield a table as a Parquet file, which is made on disk."""
    schema = pa.schema([(name, TYPES[kind]) for name, kind in table.columns.items()])
    with scratch() as below:
        path = below / "table.parquet"
        with pq.ParquetWriter(path, schema) as writer:
            for rows in _in_parts(table.all_rows()):
                columns = [list(column) for column in zip(*rows, strict=True)]
                writer.write_table(pa.table(columns, schema))
        with path.open("rb") as file:
            while part := file.read(1 << 16):
                yield part


def _in_parts(rows: Iterator[list[Value]]) -> Iterator[list[list[Value]]]:
    while part := list(islice(rows, AT_ONCE)):
        yield part


def _plain(cell: Value) -> Value:
    """Return a cell without halves of surrogate pairs, which JSON may hold and no file of text can."""
    return cell.encode(errors="replace").decode() if isinstance(cell, str) else cell


def _inert(cell: Value) -> Value:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULAS) else cell


def _taken(sink: io.StringIO) -> bytes:
    text = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return text.encode()

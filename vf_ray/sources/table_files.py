"""Files of records by what their names end with: Parquet, JSON Lines, JSON, CSV and TSV of any columns."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from vf_ray.errors import UserError
from vf_ray.raw.passages import CountRecords, whole
from vf_ray.sources import csv_table, parquet_table
from vf_ray.sources.fields import fields_of
from vf_ray.sources.json_items import json_items
from vf_ray.sources.list_file import count_lines, lines
from vf_ray.sources.mended_json import loads
from vf_ray.sources.records import At, never_empty
from vf_ray.types import Reject, Tree

LOOKED_AT = 100
"""Records of a file of JSON among which each column must be: there no header names them."""

Unparsed = Iterator[tuple[Any, At] | Reject]


@dataclass(frozen=True)
class TableFormat:
    """How one kind of file holds records."""

    records: Callable[[Tree, str], Unparsed]
    """Yields each record, as the file has it, with its place."""
    parse: Callable[[Any], Any] = lambda record: record
    """Turns it into an object of cells; raises ValueError for one that is broken."""
    count: CountRecords | None = None
    """Counts the records of a part of a file, where it can be cut."""
    headed: bool = False
    """Whether a header names the columns."""


def _json_lines(tree: Tree, path: str) -> Unparsed:
    yield from never_empty(lines(tree, path), tree, path)


def _json_array(tree: Tree, path: str) -> Unparsed:
    yield from json_items(tree, path, "all")


def _separated(dialect: csv_table.Dialect, tree: Tree, path: str) -> Unparsed:
    yield from csv_table.csv_records(tree, path, "all", dialect)


def _parquet(tree: Tree, path: str) -> Unparsed:
    """Yield nothing: whoever reads Parquet names the columns; see ``parquet_table.image_records``."""
    yield from ()


PARQUET = ".parquet"
FORMATS: Mapping[str, TableFormat] = {
    PARQUET: TableFormat(_parquet, headed=True),
    ".jsonl": TableFormat(_json_lines, loads, count_lines),
    ".json": TableFormat(_json_array),
    ".csv": TableFormat(partial(_separated, csv_table.CSV), headed=True),
    ".tsv": TableFormat(partial(_separated, csv_table.Dialect(separator="\t")), headed=True),
}


def format_of(path: str) -> TableFormat:
    """Return how a file holds records, by its name.

    Raises:
        UserError: if no format has names like this.
    """
    for ending, form in FORMATS.items():
        if path.removesuffix(".gz").endswith(ending):
            return form
    raise UserError(f"{path} is no table; name files that end with {', '.join(FORMATS)}")


def column_names(tree: Tree, path: str) -> Sequence[str]:
    """Return the names of a file's columns; of JSON, those that its first records have.

    Raises:
        UserError: if it is damaged, or holds no record.
    """
    form = format_of(path)
    if form is FORMATS[PARQUET]:
        return parquet_table.column_names(tree, path)
    first = (item for item in form.records(whole(tree), path) if not isinstance(item, Reject))
    names: dict[str, None] = {}
    for record, _ in islice(first, 1 if form.headed else LOOKED_AT):
        try:
            names |= dict.fromkeys(fields_of(form.parse(record)))
        except ValueError:
            continue  # it is counted by whoever reads it
    return list(names)

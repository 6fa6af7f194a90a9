"""A benchmark's rows, in whichever form they were downloaded: Parquet, TSV, CSV, JSON or JSON lines."""

import ast
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from vf_ray.errors import MissingError, UserError
from vf_ray.eval import files, table_files
from vf_ray.sources import parquet_table
from vf_ray.types import Tree

REFERENCE = 64
"""An image cell of at most so many characters is the index of the row that holds the image (VLMEvalKit)."""


@dataclass(frozen=True, slots=True)
class RowImage:
    """An image that a row holds, fetched when it is shown."""

    id: str
    fetch: Callable[[], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkRow:
    """One row: its cells, and its images by column."""

    where: str
    """File and number, for messages."""
    cells: Mapping[str, Any]
    images: Mapping[str, RowImage] = field(default_factory=dict)
    written: bool = False
    """Whether each cell is a text, as in TSV, so that a list stands there as Python or JSON writes it."""

    def text(self, *columns: str) -> str:
        """Return the first of these columns that the row has, as text; null is empty.

        Raises:
            ValueError: if it has none of them, or another thing than a text or number.
        """
        value = self.value(*columns)
        if isinstance(value, bool | list | dict):
            raise UserError(f"{self.where} has {columns[0]} {str(value)[:60]!r}; expected a text")
        return "" if value is None or value != value else str(value)

    def texts(self, *columns: str) -> tuple[str, ...]:
        """Return a column that holds several texts: a list, one text, or in a table of texts a written list.

        Raises:
            ValueError: if it holds anything else.
        """
        value = self.value(*columns)
        if self.written and isinstance(value, str) and value.lstrip().startswith("["):
            value = _list_in(value)
        if isinstance(value, str | int | float):
            value = [value]
        if not isinstance(value, list) or any(isinstance(v, dict | list) or v is None for v in value):
            raise UserError(f"{self.where} has {columns[0]} {str(value)[:60]!r}; expected a list of texts")
        return tuple(map(str, value))

    def value(self, *columns: str) -> Any:
        """Return the first of these columns that the row has.

        Raises:
            ValueError: if it has none; says which there are.
        """
        for column in columns:
            if column in self.cells:
                return self.cells[column]
        has = ", ".join(map(str, self.cells))
        raise UserError(f"{self.where} has no {' or '.join(columns)}; it has {has}")

    def image(self, *columns: str) -> RowImage:
        """Return the image in the first of these columns that holds one.

        Raises:
            ValueError: if none does.
        """
        for column in columns or ("image",):
            if column in self.images:
                return self.images[column]
        wanted = " or ".join(columns or ("image",))
        raise UserError(f"{self.where} has no image in {wanted}; download the form that holds the images")

    def number(self, column: str) -> int:
        """Return a column that counts something.

        Raises:
            ValueError: if it holds no whole number.
        """
        text = self.text(column).removesuffix(".0")
        if not text.lstrip("-").isdecimal():
            raise UserError(f"{self.where} has {column} {text!r}; expected a whole number")
        return int(text)


def _list_in(text: str) -> object:
    """Return the list that a cell spells; a text in brackets that is none stays a text."""
    for read in (json.loads, ast.literal_eval):
        with suppress(ValueError, SyntaxError, RecursionError, MemoryError):
            return read(text)
    return text


def rows(
    tree: Tree, *patterns: str, images: Sequence[str] = ("image",), items: str = "", folders: bool = False
) -> list[BenchmarkRow]:
    """Return the rows of all files that the first fruitful pattern finds, in the order of their names.

    ``images`` are columns of encoded images in Parquet and base64 in TSV; one may be absent. ``items`` is the
    key of the list in a JSON object; without it, an object's own keys become ``id``. ``folders`` says that
    the files of several folders belong together.

    Raises:
        FileNotFoundError: if no pattern finds a file.
        ValueError: if a file is damaged, or holds no rows, or if the files are not one whole version.
    """
    for pattern in patterns:
        if paths := sorted(tree.glob(pattern)):
            _require_whole(paths, folders=folders)
            read = [row for path in paths for row in _file(tree, path, images, items)]
            if not read:
                raise UserError(f"{', '.join(paths)}: no rows; download it again")
            return read
    raise MissingError(f"the data folder holds no {' or '.join(patterns)}; download the benchmark's own file")


SHARD = re.compile(r"^(.*?)-(\d+)-of-(\d+)\.parquet$")
"""How Hugging Face names the parts of a table, counted from 0."""


def _require_whole(paths: Sequence[str], *, folders: bool) -> None:
    """Refuse a table without some of its parts, and tables of several versions that lie side by side."""
    shards = [match for path in paths if (match := SHARD.match(path))]
    for head, of in sorted({(shard[1], shard[3]) for shard in shards}):
        there = {int(shard[2]) for shard in shards if (shard[1], shard[3]) == (head, of)}
        if absent := sorted(set(range(int(of))) - there):
            raise UserError(f"{head}-*-of-{of}.parquet lacks part {absent[0]:05d}; download all of them")
    places = sorted({path.rpartition("/")[0] or "." for path in paths})
    if len(places) > 1 and not folders:
        raise UserError(
            f"files of this benchmark lie in {', '.join(places)}; keep the one version that was asked"
        )


def _file(tree: Tree, path: str, images: Sequence[str], items: str) -> Iterator[BenchmarkRow]:
    kind = path.rpartition(".")[2].lower()
    if kind == "parquet":
        return _parquet(tree, path, images)
    if kind in ("tsv", "csv"):
        return _table(
            table_files.separated(tree.read(path), path, "\t" if kind == "tsv" else ","), path, images
        )
    if kind == "jsonl":
        return _objects(list(files.json_lines(tree.read(path), path)), path)
    return _objects(_listed(files.read_json(tree, path), path, items), path)


def _listed(whole: Any, path: str, items: str) -> list[dict[str, Any]]:
    if items and isinstance(whole, dict):
        return files.as_objects(files.as_object(whole, path, items)[items], f"{path} {items}")
    if isinstance(whole, dict):
        named = {key: files.as_object(value, f"{path} {key!r}") for key, value in whole.items()}
        return [{"id": key, **value} for key, value in named.items()]
    return files.as_objects(whole, path)


def _objects(records: Sequence[Mapping[str, Any]], path: str) -> Iterator[BenchmarkRow]:
    for number, cells in enumerate(records, start=1):
        yield BenchmarkRow(where=f"{path} item {number}", cells=cells)


def _table(records: Sequence[Mapping[str, str]], path: str, images: Sequence[str]) -> Iterator[BenchmarkRow]:
    shared = {row.get("index", ""): row.get("image", "") for row in records}
    for number, row in enumerate(records, start=2):
        cells = {name: cell or None for name, cell in row.items()}
        shown = {}
        for column in images:
            if cell := row.get(column, ""):
                data = shared.get(cell, cell) if len(cell) <= REFERENCE else cell
                identity = hashlib.sha256(data.encode()).hexdigest()[:16]
                where = f"{path} row {number} {column}"
                shown[column] = RowImage(identity, partial(table_files.base64_image, data, where))
        yield BenchmarkRow(where=f"{path} row {number}", cells=cells, images=shown, written=True)


def _parquet(tree: Tree, path: str, images: Sequence[str]) -> Iterator[BenchmarkRow]:
    names = parquet_table.column_names(tree, path)
    held = [column for column in images if column in names]
    there = {column: parquet_table.filled(tree, path, column) for column in held}
    cells = parquet_table.records(tree, path, [name for name in names if name not in images])
    for number, record in enumerate(cells):
        shown = {
            column: RowImage(
                f"{path}:{column}:{number}",
                partial(parquet_table.image, tree, path, f"{column}:{number}"),
            )
            for column in held
            if there[column][number]
        }
        yield BenchmarkRow(where=f"{path} row {number}", cells=_plain(record), images=shown)


def _plain(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in record.items()
    }


def same_image(row: BenchmarkRow, column: str, identity: str) -> RowImage:
    """Return the row's image under a name that rows of one image share.

    Raises:
        ValueError: if the row has none.
    """
    return RowImage(identity, row.image(column).fetch)


def object_cell(row: BenchmarkRow, column: str) -> dict[str, Any]:
    """Return a column that holds an object, be it written as JSON; empty where there is none, or null in it.

    Raises:
        ValueError: if it holds anything else.
    """
    if row.cells.get(column) is None:
        return {}
    return files.as_object(json_cell(row, column), f"{row.where} {column}")


def json_cell(row: BenchmarkRow, column: str) -> Any:
    """Return a column that holds an object, or one written as JSON text.

    Raises:
        ValueError: if the text is not JSON.
    """
    value = row.value(column)
    if isinstance(value, str):
        return files.json_of(value, f"{row.where} {column}", "download the table again")
    return value

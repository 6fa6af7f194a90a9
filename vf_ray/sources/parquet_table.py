"""Parquet tables, also with encoded pictures in a column."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import IO, Any, TypeVar

from vf_ray.errors import MissingError, UserError
from vf_ray.raw.tree import existing
from vf_ray.sources.fields import Fields
from vf_ray.sources.list_file import Files
from vf_ray.sources.records import At, Parse, of_objects, parsed
from vf_ray.types import Reject, Row, Tree

R = TypeVar("R", bound=Row)
_BATCH = 512


def parquet_table(
    files: Files, columns: Sequence[str], parse: Parse[Fields, R], pictures: Sequence[str] = ()
) -> Callable[[Tree], Iterator[R | Reject]]:
    """Return a reader of every file that is there; ``parse`` gets {column: value} of ``columns`` only.

    ``pictures`` are columns that are read later, but have to be there.
    """

    def read(tree: Tree) -> Iterator[R | Reject]:
        for split, path in existing(tree, files):
            yield from parsed(_records(tree, path, split, columns, pictures), of_objects(parse))

    return read


def _records(
    tree: Tree, path: str, split: str, columns: Sequence[str], pictures: Sequence[str]
) -> Iterator[tuple[Any, At]]:
    for index, record in enumerate(records(tree, path, columns, pictures)):
        yield record, At(path, split, index)


def records(tree: Tree, path: str, columns: Sequence[str], unread: Sequence[str] = ()) -> Iterator[Any]:
    """Yield the rows of one file; of ``unread`` columns it is only made sure that they are there.

    Raises:
        ValueError: if it is damaged, or lacks a column.
    """
    with tree.open(path) as file:
        opened = _opened(file, path)
        expected = (*columns, *unread)
        if absent := [name for name in expected if name not in opened.schema_arrow.names]:
            raise UserError(f"{path} has no column {absent[0]!r}; expected {', '.join(expected)}")
        for batch in opened.iter_batches(batch_size=_BATCH, columns=list(columns)):
            yield from batch.to_pylist()


def column_names(tree: Tree, path: str) -> list[str]:
    """Return the names of a file's columns.

    Raises:
        ValueError: if it is damaged.
    """
    with tree.open(path) as file:
        names: list[str] = _opened(file, path).schema_arrow.names
        return names


def filled(tree: Tree, path: str, column: str) -> list[bool]:
    """Return for each row whether a column holds anything; it is read only where the file counts nulls."""
    found: list[bool] = []
    with tree.open(path) as file:
        opened = _opened(file, path)
        for number in range(opened.metadata.num_row_groups):
            group = opened.metadata.row_group(number)
            if _without_nulls(group, column):
                found += [True] * group.num_rows
            else:
                cells = opened.read_row_group(number, columns=[column]).column(column).to_pylist()
                found += [_holds(cell) for cell in cells]
    return found


def _without_nulls(group: Any, column: str) -> bool:
    chunks = (group.column(number) for number in range(group.num_columns))
    leaves = [
        c
        for c in chunks
        if c.path_in_schema.split(".")[0] == column and not c.path_in_schema.endswith("path")
    ]
    return all(leaf.statistics is not None and leaf.statistics.null_count == 0 for leaf in leaves)


def _holds(cell: Any) -> bool:
    return (cell.get("bytes") if isinstance(cell, dict) else cell) is not None


def _opened(file: IO[bytes], path: str) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(file)
    except pa.ArrowInvalid as error:
        raise UserError(f"{path} is not a whole Parquet file ({error}); fetch it again") from error


def picture(tree: Tree, path: str, which: str) -> bytes:
    """Return the picture in ``<column>:<row>``: a cell of bytes, or Hugging Face's {bytes, path}."""
    column, _, row = which.rpartition(":")
    number = int(row)
    for group, rows in enumerate(_group_sizes(tree, path)):  # type: ignore[arg-type]  # trees are values
        if number < rows:
            cell = _group(tree, path, group, column)[number].as_py()  # type: ignore[arg-type]
            data: bytes | None = cell["bytes"] if isinstance(cell, dict) else cell
            if data is None:
                raise MissingError(f"{path} holds no picture in {column!r}, row {row}")
            return data
        number -= rows
    raise UserError(f"{path} holds no row {row}")


@lru_cache(maxsize=64)
def _group_sizes(tree: Tree, path: str) -> tuple[int, ...]:
    with tree.open(path) as file:
        meta = _opened(file, path).metadata
        return tuple(meta.row_group(group).num_rows for group in range(meta.num_row_groups))


@lru_cache(maxsize=1)
def _group(tree: Tree, path: str, group: int, column: str) -> Any:
    """Return one column of a row group: neighbouring pictures are asked for one after another."""
    with tree.open(path) as file:
        return _opened(file, path).read_row_group(group, columns=[column]).column(column)

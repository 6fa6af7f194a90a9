"""Parquet tables, also with encoded pictures in a column."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import IO, Any, TypeVar, cast

from vf_ray.errors import MendableError, MissingError, UserError
from vf_ray.raw.indexed import MOST_WHOLE, UnreadableError, require_size
from vf_ray.raw.placeholder import LOOKED_AT, in_place_of_bytes
from vf_ray.raw.tree import existing
from vf_ray.sources.fields import Fields
from vf_ray.sources.image_cells import beside, from_base64, inner
from vf_ray.sources.list_file import Files
from vf_ray.sources.records import At, ParseRecord, of_objects, parsed
from vf_ray.sources.this_tree import ThisTree
from vf_ray.types import Reject, Row, Tree

R = TypeVar("R", bound=Row)
T = TypeVar("T")
_BATCH = 512
_FEW = 32
"""Rows with whole pictures that are in memory at once."""
_MOST_UNPACKED = 20
"""Times as large as they are packed that a row group's pictures, packed themselves, may be."""


def parquet_table(
    files: Files, columns: Sequence[str], parse: ParseRecord[Fields, R], images: Sequence[str] = ()
) -> Callable[[Tree], Iterator[R | Reject]]:
    """Return a reader of every file that is there; ``parse`` gets {column: value} of ``columns`` only.

    ``images`` are columns that are read later, but have to be there.
    """

    def read(tree: Tree) -> Iterator[R | Reject]:
        for split, path in existing(tree, files):
            yield from parsed(_records(tree, path, split, columns, images), of_objects(parse))

    return read


def _records(
    tree: Tree, path: str, split: str, columns: Sequence[str], images: Sequence[str]
) -> Iterator[tuple[Any, At]]:
    for index, record in enumerate(records(tree, path, columns, images)):
        yield record, At(path, split, index)


def records(tree: Tree, path: str, columns: Sequence[str], unread: Sequence[str] = ()) -> Iterator[Any]:
    """Yield the rows of one file; of ``unread`` columns it is only made sure that they are there.

    Raises:
        ValueError: if it is damaged, or lacks a column.
    """
    with tree.open(path) as file:
        opened = _opened(file, path)
        expected = (*columns, *unread)
        for name in expected:
            _require_one(path, name, opened.schema_arrow.names)
        batches = opened.iter_batches(batch_size=_BATCH, columns=list(columns))
        while (batch := _decoded(path, lambda: next(batches, None))) is not None:
            yield from _cells(batch)


def image_records(tree: Tree, path: str, columns: Sequence[str], images: Sequence[str]) -> Iterator[Any]:
    """Yield the rows of one file with as little of the ``images`` columns as tells how many there are.

    Where Hugging Face's ``{bytes, path}`` stand, that is the paths.

    Raises:
        ValueError: if it is damaged, or lacks a column.
    """
    with tree.open(path) as file:
        opened = _opened(file, path)
        for name in (*columns, *images):
            _require_one(path, name, opened.schema_arrow.names)
        leaves = [opened.schema.column(place).path for place in range(len(opened.schema))]
        paths = {name: _paths_alone(name, leaves) for name in images}
        read = [*columns, *(leaf for name in images for leaf in paths[name] or (name,))]
        size = _BATCH if all(paths.values()) else _FEW
        batches = opened.iter_batches(batch_size=size, columns=read)
        while (batch := _decoded(path, lambda: next(batches, None))) is not None:
            yield from _cells(batch)


def _paths_alone(name: str, leaves: Sequence[str]) -> list[str]:
    """Return the leaf of a column that holds the paths, where another one holds the bytes."""
    mine = {leaf.rpartition(".")[2]: leaf for leaf in leaves if leaf.startswith(f"{name}.")}
    return [mine["path"]] if mine.keys() == {"bytes", "path"} else []


def _require_one(path: str, name: str, names: Sequence[str]) -> None:
    if name not in names:
        raise UserError(f"{path} has no column {name!r}; it has {', '.join(names)}")
    if names.count(name) > 1:
        raise UserError(
            f"{path} has several columns {name!r}, and nothing says which is meant; name them apart"
        )


def _cells(batch: Any) -> list[Any]:
    """Return a batch's rows; what is no UTF-8 is replaced by U+FFFD, which no instance may hold."""
    try:
        return cast(list[Any], batch.to_pylist())
    except UnicodeDecodeError:
        columns = [_texts(column) or column.to_pylist() for column in batch]
        return [dict(zip(batch.schema.names, row, strict=True)) for row in zip(*columns, strict=True)]


def _texts(column: Any) -> list[str | None]:
    """Return what a column of texts holds; nothing of another one."""
    import pyarrow as pa

    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return []
    cells = column.cast(pa.large_binary()).to_pylist()
    return [None if cell is None else cell.decode("utf-8", "replace") for cell in cells]


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
    holds: list[bool] = []
    with tree.open(path) as file:
        opened = _opened(file, path)
        for number in range(opened.metadata.num_row_groups):
            group = opened.metadata.row_group(number)
            if _without_nulls(group, column):
                holds += [True] * group.num_rows
            else:
                cells = _column(opened, path, number, column).to_pylist()
                holds += [_holds(cell) for cell in cells]
    return holds


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
        opened = pq.ParquetFile(file)
        opened.schema_arrow.names  # noqa: B018  # made of foreign bytes
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        _raise_unless_of_file(error)
        file.seek(0)
        message = (
            in_place_of_bytes(file.read(LOOKED_AT)) or f"not a whole Parquet file ({error}); {_remedy(error)}"
        )
        raise UserError(f"{path} is {message}") from error
    return opened


def _raise_unless_of_file(error: Exception) -> None:
    """Raise what is the matter of the disk or bucket that a file lies in."""
    if isinstance(error, MendableError) or getattr(error, "errno", None) is not None:
        raise error


def _remedy(error: Exception) -> str:
    if "crypt" in str(error):
        return "write it anew as it is read with its publisher's key"
    return "fetch it again"


def image(tree: Tree, path: str, which: str) -> bytes:
    """Return the picture in ``<column>:<row>``, in any of the forms in which such files hold one.

    Behind the row may stand what leads to it within the cell: ``<row>.<step>.<step>``.
    """
    column, _, place = which.rpartition(":")
    row, *steps = place.split(".")
    number = int(row)
    for group, rows in enumerate(_group_sizes(ThisTree(tree), path)):
        if number < rows:
            cell = inner(_group(ThisTree(tree), path, group, column)[number].as_py(), steps)
            return image_in(tree, path, cell, f"{column!r}, row {place}")
        number -= rows
    raise UserError(f"{path} holds no row {row}")


def image_in(tree: Tree, path: str, cell: Any, where: str) -> bytes:
    """Return the picture of a cell of a file, or the one whose path it holds in place of its bytes.

    Raises:
        MissingError: if there is none; ``where`` names the cell.
    """
    if (data := _encoded(cell, f"{path}, {where}")) is not None:
        return data
    named = cell.get("path") if isinstance(cell, dict) else None
    if isinstance(named, str) and named and tree.exists(there := beside(path, named)):
        return tree.read(there)
    raise MissingError(f"{path} holds no picture in {where}")


def _encoded(cell: Any, where: str) -> bytes | None:
    """Return a picture's bytes: as such, in Hugging Face's {bytes, path}, as numbers, or in base64.

    Raises:
        ValueError: if it is none of these, or several pictures.
    """
    if isinstance(cell, bytes):
        return (from_base64(cell.decode()) if cell.isascii() else b"") or cell
    if cell is None:
        return None
    if isinstance(cell, dict):
        return _encoded(cell.get("bytes"), where)
    if isinstance(cell, str) and (data := from_base64(cell)):
        return data
    if isinstance(cell, list) and all(isinstance(item, int) for item in cell):
        return bytes(item & 0xFF for item in cell) or None
    if isinstance(cell, list) and len(cell) == 1:
        return _encoded(cell[0], where)
    raise UserError(f"{where} holds {str(cell)[:80]}; expected one encoded picture")


@lru_cache(maxsize=64)
def _group_sizes(this: ThisTree, path: str) -> tuple[int, ...]:
    with this.tree.open(path) as file:
        meta = _opened(file, path).metadata
        return tuple(meta.row_group(group).num_rows for group in range(meta.num_row_groups))


@lru_cache(maxsize=1)
def _group(this: ThisTree, path: str, group: int, column: str) -> Any:
    """Return one column of a row group: neighbouring pictures are asked for one after another."""
    with this.tree.open(path) as file:
        return _column(_opened(file, path), path, group, column)


def _column(opened: Any, path: str, number: int, column: str) -> Any:
    """Return one column of a row group.

    Raises:
        UnreadableError: if it is damaged, or unpacks to far more than pictures do.
    """
    _require_one(path, column, opened.schema_arrow.names)
    group = opened.metadata.row_group(number)
    chunks = (group.column(place) for place in range(group.num_columns))
    mine = [chunk for chunk in chunks if chunk.path_in_schema.split(".")[0] == column]
    most = max(MOST_WHOLE, _MOST_UNPACKED * sum(chunk.total_compressed_size for chunk in mine))
    require_size(sum(chunk.total_uncompressed_size for chunk in mine), f"{path}, {column!r}", most)
    return _decoded(path, lambda: opened.read_row_group(number, columns=[column]).column(column))


def _decoded(path: str, read: Callable[[], T]) -> T:
    """Return what ``read`` decodes.

    Raises:
        UnreadableError: if the file is damaged there.
    """
    import pyarrow as pa

    try:
        return read()
    except (OSError, pa.ArrowException) as error:
        _raise_unless_of_file(error)
        what = "encrypted" if "crypt" in str(error) else "damaged"
        raise UnreadableError(f"container {what}", f"{path} is {what} ({error}); {_remedy(error)}") from error

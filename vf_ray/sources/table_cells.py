"""Pictures inside the records of a table of text: base64 in JSON Lines, JSON, CSV and TSV.

Such a file has no index. It is read on from where the last picture was, so whoever asks in the order of the
records passes over it once; what comes between is not parsed.
"""

from functools import lru_cache
from threading import Lock
from typing import Any

from vf_ray.errors import MissingError
from vf_ray.sources.fields import fields_of
from vf_ray.sources.image_cells import inner
from vf_ray.sources.parquet_table import image_in
from vf_ray.sources.table_files import format_of
from vf_ray.sources.this_tree import ThisTree
from vf_ray.types import Reject, Tree


def image(tree: Tree, path: str, which: str) -> bytes:
    """Return the picture in ``<column>:<record>.<step>.<step>``, where steps lead to it within the cell.

    Raises:
        MissingError: if there is none.
    """
    column, _, place = which.rpartition(":")
    row, *steps = place.split(".")
    cell = inner(fields_of(_cursor(ThisTree(tree), path).record(int(row))).raw(column), steps)
    return image_in(tree, path, cell, f"{column!r}, record {place}")


@lru_cache(maxsize=4)
def _cursor(this: ThisTree, path: str) -> "_Cursor":
    return _Cursor(this.tree, path)


class _Cursor:
    """Stands in a file, and goes back to its beginning only for what it has passed."""

    def __init__(self, tree: Tree, path: str) -> None:
        self._tree, self._path, self._form = tree, path, format_of(path)
        self._lock = Lock()
        self._begin()

    def _begin(self) -> None:
        self._left = self._form.records(self._tree, self._path)
        self._last: tuple[int, Any] = (-1, None)

    def record(self, row: int) -> Any:
        """Return a record by its place in the file.

        Raises:
            MissingError: if there is none at this place.
        """
        with self._lock:
            if row < self._last[0]:
                self._begin()
            if row != self._last[0]:
                self._last = row, self._form.parse(self._next(row))
            return self._last[1]

    def _next(self, row: int) -> Any:
        for item in self._left:
            if not isinstance(item, Reject) and item[1].index == row:
                return item[0]
        self._begin()
        raise MissingError(f"{self._path} holds no record {row}")

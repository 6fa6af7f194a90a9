"""Rows of a Parquet file of the store by number, and a search over them, a row group at a time."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vf_ray.artifacts import Artifact
from vf_ray.errors import UserError
from vf_ray.shards.read import opened_file

SEARCHED = ("key", "prompt", "response", "further")
"""Columns of instances whose words are searched."""


@dataclass(frozen=True)
class FoundRow:
    """A row that was looked for."""

    number: int
    row: Mapping[str, Any]


@dataclass
class RowFile:
    """One Parquet file of an artifact."""

    artifact: Artifact
    name: str

    def __len__(self) -> int:
        return self._starts[-1]

    @property
    def groups(self) -> int:
        """Return the number of row groups."""
        return len(self._starts) - 1

    def rows(self, start: int, count: int) -> list[dict[str, Any]]:
        """Return rows by number, fewer at the end; only the row groups that hold them are read."""
        rows: list[dict[str, Any]] = []
        for group, (first, end) in enumerate(pairwise(self._starts)):
            if first < start + count and end > start:
                skipped = max(0, start - first)
                rows += (
                    self.group(group).slice(skipped, min(end, start + count) - first - skipped).to_pylist()
                )
        return rows

    def every(self) -> Iterator[dict[str, Any]]:
        """Yield every row."""
        for group in range(self.groups):
            yield from self.group(group).to_pylist()

    def search(self, words: str, start: int, most: int, until: float) -> tuple[list[FoundRow], int | None]:
        """Return rows from a row on that hold the words, in any case, and the row to go on with, if any.

        There are at most so many; ``until`` a ``time.monotonic`` it ends after the row group at hand.
        """
        hits: list[FoundRow] = []
        for group, (first, end) in enumerate(pairwise(self._starts)):
            if end <= start:
                continue
            hits += self._hits(group, words, max(0, start - first))
            if len(hits) > most:
                return hits[:most], hits[most].number
            if time.monotonic() > until and end < len(self):
                return hits, end
        return hits, None

    def group(self, number: int, columns: Sequence[str] | None = None) -> pa.Table:
        """Return a row group, or some of its columns.

        Raises:
            UserError: if it cannot be read.
        """
        try:
            return self._file.read_row_group(number, columns=columns, use_threads=False)
        except (OSError, pa.ArrowException) as error:
            raise self._damaged(error) from error

    def _hits(self, number: int, words: str, skipped: int) -> list[FoundRow]:
        table = self.group(number).slice(skipped)
        places = set[int]()
        for name in SEARCHED:
            texts = table[name].combine_chunks()
            owners = None
            if pa.types.is_list(texts.type):
                owners, texts = pc.list_parent_indices(texts), pc.list_flatten(texts)
            held = pc.indices_nonzero(pc.match_substring(texts, words, ignore_case=True))
            places.update((held if owners is None else owners.take(held)).to_pylist())
        rows = table.take(pa.array(sorted(places), pa.int64())).to_pylist()
        first = self._starts[number] + skipped
        return [FoundRow(first + place, row) for place, row in zip(sorted(places), rows, strict=True)]

    @cached_property
    def _file(self) -> pq.ParquetFile:
        try:
            return opened_file(self.artifact, self.name)
        except (OSError, pa.ArrowException) as error:
            raise self._damaged(error) from error

    @cached_property
    def _starts(self) -> list[int]:
        about = self._file.metadata
        sizes = (about.row_group(number).num_rows for number in range(about.num_row_groups))
        return list(accumulate(sizes, initial=0))

    def _damaged(self, error: Exception) -> UserError:
        where = self.artifact.store.at(self.artifact.path(self.name))
        return UserError(f"{where} cannot be read: {' '.join(str(error).split())}")

"""Records set aside by id while another file is read: a join that does not fill the memory.

They lie in a private SQLite database that keeps a few megabytes in memory, the rest in an unnamed
temporary file, and is gone when the reader ends.
"""

import json
import sqlite3
from collections.abc import Container, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from vf_ray.sources.records import MALFORMED, At
from vf_ray.types import Reject

NO_ID = "no id"
"""What records are set aside under whose own id cannot be read."""


class Spill:
    """Groups of small JSON-ready records by text or integer id."""

    def __init__(self, items: Iterable[tuple[int | str, Any]]) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("PRAGMA journal_mode=OFF")
        self._db.execute("CREATE TABLE item (id, number INTEGER PRIMARY KEY, body TEXT)")
        self._db.execute("BEGIN")
        rows = ((key, json.dumps(body, ensure_ascii=False)) for key, body in items)
        self._db.executemany("INSERT INTO item (id, body) VALUES (?, ?)", rows)
        self._db.execute("CREATE INDEX by_id ON item (id, number)")
        self._db.execute("COMMIT")

    def __enter__(self) -> "Spill":
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def get(self, key: int | str) -> list[Any]:
        """Return the records of one id, in the order they came."""
        found = self._db.execute("SELECT body FROM item WHERE id = ? ORDER BY number", (key,))
        return [json.loads(body) for (body,) in found]

    def ids(self) -> Iterator[Any]:
        """Yield every id, in ascending order."""
        yield from (key for (key,) in self._db.execute("SELECT DISTINCT id FROM item ORDER BY id"))

    def groups(self) -> Iterator[tuple[Any, list[Any]]]:
        """Yield every id with its records, ids in ascending order."""
        rows = self._db.execute("SELECT id, body FROM item ORDER BY id, number")
        for key, group in groupby(rows, key=itemgetter(0)):
            yield key, [json.loads(body) for _, body in group]


def left_over(aside: Spill, taken: Container[int | str], at: At, reason: str) -> Iterator[Reject]:
    """Reject the annotations of ids that nothing took; the first item of each body names it in the file."""
    for key in aside.ids():
        if key not in taken:
            for name, *_ in aside.get(key):
                told = MALFORMED if key == NO_ID else reason
                yield Reject(at.key("annotations", name), told, f"id {key}")

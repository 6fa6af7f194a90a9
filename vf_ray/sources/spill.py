"""Records set aside by id while another file is read: a join that does not fill the memory.

They lie in a private SQLite database that keeps a few megabytes in memory, the rest in an unnamed
temporary file, and is gone when the reader ends.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import groupby
from operator import itemgetter
from typing import Any

Id = int | str
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=asdict).encode
"""What a field that is given twice holds becomes an object, where no reader expects one."""


class Spill:
    """Groups of small JSON-ready records by text or integer id."""

    def __init__(self, items: Iterable[tuple[Id, Any]]) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("PRAGMA journal_mode=OFF")
        self._db.execute("CREATE TABLE item (id, number INTEGER PRIMARY KEY, body TEXT)")
        self._db.execute("BEGIN")
        rows = ((key, _encode(body)) for key, body in items)
        self._db.executemany("INSERT INTO item (id, body) VALUES (?, ?)", rows)
        self._db.execute("CREATE INDEX by_id ON item (id, number)")
        self._db.execute("COMMIT")

    def __enter__(self) -> "Spill":
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def groups(self) -> Iterator[tuple[Any, list[Any]]]:
        """Yield every id with its records in the order they came; integers, then texts, ascending."""
        rows = self._db.execute("SELECT id, body FROM item ORDER BY id, number")
        for key, group in groupby(rows, key=itemgetter(0)):
            yield key, [json.loads(body) for _, body in group]

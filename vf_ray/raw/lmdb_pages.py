"""LMDB databases read in place: from a disk, an archive or a bucket.

The lmdb library maps a local file into memory and can do none of that, so this reads the pages
itself (openldap's ``mdb.c``, format version 1, 64-bit, one unnamed table without duplicate keys).
Nothing is ever written.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import IO, NamedTuple

from vf_ray.errors import UserError
from vf_ray.raw.indexed import UnreadableError, require_size

_MAGIC = 0xBEEFC0DE
_HEADER = struct.Struct("<QHHHH")  # page number, padding, flags, lower, upper
_META = struct.Struct("<IIQQ")  # magic, version, address, map size
_TABLE = struct.Struct("<IHHQQQQQ")  # page size or padding, flags, depth, pages x3, entries, root
_NODE = struct.Struct("<HHHH")  # low, high, flags, key size
_BRANCH, _LEAF, _BIG_DATA = 0x01, 0x02, 0x01
_NOTHING, _DEEPEST = (1 << 64) - 1, 32
"""The number of no page; levels of pages (the library's own limit)."""

_MOST_BRANCHES = 4096
"""Branch pages that are kept: those of some ten million entries."""


class Entry(NamedTuple):
    """A key, and where its value lies in the file."""

    key: bytes
    start: int
    size: int


class Pages:
    """One database file."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._exact = getattr(file, "raw", file)  # without reading ahead: the next page lies elsewhere
        self._branches: dict[int, tuple[bytes, int]] = {}
        self._name = name
        self._size = 4096
        first = self._meta(0)
        if not 1 << 9 <= first[1] <= 1 << 16:
            raise UserError(f"{name} has pages of {first[1]} bytes; expected 512 to 65,536: fetch it again")
        self._size = first[1]
        second = self._meta(1)
        self.root = max(first, second)[2]  # the newer transaction

    def entries(self) -> Iterator[Entry]:
        """Yield all entries in key order."""
        with self._intact():
            yield from self._below(self.root, 0)

    def find(self, key: bytes) -> Entry | None:
        """Return the entry of ``key``."""
        number = self.root
        with self._intact():
            for level in count():
                if number == _NOTHING:
                    return None
                page, flags = self._page(number, level)
                nodes = self._nodes(page)
                if flags & _LEAF:
                    entries = (self._entry(page, number, at) for at in nodes)
                    return next((entry for entry in entries if entry.key == key), None)
                below = [at for turn, at in enumerate(nodes) if turn == 0 or self._key(page, at) <= key]
                number = self._child(page, below[-1])
        return None

    def value(self, entry: Entry) -> bytes:
        """Return an entry's value."""
        require_size(entry.size, f"{self._name}, key {entry.key!r}")
        data = self._read(entry.start, entry.size)
        if len(data) < entry.size:
            where = f"{self._name} ends within the value of key {entry.key!r}; fetch it again"
            raise UnreadableError("container damaged", where)
        return data

    def image(self, key: bytes) -> bytes:
        """Return the value of ``key``.

        Raises:
            UserError: if there is none.
        """
        if (entry := self.find(key)) is None:
            raise UserError(f"{self._name} holds no key {key!r}")
        return self.value(entry)

    def _meta(self, number: int) -> tuple[int, int, int]:
        """Return transaction number, page size and root page."""
        page, _ = self._page(number)
        magic, version, _, _ = _META.unpack_from(page, _HEADER.size)
        if magic != _MAGIC or version != 1:
            raise UserError(
                f"{self._name} is no LMDB database (magic {magic:#x}, version {version}); fetch it again"
            )
        tables = _HEADER.size + _META.size
        size = _TABLE.unpack_from(page, tables)[0]
        root = _TABLE.unpack_from(page, tables + _TABLE.size)[-1]
        _, transaction = struct.unpack_from("<QQ", page, tables + 2 * _TABLE.size)
        return transaction, size, root

    @contextmanager
    def _intact(self) -> Iterator[None]:
        try:
            yield
        except (struct.error, IndexError) as error:
            raise UserError(f"{self._name} has a damaged page ({error}); fetch it again") from error

    def _page(self, number: int, level: int = 0) -> tuple[bytes, int]:
        if level > _DEEPEST:
            raise UserError(f"{self._name} has pages that refer to each other in circles; fetch it again")
        if (known := self._branches.get(number)) is not None:
            return known
        page = self._read(number * self._size, self._size)
        if len(page) < self._size:
            raise UserError(f"{self._name} ends before its page {number}; fetch it again")
        flags: int = _HEADER.unpack_from(page)[2]
        if flags & _BRANCH and len(self._branches) < _MOST_BRANCHES:  # each way down begins with them
            self._branches[number] = page, flags
        return page, flags

    def _read(self, start: int, size: int) -> bytes:
        self._exact.seek(start)
        data = bytearray()
        while len(data) < size and (piece := self._exact.read(size - len(data))):
            data += piece
        return bytes(data)

    def _below(self, number: int, level: int) -> Iterator[Entry]:
        if number == _NOTHING:
            return
        page, flags = self._page(number, level)
        for at in self._nodes(page):
            if flags & _BRANCH:
                yield from self._below(self._child(page, at), level + 1)
            else:
                yield self._entry(page, number, at)

    def _nodes(self, page: bytes) -> tuple[int, ...]:
        count = (_HEADER.unpack_from(page)[3] - _HEADER.size) // 2
        return struct.unpack_from(f"<{count}H", page, _HEADER.size)

    def _key(self, page: bytes, at: int) -> bytes:
        start = at + _NODE.size
        return page[start : start + _NODE.unpack_from(page, at)[3]]

    def _child(self, page: bytes, at: int) -> int:
        low, high, top, _ = _NODE.unpack_from(page, at)
        number: int = low | high << 16 | top << 32
        return number

    def _entry(self, page: bytes, number: int, at: int) -> Entry:
        low, high, flags, key_size = _NODE.unpack_from(page, at)
        data = at + _NODE.size + key_size
        start = number * self._size + data
        if flags & _BIG_DATA:  # the value fills pages of its own, behind one header
            (first,) = struct.unpack_from("<Q", page, data)
            start = first * self._size + _HEADER.size
        return Entry(self._key(page, at), start, low | high << 16)

"""What read-only files of ours share: a size, a place, and moving about."""

import io
from collections.abc import Callable
from itertools import accumulate
from threading import Lock
from typing import IO, Any

Stretch = Callable[[int, int], bytes]
"""Reads ``size`` bytes from ``start`` in one request; for files that lie far away."""


class Seekable(io.RawIOBase):
    """A file of known size; what is derived reads at ``self.at``."""

    def __init__(self, size: int) -> None:
        self.size, self.at = size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.at = offset + (0, self.at, self.size)[whence]
        return self.at

    def tell(self) -> int:
        return self.at

    def left(self, wanted: int) -> int:
        """Return how many of the wanted bytes there are from here to the end."""
        return max(0, min(wanted, self.size - self.at))


class Far(Seekable):
    """A file that lies elsewhere: each read is one call of ``stretch(start, size)``."""

    def __init__(self, size: int, stretch: Stretch) -> None:
        super().__init__(size)
        self._stretch = stretch

    def readinto(self, target: Any) -> int:
        size = self.left(len(target))
        target[:size] = self._stretch(self.at, size) if size else b""
        self.at += size
        return size


class Within(Seekable):
    """A stretch of a file, as a file."""

    def __init__(self, outer: IO[bytes], lock: Lock, start: int, size: int) -> None:
        super().__init__(size)
        self._outer, self._lock, self._start = outer, lock, start

    def readinto(self, target: Any) -> int:
        with self._lock:  # others may share the file
            self._outer.seek(self._start + self.at)
            data = self._outer.read(self.left(len(target)))
        target[: len(data)] = data
        self.at += len(data)
        return len(data)


DataSpans = tuple[tuple[int, int], ...]
"""Where data lie in a file with holes: (start, size), ascending."""


class Sparse(Seekable):
    """A file with holes, of which only the data are kept, one block behind the other."""

    def __init__(self, stretches: Seekable, blocks: DataSpans, size: int) -> None:
        super().__init__(size)
        self._kept = stretches
        places = accumulate((length for _, length in blocks), initial=0)
        self._blocks = [
            (start, length, place) for (start, length), place in zip(blocks, places, strict=False)
        ]

    def readinto(self, target: Any) -> int:
        size = self.left(len(target))
        data = bytearray(size)
        for start, length, place in self._blocks:
            first, last = max(start, self.at), min(start + length, self.at + size)
            if first < last:
                self._kept.seek(place + first - start)
                data[first - self.at : last - self.at] = self._whole(last - first)
        target[:size] = data
        self.at += size
        return size

    def _whole(self, size: int) -> bytes:
        data = self._kept.read(size) or b""
        if len(data) < size:
            raise EOFError("the archive ends inside a file with holes")
        return data

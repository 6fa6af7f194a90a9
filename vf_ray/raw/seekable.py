"""What read-only files of ours share: a size, a place, and moving about."""

import io
from collections.abc import Callable
from typing import Any


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

    def __init__(self, size: int, stretch: Callable[[int, int], bytes]) -> None:
        super().__init__(size)
        self._stretch = stretch

    def readinto(self, target: Any) -> int:
        size = self.left(len(target))
        target[:size] = self._stretch(self.at, size) if size else b""
        self.at += size
        return size

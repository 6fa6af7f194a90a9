"""A gzip file that can be read from any position without unpacking it.

Every ``spacing`` bytes of output the decompressor's state is kept (zlib lets it be copied, about
45 kB each), so a jump decompresses at most ``spacing`` bytes instead of everything before it. When
there are ``most`` states, every second one goes, and those to come stand twice as far apart.
"""

import io
import zlib
from bisect import bisect_right
from operator import attrgetter
from typing import IO, Any, NamedTuple

_CHUNK, _MOST = 1 << 18, 1 << 20
_GZIP = 31  # window bits that make zlib expect a gzip header


class _Point(NamedTuple):
    out: int
    """Position in the unpacked data."""
    source: int
    """Position in the packed file from which to go on."""
    state: Any
    """A copied decompressor; ``None`` at the start."""


class GzipSeek(io.RawIOBase):
    """Random access to the content of a gzip file object."""

    def __init__(self, packed: IO[bytes], spacing: int = 1 << 20, most: int = 1024) -> None:
        self._packed = packed
        self._spacing, self._most = spacing, most
        self._points = [_Point(0, 0, None)]
        self._buffer = b""
        self._wanted = 0
        self._resume(self._points[0])

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._wanted

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            self._wanted = self._length() + offset
        else:
            self._wanted = offset + (self._wanted if whence == io.SEEK_CUR else 0)
        return self._wanted

    def readinto(self, target: Any) -> int:
        self._reach(self._wanted)
        if not self._buffer and not self._fill():
            return 0
        data = self._buffer[: len(target)]
        target[: len(data)] = data
        self._buffer = self._buffer[len(data) :]
        self._wanted += len(data)
        return len(data)

    def close(self) -> None:
        self._packed.close()
        super().close()

    def _start(self) -> int:
        """Return the unpacked position of the first buffered byte."""
        return self._out - len(self._buffer)

    def _resume(self, point: _Point) -> None:
        self._packed.seek(point.source)
        self._out = point.out
        self._source = point.source
        self._buffer = self._ahead = b""
        self._state = zlib.decompressobj(_GZIP) if point.state is None else point.state.copy()

    def _reach(self, position: int) -> None:
        """Bring ``position`` to the front of the buffer, or stop at the end of the file."""
        nearest = self._points[bisect_right(self._points, position, key=attrgetter("out")) - 1]
        if position < self._start() or nearest.out > self._out:
            self._resume(nearest)
        while position > self._out:
            self._buffer = b""
            if not self._fill():
                return
        self._buffer = self._buffer[position - self._start() :]

    def _length(self) -> int:
        self._resume(self._points[-1])
        while self._fill():
            self._buffer = b""
        return self._out

    def _fill(self) -> bool:
        """Unpack one more chunk behind the buffer; False at the end of the file."""
        while packed := self._ahead or self._packed.read(_CHUNK):
            if data := self._unpack(packed):
                self._buffer += data
                return True
        return False

    def _unpack(self, packed: bytes) -> bytes:
        """Unpack at most ``_MOST`` bytes, and keep what is ``_ahead`` of that: little may stand for much."""
        if self._state.eof:  # behind a gzip member come zeros, or a further one
            self._source += len(packed)
            self._ahead = packed = packed.lstrip(b"\0")
            self._source -= len(packed)
            if not packed:
                return b""
            self._state = zlib.decompressobj(_GZIP)
        data = self._state.decompress(packed, _MOST)
        self._ahead = self._state.unused_data or self._state.unconsumed_tail
        self._source += len(packed) - len(self._ahead)
        self._out += len(data)
        if self._out - self._points[-1].out >= self._spacing and not self._state.eof:
            self._keep()
        return data

    def _keep(self) -> None:
        self._points.append(_Point(self._out, self._source, self._state.copy()))
        if len(self._points) > self._most:
            self._points = self._points[::2]
            self._spacing *= 2

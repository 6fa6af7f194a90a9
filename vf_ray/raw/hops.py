"""Small reads far apart, of a file where each read is a request: such as the headers of a tar.

Where the next read lies close, ever more is fetched with it; where it lies far off, only what is asked for.
"""

import tarfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from vf_ray.raw.seekable import Seekable, Stretch

LEAST, MOST = 2 << 10, 8 << 20
"""Bytes that a request brings."""
NEAR = 16 << 10
"""Bytes that are sooner fetched in vain than left out by another request."""
LANES, SMALLEST_LANE = 16, 8 << 20
"""Stretches of a tar that are gone through side by side, and the bytes of one at least."""
_FEW = 16
"""Members whose mean size tells whether hops pay."""
_SOUGHT = 64 << 10
"""Bytes in which a lane looks for its first header at once."""
_SOUGHT_AT_MOST = 16 << 20
_BLOCK = tarfile.BLOCKSIZE


class Hops(Seekable):
    """A far file; what was ``brought`` already, by its place, is not asked for."""

    def __init__(self, size: int, stretch: Stretch, brought: Mapping[int, bytes]) -> None:
        super().__init__(size)
        self._stretch, self._brought = stretch, brought
        self._start, self._held, self._ahead = 0, b"", LEAST

    def readinto(self, target: Any) -> int:
        size = self.left(len(target))
        if size:
            target[:size] = self._read(self.at, size)
        self.at += size
        return size

    def _read(self, at: int, size: int) -> bytes:
        if len(brought := self._brought.get(at, b"")) >= size:
            return brought[:size]
        end = self._start + len(self._held)
        if not self._start <= at <= at + size <= end:
            self._ahead = min(2 * self._ahead, MOST) if 0 <= at - end <= NEAR else LEAST
            self._held = self._stretch(at, min(max(size, self._ahead), self.size - at))
            self._start = at
        return self._held[at - self._start : at - self._start + size]


def tar_headers(stretch: Stretch, size: int) -> dict[int, bytes]:
    """Return the header blocks of a tar by their place, as far as hops from one to the next find them.

    Several stretches are gone through at once, each from the first block that looks like a header. It
    may look so inside a member; then blocks are brought that nobody asks for, and others are lacking.
    """
    first = dict(_hops(stretch, size, 0, size, _FEW))
    if max(first, default=0) < _FEW * NEAR or size < 2 * SMALLEST_LANE:
        return first
    lane = max(SMALLEST_LANE, -(-size // LANES)) // _BLOCK * _BLOCK

    def gone_through(begin: int) -> dict[int, bytes]:
        end = min(begin + lane, size)
        at = begin if begin == 0 else _first_header(stretch, begin, end)
        return dict(_hops(stretch, size, at, end))

    with ThreadPoolExecutor(LANES) as pool:
        headers = pool.map(gone_through, range(0, size, lane))
        return {at: block for blocks in headers for at, block in blocks.items()}


def _hops(
    stretch: Stretch, size: int, at: int, end: int, most: int | None = None
) -> Iterator[tuple[int, bytes]]:
    """Yield the blocks of the headers between two places, and the blocks behind, where long names may be."""
    hops = 0
    while at + _BLOCK <= end and hops != most:
        data = stretch(at, min(LEAST, size - at))
        yield from ((at + start, data[start : start + _BLOCK]) for start in range(0, len(data), _BLOCK))
        member = _header(data[:_BLOCK])
        if member is None:
            return
        at += _BLOCK + -(-member.size // _BLOCK) * _BLOCK
        hops += 1


def _header(block: bytes) -> tarfile.TarInfo | None:
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return None


def _first_header(stretch: Stretch, begin: int, end: int) -> int:
    """Return where the first block lies that is a header, or the end."""
    for start in range(begin, min(end, begin + _SOUGHT_AT_MOST), _SOUGHT):
        data = stretch(start, min(_SOUGHT, end - start))
        for at in range(0, len(data), _BLOCK):
            block = data[at : at + _BLOCK]
            if block[257:262] == b"ustar" and _header(block) is not None:
                return start + at
    return end

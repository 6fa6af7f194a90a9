"""How much LZW data unpack to: what was damaged on the way mostly unpacks to more or less than it should.

Of each code only the length of what it stands for is followed, which is much less work than unpacking.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

_MOST, _WIDEST = 4096, 12
"""CodeArray there can be, and bits of the widest."""
CodeArray = NDArray[np.int64]


class NoCodeError(ValueError):
    """A code that stands for nothing yet."""


@dataclass(frozen=True)
class Lzw:
    """One dialect. Codes below ``1 << bits`` stand for themselves; the next two mean: begin anew, and end."""

    bits: int = 8
    high_first: bool = False
    """Whether a code begins with the highest bit of a byte (TIFF), or the lowest (GIF)."""
    early: bool = False
    """Whether codes become wider one code before they must (TIFF)."""

    def size(self, data: bytes) -> int:
        """Return how many values data unpack to.

        Raises:
            NoCodeError: if they hold a code that nothing has given a meaning.
        """
        anew, total, place, stop = 1 << self.bits, 0, 0, 8 * len(data)
        letters = np.frombuffer(data + bytes(2), np.uint8).astype(np.int64)
        meanings, widths = _Meanings(anew), self._widths
        while place < stop:
            # where codes lie, as long as none starts the table anew
            offsets = place + np.cumsum(widths) - widths
            fits = int(np.searchsorted(offsets + widths, stop, side="right"))
            codes = self._codes(letters, offsets[:fits], widths[:fits])
            # those before the first mark stand for bytes
            marks = np.flatnonzero((codes == anew) | (codes == anew + 1))
            used = int(marks[0]) if len(marks) else fits
            total += meanings.length(codes[:used].tolist())
            # the table anew, the end, or on with the widest codes
            if len(marks) and codes[used] == anew:
                meanings, widths, place = _Meanings(anew), self._widths, int(offsets[used] + widths[used])
            elif len(marks) or fits < len(widths):
                return total
            else:  # all codes have their meanings: they stay as wide as they are
                widths, place = np.full_like(widths, _WIDEST), int(offsets[-1] + widths[-1])
        return total

    def _codes(self, letters: CodeArray, offsets: CodeArray, widths: CodeArray) -> CodeArray:
        first, shift = offsets >> 3, offsets & 7
        three = [letters[first + number] for number in range(3)]
        if self.high_first:
            joined = three[0] << 16 | three[1] << 8 | three[2]
            shift = 24 - shift - widths
        else:
            joined = three[0] | three[1] << 8 | three[2] << 16
        codes: CodeArray = joined >> shift & (1 << widths) - 1
        return codes

    @cached_property
    def _widths(self) -> CodeArray:
        """Return the bits of each code behind a beginning, until all have their meanings."""
        sizes = (1 << self.bits) + 2 + np.maximum(np.arange(_MOST) - 1, 0) + self.early
        widths: CodeArray = np.minimum(np.floor(np.log2(sizes)).astype(np.int64) + 1, _WIDEST)
        return widths


class _Meanings:
    """How many values each code stands for."""

    def __init__(self, anew: int) -> None:
        self._lengths, self._last = [1] * (anew + 2), 0

    def length(self, codes: list[int]) -> int:
        """Return how many values the next codes stand for."""
        total, last, lengths = 0, self._last, self._lengths
        for code in codes:
            if last and len(lengths) < _MOST:
                lengths.append(last + 1)
            if code >= len(lengths):
                raise NoCodeError(code)
            last = lengths[code]
            total += last
        self._last = last
        return total

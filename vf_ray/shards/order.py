"""The order in which an epoch takes the samples: a pure function of seed, epoch and position.

Blocks of neighbouring rows are permuted and then shuffled within a window, so that reading stays
mostly sequential. Everything ranks by keyed integer hashes of our own, since numpy does not promise
its random streams from release to release. To find a position costs no more at step 1,000,000 than
at step 1.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from vf_ray.instances.chance import rank

BLOCK = 64
"""Neighbouring rows that stay in one window."""
WINDOW = 128
"""Blocks that are shuffled together."""

_Rows = npt.NDArray[np.int64]


@lru_cache(maxsize=2)
def order(seed: int, epoch: int, size: int) -> "Permutation":
    """Return an epoch's order; those of the epoch at hand and the next are kept, blocks permuted."""
    return Permutation(seed, epoch, size)


@dataclass(frozen=True)
class Permutation:
    """One epoch's permutation of ``range(size)``."""

    seed: int
    epoch: int
    size: int
    block: int = BLOCK
    window: int = WINDOW

    def rows(self, start: int, count: int) -> list[int]:
        """Return the rows at positions ``start`` to ``start + count - 1``.

        Raises:
            IndexError: if the epoch ends before that.
        """
        if start < 0 or count < 0 or start + count > self.size:
            raise IndexError(f"positions {start} to {start + count} of an epoch of {self.size} samples")
        return [int(row) for part in self._parts(start, count) for row in part]

    def _parts(self, start: int, count: int) -> Iterator[_Rows]:
        while count > 0:
            number = int(np.searchsorted(self._ends, start, side="right"))
            begin = int(self._ends[number - 1]) if number else 0
            part = self._window(number)[start - begin : start - begin + count]
            yield part
            start, count = start + len(part), count - len(part)

    @cached_property
    def _blocks(self) -> _Rows:
        """Return the numbers of the blocks as this epoch takes them."""
        numbers = np.arange(-(-self.size // self.block), dtype=np.int64)
        return numbers[_ranking(numbers, rank("blocks", str(self.seed), str(self.epoch)))]

    @cached_property
    def _ends(self) -> _Rows:
        """Return the position at which each window ends; the one short block may lie in any."""
        sizes = np.minimum(self.size - self._blocks * self.block, self.block)
        ends = np.cumsum(sizes)
        return np.append(ends[self.window - 1 : -1 : self.window], self.size)

    def _window(self, number: int) -> _Rows:
        blocks = self._blocks[number * self.window : (number + 1) * self.window]
        rows = (blocks[:, None] * self.block + np.arange(self.block)).ravel()
        rows = rows[rows < self.size]
        return rows[_ranking(rows, rank("rows", str(self.seed), str(self.epoch)))]


def _ranking(numbers: _Rows, key: int) -> npt.NDArray[np.intp]:
    """Return the positions of ``numbers`` in the order of their keyed hashes."""
    return np.argsort(_mixed(numbers.astype(np.uint64) ^ np.uint64(key)), kind="stable")


def _mixed(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return SplitMix64's output function (Steele, Lea, Flood 2014) of each word: a bijection, so no ties."""
    with np.errstate(over="ignore"):
        words = words + np.uint64(0x9E3779B97F4A7C15)
        words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return words ^ (words >> np.uint64(31))

"""Pairs of pictures that look alike, without meeting each picture of a crowd that looks the same.

A stock picture, a blank form, a logo: a hundred thousand pictures may have one hash. So pictures of equal
hash, colours and kind are one group with a count, and pairs are pairs of groups. Of one hash there
may be many colours still; those are met by their neighbours in colour, not each with each.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vf_ray.quality.hamming import Rows, blocks, within
from vf_ray.quality.perceptual import RADIUS, TINT, Looks, of_one_colour

FEW = 256
"""Pairs of groups, of two hashes, that are sooner compared than looked up by colour."""
BLOCK = 1 << 20
"""Pairs of groups that are held at once."""
_BASE = 32
"""More than the cells of ``TINT + 1`` levels in 256, and one beyond on either side."""


class Weighed(NamedTuple):
    """Pairs of groups, the lower first; all columns of one length."""

    first: Rows
    second: Rows
    bits: Rows
    pairs: Rows
    """How many pairs of pictures each stands for."""


@dataclass(frozen=True)
class Groups:
    """Pictures of equal hash, colours and kind; groups of one hash lie beside each other."""

    images: Rows
    """Of all groups, group by group."""
    starts: Rows
    """Where each group's pictures begin, and where the last one's end."""
    looks: Looks
    """Of each group."""
    kind: Rows
    hash_starts: Rows
    """Where the groups of each hash begin, and where the last one's end."""

    @classmethod
    def of(cls, looks: Looks, kind: Rows) -> "Groups":
        """Group pictures, given the looks and the kind of each."""
        columns = [kind, *looks.colours.T, *looks.hashes.T]
        order = np.lexsort(columns)
        new = [np.diff(column[order], prepend=column[order][:1]) != 0 for column in columns]
        first = np.arange(len(order)) == 0
        starts = np.flatnonzero(np.logical_or.reduce([first, *new]))
        other_hash = np.logical_or.reduce([first, *new[4:]])[starts]
        ends = np.append(starts, len(order))
        hash_starts = np.append(np.flatnonzero(other_hash), len(starts))
        return cls(order, ends, looks.take(order[starts]), kind[order[starts]], hash_starts)

    @property
    def counts(self) -> Rows:
        """Return how many pictures each group has."""
        return np.diff(self.starts)

    def images_of(self, groups: Rows) -> Rows:
        """Return the pictures of some groups, group after group."""
        runs = [places for _, places in blocks(self.starts[groups], self.starts[groups + 1])]
        images: Rows = self.images[np.concatenate([np.array([], np.int64), *runs])]
        return images

    def alike(self) -> Iterator[Weighed]:
        """Yield all pairs of groups that look alike, a group of several pictures with itself too."""
        several = np.flatnonzero(self.counts > 1)
        counts = self.counts[several]
        yield Weighed(several, several, np.zeros_like(several), counts * (counts - 1) // 2)
        for met in self._met():
            same = of_one_colour(*map(self.looks.take, met[:2]))
            first, second, bits = (column[same] for column in met)
            yield Weighed(first, second, bits, self.counts[first] * self.counts[second])

    def _met(self) -> Iterator[tuple[Rows, Rows, Rows]]:
        """Yield pairs of groups whose hashes are near, and most of whose colours are, the lower first."""
        sizes = np.diff(self.hash_starts)
        crowds = np.flatnonzero(sizes > 1)
        for first, second, bits in self._joined(crowds, crowds, np.zeros_like(crowds)):
            yield first[first < second], second[first < second], bits[first < second]
        distinct = self.looks.hashes[self.hash_starts[:-1]]
        for near in within(distinct, RADIUS):
            yield from self._joined(*near)

    def _joined(self, one: Rows, other: Rows, bits: Rows) -> Iterator[tuple[Rows, Rows, Rows]]:
        """Yield the groups of each hash with those of another; many with many by their colours."""
        sizes = np.diff(self.hash_starts)
        few = sizes[one] * sizes[other] <= FEW
        for start in range(0, int(few.sum()), BLOCK // FEW):
            some = np.flatnonzero(few)[start : start + BLOCK // FEW]
            places, first, second = self._each(one[some], other[some])
            yield first, second, bits[some][places]
        for row in np.flatnonzero(~few):
            for first, second in self._by_colour(int(one[row]), int(other[row])):
                yield first, second, np.full(len(first), bits[row])

    def _each(self, one: Rows, other: Rows) -> tuple[Rows, Rows, Rows]:
        """Return all groups of each hash with all of another, and which of the two hashes they are of."""
        width = np.diff(self.hash_starts)[other]
        counts = np.diff(self.hash_starts)[one] * width
        places = np.repeat(np.arange(len(one)), counts)
        turn = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        first = self.hash_starts[one[places]] + turn // width[places]
        return places, first, self.hash_starts[other[places]] + turn % width[places]

    def _by_colour(self, one: int, other: int) -> Iterator[tuple[Rows, Rows]]:
        """Yield the groups of two hashes whose colours lie in the same cell or in neighbouring ones."""
        (begin, end), (start, stop) = (self.hash_starts[hash_ : hash_ + 2] for hash_ in (one, other))
        asking, asked = self._cells(begin, end), self._cells(start, stop)
        order = np.argsort(asked, kind="stable")
        for red, green, blue in product((-1, 0, 1), repeat=3):
            cells = asking + (red * _BASE + green) * _BASE + blue
            ranges = (np.searchsorted(asked[order], cells, side=side) for side in ("left", "right"))
            for first, second in blocks(*ranges):
                yield begin + first, start + order[second]

    def _cells(self, begin: int, end: int) -> npt.NDArray[np.int64]:
        red, green, blue = self.looks.colours[begin:end].T.astype(np.int64) // (TINT + 1) + 1
        cells: npt.NDArray[np.int64] = (red * _BASE + green) * _BASE + blue
        return cells

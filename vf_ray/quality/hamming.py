"""All pairs of hashes within a radius, without comparing all with all.

Multi-index hashing (Norouzi, Punjani and Fleet 2012): of 256 bits in 16 bands of 16, two hashes that
differ in at most 31 differ in at most one bit of some band. So each band is an index of 65,536
buckets, and a hash meets only those of its own bucket and of the 16 that lie one bit beside it. Nothing
within the radius is missed, each pair comes once, and pairs come in blocks: memory stays flat.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vf_ray.quality.perceptual import Hashes

BANDS, BAND_BITS = 16, 16
WIDEST = 2 * BANDS - 1
"""Largest radius at which some band differs in at most one bit."""
BLOCK = 1 << 17
"""Candidates that are compared at once."""
_FLIPS = (0, *(1 << bit for bit in range(BAND_BITS)))

Rows = npt.NDArray[np.int64]


class Pairs(NamedTuple):
    """Pairs of rows of two tables of hashes; all of one length."""

    first: Rows
    second: Rows
    bits: Rows
    """In how many bits they differ."""


def within(hashes: Hashes, radius: int) -> Iterator[Pairs]:
    """Yield every pair of rows that differ in at most ``radius`` bits, the lower row first, in blocks.

    Equal hashes are pairs too; where many are equal, make them one row first.

    Raises:
        ValueError: if the radius is wider than the index can promise to cover.
    """
    _check(radius)
    for band in range(BANDS):
        index = _Index.of(hashes, band)
        behind = np.arange(len(hashes)) + 1
        for flip in _FLIPS:  # each candidate once: in one's own bucket what lies behind, else from the bit 0
            starts, ends = index.buckets(index.keys ^ flip)
            starts = np.where(index.keys & flip, ends, starts) if flip else behind
            for near in _near(index, index, blocks(starts, ends), radius):
                lower, upper = np.minimum(near.first, near.second), np.maximum(near.first, near.second)
                yield Pairs(lower, upper, near.bits)


def between(queries: Hashes, hashes: Hashes, radius: int) -> Iterator[Pairs]:
    """Yield every pair of a row of ``queries`` and a row of ``hashes`` within the radius, in blocks.

    Raises:
        ValueError: as ``within``.
    """
    _check(radius)
    for band in range(BANDS):
        asking, asked = _Index.of(queries, band), _Index.of(hashes, band)
        for flip in _FLIPS:
            yield from _near(asking, asked, blocks(*asked.buckets(asking.keys ^ flip)), radius)


def _check(radius: int) -> None:
    if not 0 <= radius <= WIDEST:
        raise ValueError(f"radius {radius}: the index finds every pair up to {WIDEST} bits, and no further")


@dataclass(frozen=True)
class _Index:
    """One band of a table, sorted: hashes of one bucket lie beside each other."""

    band: int
    rows: Rows
    """Of the table, in the order of their buckets."""
    keys: npt.NDArray[np.int64]
    """The bucket of each."""
    words: Hashes
    """Their hashes; shape (WORDS, rows)."""
    starts: Rows
    """Where each bucket starts, and where the last one ends."""

    @classmethod
    def of(cls, hashes: Hashes, band: int) -> "_Index":
        keys = _bands(hashes)[:, band].astype(np.int64)
        rows = np.argsort(keys, kind="stable")
        starts = np.concatenate(([0], np.cumsum(np.bincount(keys, minlength=1 << BAND_BITS))))
        return cls(band, rows, keys[rows], np.ascontiguousarray(hashes[rows].T), starts)

    def buckets(self, keys: npt.NDArray[np.int64]) -> tuple[Rows, Rows]:
        """Return where the buckets of these keys start and end."""
        return self.starts[keys], self.starts[keys + 1]


def _near(
    left: _Index, right: _Index, candidates: Iterator[tuple[Rows, Rows]], radius: int
) -> Iterator[Pairs]:
    """Yield those candidates (places in both) that are within the radius and no earlier band finds."""
    for places in candidates:
        first, second, bits = _close(left.words, right.words, *places, radius)
        new = _earliest(left.words[:, first] ^ right.words[:, second]) == left.band
        if new.any():
            yield Pairs(left.rows[first[new]], right.rows[second[new]], bits[new].astype(np.int64))


def _close(
    left: Hashes, right: Hashes, first: Rows, second: Rows, radius: int
) -> tuple[Rows, Rows, npt.NDArray[np.uint8]]:
    """Return those places that are within the radius, and in how many bits they differ."""
    bits = np.zeros(len(first), np.uint8)
    for half in (slice(0, 2), slice(2, 4)):  # hardly any pair that differs outlives the first half
        for mine, theirs in zip(left[half], right[half], strict=True):
            bits += np.bitwise_count(mine[first] ^ theirs[second])
        close = np.flatnonzero(bits <= radius)
        first, second, bits = first[close], second[close], bits[close]
    return first, second, bits


def _earliest(different: Hashes) -> Rows:
    """Return the first band in which pairs differ in at most one bit; their differences by word, pair."""
    met: npt.NDArray[np.bool_] = np.bitwise_count(_bands(different.T)) <= 1
    first: Rows = np.argmax(met, axis=1)
    return first


def _bands(hashes: Hashes) -> npt.NDArray[np.uint16]:
    """Return hashes as numbers of 16 bits; shape (rows, BANDS)."""
    return np.ascontiguousarray(hashes).view(np.uint16)


def blocks(starts: Rows, ends: Rows) -> Iterator[tuple[Rows, Rows]]:
    """Yield each place with each place of its range, about ``BLOCK`` pairs at a time."""
    places = np.flatnonzero(ends > starts)
    counts = (ends - starts)[places]
    total = np.cumsum(counts)
    begin, done = 0, 0
    while begin < len(places):
        end = max(begin + 1, int(np.searchsorted(total, done + BLOCK, side="right")))
        here, size = places[begin:end], counts[begin:end]
        within_range = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
        yield np.repeat(here, size), np.repeat(starts[here], size) + within_range
        begin, done = end, int(total[end - 1])

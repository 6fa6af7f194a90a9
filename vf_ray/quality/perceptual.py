"""A perceptual hash: 256 bits that say what a picture looks like, however it is encoded.

It follows PDQ (Meta, 2019; ThreatExchange, "The TMK+PDQF Video-Hashing Algorithm and the PDQ
Image-Hashing Algorithm"): luminance on a 64 x 64 grid, its 16 x 16 lowest cosine coefficients but the
constant ones, each compared with their median. The grid is Pillow's averaging resize, not PDQ's
filter, so the bits are not PDQ's; its two thresholds are kept, and were checked on photographs:
JPEG at quality 30 and shrinking to a third move a hash by at most 16 bits, cutting off 2% of each side
by at most 28, cutting off 5% by 46, and two different pictures lie 92 apart or more.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from vf_ray.shards.images import FORMATS

RADIUS = 31
"""Bits in which two hashes of one picture may differ: PDQ's recommended threshold."""
PLAINEST = 50
"""Least detail, 0 to 100, of a picture whose hash says something: PDQ's recommended threshold."""

WORDS = 4
"""Numbers of 64 bits in a hash."""
_GRID, _BAND = 64, 16
_DETAIL_UNIT = 90
"""PDQ's divisor: the sum of all steps between neighbours, in per cent of white, for one unit of detail."""

Hashes = npt.NDArray[np.uint64]
"""Shape (pictures, WORDS)."""


@dataclass(frozen=True)
class Looks:
    """The hashes of some pictures."""

    hashes: Hashes
    detail: npt.NDArray[np.uint8]
    """Shape (pictures,); 0 for an even surface, 100 for plenty."""

    @property
    def telling(self) -> npt.NDArray[np.bool_]:
        """Mark the pictures that have enough detail to be compared."""
        marks: npt.NDArray[np.bool_] = self.detail >= PLAINEST
        return marks


def looks(pictures: Sequence[bytes]) -> Looks:
    """Return the hashes of encoded pictures.

    Raises:
        OSError: if one cannot be decoded.
    """
    grids = np.array([_grid(data) for data in pictures], np.float64).reshape(-1, _GRID, _GRID)
    waves = _waves()
    coefficients = (waves @ grids @ waves.T).reshape(len(grids), _BAND * _BAND)
    bits = coefficients > np.median(coefficients, axis=1, keepdims=True)
    hashes = np.packbits(bits, axis=1, bitorder="little").view("<u8").astype(np.uint64)
    return Looks(hashes.reshape(-1, WORDS), _detail(grids))


def distance(first: Hashes, second: Hashes) -> npt.NDArray[np.int64]:
    """Return in how many bits hashes differ, pair by pair; shapes (..., WORDS)."""
    bits: npt.NDArray[np.int64] = np.bitwise_count(first ^ second).sum(axis=-1, dtype=np.int64)
    return bits


def _grid(data: bytes) -> npt.NDArray[np.uint8]:
    """Return the luminance of an encoded picture on 64 x 64 points, its proportions not kept."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
        picture.draft("L", (2 * _GRID, 2 * _GRID))  # a JPEG decodes into fewer pixels, many times faster
        grey = picture.convert("RGB").convert("L")
    return np.asarray(grey.resize((_GRID, _GRID), Image.Resampling.BILINEAR, reducing_gap=2.0))


def _waves() -> npt.NDArray[np.float64]:
    """Return the cosine waves of 1 to 16 half periods; shape (16, 64)."""
    places, half_periods = np.arange(_GRID) + 0.5, np.arange(1, _BAND + 1)
    waves: npt.NDArray[np.float64] = np.cos(np.pi / _GRID * np.outer(half_periods, places))
    return waves


def _detail(grids: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    steps = sum(_steps(grids, axis) for axis in (1, 2))
    return np.minimum(steps // _DETAIL_UNIT, 100).astype(np.uint8)


def _steps(grids: npt.NDArray[np.float64], axis: int) -> npt.NDArray[np.int64]:
    """Return the sum of steps between neighbours, each cut to whole per cent, so that noise is none."""
    per_cent = (np.abs(np.diff(grids, axis=axis)) * 100 / 255).astype(np.int64)
    total: npt.NDArray[np.int64] = per_cent.sum(axis=(1, 2))
    return total

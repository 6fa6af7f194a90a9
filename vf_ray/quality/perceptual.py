"""A perceptual hash: 256 bits that say what a picture looks like, however it is encoded.

It follows PDQ (Meta, 2019; ThreatExchange, "The TMK+PDQF Video-Hashing Algorithm and the PDQ
Image-Hashing Algorithm"): luminance on a 64 x 64 grid, its 16 x 16 lowest cosine coefficients but the
constant ones, each compared with their median. The grid is Pillow's averaging resize, not PDQ's
filter, so the bits are not PDQ's; its two thresholds are kept, and were checked on photographs:
JPEG at quality 30 and shrinking to a third move a hash by at most 16 bits, cutting off 2% of each side
by at most 28, cutting off 5% by 46, and two different pictures lie 92 apart or more. PDQ is blind to colour;
so that a yellow disc is not taken for a grey one, the mean colours must agree too.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from vf_ray.shards.decode import FORMATS

RADIUS = 31
"""Bits in which two hashes of one picture may differ: PDQ's recommended threshold."""
TINT = 8
"""Levels of 255 in which two mean colours may differ; the changes above move them by 1."""
PLAINEST = 50
"""Least detail, 0 to 100, of a picture whose hash says something: PDQ's recommended threshold."""

WORDS = 4
"""Numbers of 64 bits in a hash."""
_GRID, _BAND = 64, 16
_DETAIL_UNIT = 90
"""PDQ's divisor: the sum of all steps between neighbours, in per cent of white, for one unit of detail."""
_LUMINANCE = np.array([0.299, 0.587, 0.114])
"""Of red, green and blue (ITU-R BT.601)."""

Hashes = npt.NDArray[np.uint64]
"""Shape (pictures, WORDS)."""


@dataclass(frozen=True)
class Looks:
    """The hashes of some pictures."""

    hashes: Hashes
    detail: npt.NDArray[np.uint8]
    """Shape (pictures,); 0 for an even surface, 100 for plenty."""
    colours: npt.NDArray[np.uint8]
    """Mean red, green and blue; shape (pictures, 3)."""

    @property
    def telling(self) -> npt.NDArray[np.bool_]:
        """Mark the pictures that have enough detail to be compared."""
        marks: npt.NDArray[np.bool_] = self.detail >= PLAINEST
        return marks

    def take(self, rows: npt.NDArray[np.int64]) -> "Looks":
        """Return the looks of some of the pictures."""
        return Looks(self.hashes[rows], self.detail[rows], self.colours[rows])


def of_one_colour(first: Looks, second: Looks) -> npt.NDArray[np.bool_]:
    """Mark where mean colours agree, pair by pair; one of the two may hold a single picture."""
    apart = np.abs(first.colours.astype(np.int16) - second.colours)
    marks: npt.NDArray[np.bool_] = apart.max(axis=1, initial=0) <= TINT
    return marks


def looks(images: Sequence[bytes]) -> Looks:
    """Return the hashes of encoded pictures.

    Raises:
        OSError: if one cannot be decoded.
    """
    coloured = np.array([_grid(data) for data in images], np.float64).reshape(-1, _GRID, _GRID, 3)
    grids = coloured @ _LUMINANCE
    waves = _waves()
    coefficients = (waves @ grids @ waves.T).reshape(len(grids), _BAND * _BAND)
    bits = coefficients > np.median(coefficients, axis=1, keepdims=True)
    hashes = np.packbits(bits, axis=1, bitorder="little").view("<u8").astype(np.uint64)
    means = coloured.mean(axis=(1, 2)).round().astype(np.uint8)
    return Looks(hashes.reshape(-1, WORDS), _detail(grids), means)


def joined(parts: Sequence[Looks]) -> Looks:
    """Return the looks of several groups of pictures as one."""
    whole = [looks([]), *parts]
    return Looks(
        np.concatenate([part.hashes for part in whole]),
        np.concatenate([part.detail for part in whole]),
        np.concatenate([part.colours for part in whole]),
    )


def distance(first: Hashes, second: Hashes) -> npt.NDArray[np.int64]:
    """Return in how many bits hashes differ, pair by pair; shapes (..., WORDS)."""
    bits: npt.NDArray[np.int64] = np.bitwise_count(first ^ second).sum(axis=-1, dtype=np.int64)
    return bits


def _grid(data: bytes) -> npt.NDArray[np.uint8]:
    """Return an encoded picture in 64 x 64 points, its proportions not kept; shape (64, 64, 3)."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        image.draft("RGB", (2 * _GRID, 2 * _GRID))  # a JPEG decodes into fewer pixels, many times faster
        whole = image.convert("RGB")
    return np.asarray(whole.resize((_GRID, _GRID), Image.Resampling.BILINEAR, reducing_gap=2.0))


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

"""scikit-learn's digits (scans of 1,797 written numbers) and pieces of its two photographs."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from vf_ray.raw.netpbm import netpbm

SIDE = 20
"""Pixels of a piece of a photograph; pieces do not overlap."""
PHOTOGRAPHS = ("temple", "flower")
"""What scikit-learn's ``china.jpg`` and ``flower.jpg`` show."""
BANDS = ("red", "green", "blue")


@dataclass(frozen=True)
class Digits:
    """Scans of numbers, and which numbers they are."""

    pixels: NDArray[np.uint8]
    """(N, 8, 8)"""
    labels: NDArray[np.uint8]
    """(N,)"""

    def image(self, number: int) -> bytes:
        """Return one scan as the PGM that an IDX file's reader makes of it."""
        _, height, width = self.pixels.shape
        return netpbm(self.pixels[number].tobytes(), width, height)


@dataclass(frozen=True)
class Square:
    """A square of a photograph."""

    photograph: str
    row: int
    column: int
    pixels: NDArray[np.uint8]
    """(SIDE, SIDE, 3)"""

    @property
    def name(self) -> str:
        return f"{self.photograph}_{self.row:02d}_{self.column:02d}.ppm"

    @cached_property
    def image(self) -> bytes:
        return netpbm(self.pixels.tobytes(), SIDE, SIDE, 3)

    @property
    def brightness(self) -> float:
        """Return the mean of all pixels and bands, 0 to 255."""
        return float(self.pixels.mean())

    @property
    def strongest(self) -> str:
        """Return the band with the highest mean."""
        return BANDS[int(self.pixels.mean(axis=(0, 1)).argmax())]


def digits() -> Digits:
    """Return scikit-learn's digits, their 17 grey levels spread over a byte."""
    from sklearn.datasets import load_digits

    scans = load_digits()
    return Digits(np.minimum(scans.images * 16, 255).astype(np.uint8), scans.target.astype(np.uint8))


def pieces() -> list[Square]:
    """Return both photographs cut into squares, row by row."""
    from sklearn.datasets import load_sample_image

    files = zip(PHOTOGRAPHS, ("china.jpg", "flower.jpg"), strict=True)
    return [piece for name, file in files for piece in _cut(name, np.asarray(load_sample_image(file)))]


def _cut(name: str, photograph: NDArray[np.uint8]) -> list[Square]:
    rows, columns = (length // SIDE for length in photograph.shape[:2])
    return [
        Square(name, row, column, photograph[row * SIDE :, column * SIDE :][:SIDE, :SIDE])
        for row in range(rows)
        for column in range(columns)
    ]

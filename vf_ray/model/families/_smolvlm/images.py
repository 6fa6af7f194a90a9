"""How SmolVLM cuts an image: at one longest side, into whole tiles, and shown once more as one tile."""

import math
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from vf_ray.model.families.decoding import image_settings
from vf_ray.model.families.tiles import TiledImages, require_order

LARGEST = 4096
"""Pixels of a side that no image passes before it is cut."""


@dataclass(frozen=True, kw_only=True)
class SmolVlmImages(TiledImages):
    """The arithmetic of transformers' ``Idefics3ImageProcessor``, on Pillow."""

    longest: int
    """Pixels of every image's longest side; 0: it is not brought to any."""
    split: bool
    """Whether an image larger than a tile is cut."""

    @classmethod
    def of(cls, folder: Path) -> "SmolVlmImages":
        """Read a folder's processor.

        Raises:
            UserError: if it does something else.
        """
        settings = image_settings(folder)
        require_order(folder, settings)
        return cls(
            side=settings["max_image_size"]["longest_edge"], mean=tuple(settings["image_mean"]),
            std=tuple(settings["image_std"]), resample=settings.get("resample", Image.Resampling.LANCZOS),
            longest=settings["size"]["longest_edge"] if settings.get("do_resize", True) else 0,
            split=settings.get("do_image_splitting", True),
        )  # fmt: skip

    def layout(self, width: int, height: int) -> tuple[int, int]:
        """Return in how many rows and columns of tiles an image is cut; (0, 0): in none, but shown whole."""
        across, down = self._whole_tiles(*self._first(width, height))
        rows, columns = down // self.side, across // self.side
        return (rows, columns) if self.split and rows * columns > 1 else (0, 0)

    def tiles(self, image: Image.Image) -> list[Image.Image]:
        """Return an image's tiles, row by row, and the image as one tile."""
        rows, columns = self.layout(*image.size)
        image = self.resized(image, *self._first(*image.size))
        if self.split:
            image = self.resized(image, *self._whole_tiles(*image.size))
        small = image if image.size == (self.side, self.side) else self.resized(image, self.side, self.side)
        return [*self.grid(image, rows, columns), small]

    def _first(self, width: int, height: int) -> tuple[int, int]:
        """Return the size with the longest side that all images have, the other one even."""
        if not self.longest:
            return width, height
        ratio = width / height
        if width >= height:
            width, height = self.longest, _even(int(self.longest / ratio))
        else:
            width, height = _even(int(self.longest * ratio)), self.longest
        return _below(max(width, 1), max(height, 1))

    def _whole_tiles(self, width: int, height: int) -> tuple[int, int]:
        """Return the next larger size that is whole tiles both ways."""
        ratio = width / height
        if width >= height:
            width = self._up(width)
            return width, self._up(int(width / ratio))
        height = self._up(height)
        return self._up(int(height * ratio)), height

    def _up(self, length: int) -> int:
        return math.ceil(length / self.side) * self.side


def _even(length: int) -> int:
    return length + length % 2


def _below(width: int, height: int) -> tuple[int, int]:
    """Return a size that is at most ``LARGEST``."""
    ratio = width / height
    if width >= height and width > LARGEST:
        return LARGEST, max(1, int(LARGEST / ratio))
    if height > LARGEST:
        return max(1, int(LARGEST * ratio)), LARGEST
    return width, height

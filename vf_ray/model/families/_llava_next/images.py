"""Images as LLaVA-NeXT and LLaVA-OneVision see them, on the CPU.

The arithmetic is that of ``LlavaNextImageProcessorPil`` and ``LlavaOnevisionImageProcessorPil``; transparency
lies on white, as by both.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from vf_ray.model.encoded import ImageSize
from vf_ray.model.families._llava_next.tiling import Tiling
from vf_ray.model.families.decoding import each_decoded, image_settings, rgb
from vf_ray.model.families.family import Inputs
from vf_ray.model.families.tiles import PIXELS, TILES, TiledImages, require_order
from vf_ray.model.tensors import read_config
from vf_ray.recipe.input_format import InputFormat

SIZES = "image_sizes"
Cut = tuple[NDArray[np.uint8], ImageSize]
"""Tiles (tiles, H, W, 3) of an image, and its width and height."""


@dataclass(frozen=True, kw_only=True)
class CutImages(TiledImages):
    """Cuts an image by a tiling; where it is one of several, a family may show it as one square."""

    tiling: Tiling
    square: bool
    """Whether one of several images is one square, padded with the mean colour."""
    one_of_several: bool = False

    @classmethod
    def of(cls, folder: Path, *, square: bool) -> "CutImages":
        """Read a folder's processor and configuration.

        Raises:
            UserError: if its processor does something else.
        """
        settings = image_settings(folder)
        require_order(folder, settings)
        tiling = Tiling.of(read_config(folder))
        return cls(
            side=tiling.side, mean=tuple(settings["image_mean"]), std=tuple(settings["image_std"]),
            resample=settings.get("resample", Image.Resampling.BICUBIC), tiling=tiling, square=square,
        )  # fmt: skip

    def among(self, images: int) -> "CutImages":
        """Return what shows one of several as one square, where the family does so."""
        return replace(self, one_of_several=self.square and images > 1)

    def tokens(self, width: int, height: int) -> int:
        """Return how many tokens an image takes; a square has an end too."""
        return self.tiling.per_side**2 + 1 if self.one_of_several else self.tiling.tokens(width, height)

    def tiles(self, image: Image.Image) -> list[Image.Image]:
        """Return the whole image as one tile, distorted, and its tiles row by row; or one square."""
        if self.one_of_several:
            return [
                self.resized(self._padded(image, (max(image.size),) * 2, self.mean), self.side, self.side)
            ]
        height, width = self.tiling.resolution(*image.size)
        whole, inner = self.resized(image, self.side, self.side), self._fitting(image, width, height)
        return [whole, *self.grid(self._padded(inner, (width, height)), *self.tiling.grid(*image.size))]

    def decoded(self, images: Sequence[bytes], threads: int = 1) -> list[Cut]:  # type: ignore[override]
        """Return each encoded image's tiles and size.

        Raises:
            ValueError: if an image cannot be decoded; the message holds its place.
        """
        return each_decoded(images, self._tiled, threads)

    def blank(self) -> Cut:  # type: ignore[override]
        """Return one square that shows nothing."""
        return super().blank(), (self.side, self.side)

    def collated(self, decoded: Sequence[Cut]) -> Inputs:  # type: ignore[override]
        """Return tiles and their number as others do, and (N, 2) widths and heights."""
        tiles = super().collated([one for one, _ in decoded])
        return {**tiles, SIZES: torch.tensor([size for _, size in decoded])}

    def normalised(self, collated: Inputs) -> Inputs:
        """Return (T, 3, H, W) float32 pixels, and the rest as it is."""
        return {**super().normalised(collated), SIZES: collated[SIZES]}

    def seen(self, image: bytes) -> Tensor:
        """Return (3, H, W) of the whole image."""
        return self.normalised(self.collated(self.decoded([image])))[PIXELS][0]

    def _tiled(self, encoded: bytes) -> Cut:
        image = rgb(encoded, InputFormat())
        return np.stack([np.asarray(tile) for tile in self.tiles(image)]), image.size

    def _fitting(self, image: Image.Image, width: int, height: int) -> Image.Image:
        """Return an image as large as goes into so many pixels."""
        across, down = width / image.width, height / image.height
        if across < down:
            return self.resized(image, width, min(math.ceil(image.height * across), height))
        return self.resized(image, min(math.ceil(image.width * down), width), height)

    def _padded(
        self, image: Image.Image, size: tuple[int, int], colour: Sequence[float] = (0, 0, 0)
    ) -> Image.Image:
        """Return an image in the middle of a larger one."""
        larger = Image.new("RGB", size, tuple(int(value * 255) for value in colour))
        larger.paste(image, ((size[0] - image.width) // 2, (size[1] - image.height) // 2))
        return larger


def laid(tiling: Tiling, features: Tensor, newline: Tensor, images: Inputs) -> list[Tensor]:
    """Return what stands for each image, of the features (T, p * p, D) of all tiles; squares have one."""
    each = features.split(images[TILES].tolist())  # type: ignore[no-untyped-call]
    return [
        tiling.laid(tiles, newline, *size)
        if len(tiles) > 1
        else torch.cat([tiles[0], newline[None].to(tiles)])
        for tiles, size in zip(each, images[SIZES].tolist(), strict=True)
    ]

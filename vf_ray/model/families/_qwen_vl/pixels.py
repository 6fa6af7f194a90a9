"""Images as Qwen-VL sees them: at their own resolution, cut into patches, four of which make one token.

The arithmetic is that of ``Qwen2VLImageProcessorPil``: RGB, sides rounded to whole tokens within a least and
a most number of pixels, a bicubic resize, scaling and normalising. Transparency lies on white, as Qwen's own
``qwen_vl_utils`` puts it. (transformers takes torchvision's resize where that is installed; it differs from
Pillow's by rounding.) What is resized stays bytes until it is where the model is; each patch is there once
until then, for the model takes every image as two like frames of a film.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from vf_ray.errors import UserError
from vf_ray.model.encoded import ImageSize
from vf_ray.model.families.decoding import each_decoded, image_settings, levels, rgb
from vf_ray.model.families.family import Inputs
from vf_ray.recipe.input_format import InputFormat

# Shapes: N images, P patches of all of them, C channels, F frames, H and W pixels, s side of a patch

PIXELS, GRIDS = "pixel_values", "image_grid_thw"
LONGEST = 200
"""Times that a side may be as long as the other, at most."""


@dataclass(frozen=True, kw_only=True)
class PatchedImages:
    """How a model wants its images."""

    patch: int
    """Pixels of a patch's side."""
    merge: int
    """Patches of a token's side."""
    frames: int
    fewest: int
    """Pixels that an image has at least."""
    most: int
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def of(cls, folder: Path) -> "PatchedImages":
        """Read the image settings of a folder.

        Raises:
            UserError: if it has none.
        """
        settings = image_settings(folder)
        size = settings.get("size") or {}
        return cls(
            patch=settings["patch_size"], merge=settings["merge_size"],
            frames=settings["temporal_patch_size"],
            fewest=settings.get("min_pixels") or size["shortest_edge"],
            most=settings.get("max_pixels") or size["longest_edge"],
            mean=tuple(settings["image_mean"]), std=tuple(settings["image_std"]),
        )  # fmt: skip

    def grid(self, width: int, height: int) -> tuple[int, int]:
        """Return the rows and columns of tokens of an image of so many pixels.

        Sides are rounded to whole tokens, then made smaller or larger alike where that gives too many pixels
        or too few: the rule of transformers' ``smart_resize``.

        Raises:
            UserError: if one side is more than ``LONGEST`` times the other.
        """
        if max(width, height) > LONGEST * min(width, height):
            raise UserError(f"an image of {width} x {height} pixels is too narrow; at most {LONGEST} to 1")
        # whole tokens, then made smaller or larger alike
        side = self.patch * self.merge
        rows, columns = round(height / side), round(width / side)
        if rows * columns * side**2 > self.most:
            shrink = math.sqrt(width * height / self.most)
            return max(1, math.floor(height / shrink / side)), max(1, math.floor(width / shrink / side))
        if rows * columns * side**2 < self.fewest:
            grow = math.sqrt(self.fewest / (width * height))
            return math.ceil(height * grow / side), math.ceil(width * grow / side)
        return rows, columns

    def grids(self, sizes: Sequence[ImageSize]) -> list[tuple[int, int]]:
        """Return ``grid`` of some images."""
        return [self.grid(*size) for size in sizes]

    def among(self, images: int) -> "PatchedImages":
        """Return itself: an image looks the same beside others."""
        return self

    def decoded(self, images: Sequence[bytes], threads: int = 1) -> list[NDArray[np.uint8]]:
        """Return (H, W, 3) bytes of each encoded image, of the size in which the model sees it.

        Raises:
            ValueError: if an image cannot be decoded; the message holds its place.
        """
        return each_decoded(images, self._resized, threads)

    def blank(self) -> NDArray[np.uint8]:
        """Return an image of one token that shows nothing."""
        return np.zeros((self.patch * self.merge,) * 2 + (3,), np.uint8)

    def collated(self, decoded: Sequence[NDArray[np.uint8]]) -> Inputs:
        """Return patches of some images, (P, 3, s * s) bytes, and their (N, 3) grids: 1, rows, columns."""
        grids = [(1, image.shape[0] // self.patch, image.shape[1] // self.patch) for image in decoded]
        patches = np.concatenate([self._patches(image) for image in decoded])
        return {PIXELS: torch.from_numpy(patches), GRIDS: torch.tensor(grids)}

    def normalised(self, collated: Inputs) -> Inputs:
        """Return the patches as (P, C * F * s * s) float32, each frame the same."""
        patches_PCS = levels(collated[PIXELS], self.mean, self.std)
        films_PCFS = patches_PCS[:, :, None].expand(-1, -1, self.frames, -1)
        return {PIXELS: films_PCFS.flatten(1), GRIDS: collated[GRIDS]}

    def seen(self, image: bytes) -> Tensor:
        """Return (3, H, W) float32 pixels of an encoded image."""
        pixels_HWC = torch.from_numpy(self._resized(image))
        return levels(pixels_HWC.permute(2, 0, 1)[None], self.mean, self.std)[0]

    def _resized(self, encoded: bytes) -> NDArray[np.uint8]:
        image, side = rgb(encoded, InputFormat()), self.patch * self.merge
        rows, columns = self.grid(*image.size)
        return np.array(image.resize((columns * side, rows * side), Image.Resampling.BICUBIC))

    def _patches(self, image_HWC: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return (patches, 3, s * s): those of a token beside each other."""
        m, s = self.merge, self.patch
        height, width, _ = image_HWC.shape
        cut = image_HWC.reshape(height // (m * s), m, s, width // (m * s), m, s, 3)
        return cut.transpose(0, 3, 1, 4, 6, 2, 5).reshape(-1, 3, s * s)

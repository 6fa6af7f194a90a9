"""Pictures as the vision tower sees them, fast.

The arithmetic is that of ``LlavaImageProcessorPil(do_pad=True)``, and so of LLaVA-1.5: RGB, padding to a
square with the mean colour, a bicubic resize, scaling and normalising. What may differ is what a model's
``InputFormat`` say. Only the order of work is ours: Pillow resizes across before it resizes down, so rows of
padding need not be resized across at all, and what comes of padding alone need not be resized at all. What
is resized stays bytes until it is used, which is a quarter of the size to keep and to send; to normalise
them then takes a moment.
"""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from vf_ray.errors import UserError
from vf_ray.model.families.decoding import each_decoded, image_settings, shown
from vf_ray.model.families.family import Inputs
from vf_ray.recipe.input_format import InputFormat

# Shapes: B pictures, C channels, H and W pixels

PIXELS = "pixel_values"
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True, kw_only=True)
class Pixels:
    """How a model wants its pictures."""

    size: int
    """Pixels of a side."""
    mean: tuple[float, ...] = CLIP_MEAN
    std: tuple[float, ...] = CLIP_STD
    input_format: InputFormat = field(default_factory=InputFormat)

    @classmethod
    def of(cls, folder: Path) -> "Pixels":
        """Read the picture settings of a saved LLaVA folder.

        Raises:
            ValueError: if its processor does something else than pad, resize and normalise.
        """
        settings = image_settings(folder)
        size = settings["crop_size"]["height"]
        expected = {"do_pad": True, "resample": 3, "size": {"shortest_edge": size}}
        for key, value in expected.items():
            if settings.get(key) != value:
                raise UserError(
                    f"{folder}: the image processor has {key}={settings.get(key)!r}; "
                    f"expected {value!r}, as in LLaVA-1.5"
                )
        return cls(
            size=size, mean=tuple(settings["image_mean"]), std=tuple(settings["image_std"]),
            input_format=InputFormat.of(folder),
        )  # fmt: skip

    def batch(self, images: Sequence[bytes]) -> Tensor:
        """Return (B, 3, H, W) float32 pixels of encoded pictures (PNG, JPEG, PPM ...).

        Raises:
            ValueError: if a picture cannot be decoded; the message holds its place in the batch.
        """
        return self.levels(stacked(self.decoded(images)))

    def among(self, images: int) -> "Pixels":
        """Return itself: an image looks the same beside others."""
        return self

    def decoded(self, images: Sequence[bytes], threads: int = 1) -> list[NDArray[np.uint8]]:
        """Return (H, W, 3) bytes of each encoded picture, for ``stacked`` and ``normalised``.

        More threads than one work side by side, each computing with itself alone.

        Raises:
            ValueError: as ``batch`` does.
        """
        return each_decoded(images, self._resized, threads)

    def blank(self) -> NDArray[np.uint8]:
        """Return (H, W, 3) bytes of a picture that shows nothing, as ``decoded`` returns others."""
        return np.zeros((self.size, self.size, 3), np.uint8)

    def collated(self, decoded: Sequence[NDArray[np.uint8]]) -> Inputs:
        """Return some images, by the name that the model takes them by: (B, H, W, 3) bytes."""
        return {PIXELS: stacked(decoded)}

    def normalised(self, collated: Inputs) -> Inputs:
        """Return (B, 3, H, W) float32 pixels in their place."""
        return {PIXELS: self.levels(collated[PIXELS])}

    def seen(self, image: bytes) -> Tensor:
        """Return (3, H, W) float32 pixels of an encoded image."""
        return self.batch([image])[0]

    def levels(self, raw_BHWC: Tensor) -> Tensor:
        """Return (B, 3, H, W) float32 pixels, on any device the same to the bit as the processor's.

        It multiplies bytes by 1/255 in float64 and rounds; to divide by 255 in float32 rounds all 256 alike.
        """
        levels, mean, std = (
            torch.tensor(values, device=raw_BHWC.device)[:, None, None]
            for values in ([255.0], self.mean, self.std)
        )
        channels_BCHW = raw_BHWC.permute(0, 3, 1, 2)
        out_BCHW = torch.empty(channels_BCHW.shape, device=raw_BHWC.device)
        whole, on_cpu = (channels_BCHW, out_BCHW), raw_BHWC.device.type == "cpu"
        for part, out in zip(*whole, strict=True) if on_cpu else [whole]:  # one image stays in the cache
            out.copy_(part).div_(levels).sub_(mean).div_(std)
        return out_BCHW

    def _resized(self, encoded: bytes) -> NDArray[np.uint8]:
        with Image.open(io.BytesIO(encoded)) as opened:
            full = opened.size
            if self.input_format.resize == "scaled" and max(full) >= 2 * self.size:
                opened.draft("RGB", (full[0] // 2, full[1] // 2))  # does nothing unless it is a JPEG
            image = shown(opened, self.input_format)
            halved = opened.size != full
        # libjpeg rounds odd sides up: put the image where a resize of the whole would have it
        if halved and (full[0] % 2 or full[1] % 2):
            return self._in_place(image, full if image.width - full[0] // 2 in (0, 1) else full[::-1])
        if self.input_format.resize == "exact" or max(image.size) <= self.size:
            return np.asarray(self._square(image))
        return self._nearly(image)

    def _in_place(self, image: Image.Image, full: tuple[int, int]) -> NDArray[np.uint8]:
        """Do as ``_nearly`` with a picture decoded at half of its ``full`` size, of which a side is odd.

        Half of that side is no number of pixels, so what becomes the square begins or ends between two.
        """
        side = max(full)
        left, top = ((side - length) // 2 for length in full)
        larger = Image.new("RGB", (side // 2 + 1,) * 2, self._colour)
        larger.paste(image, (-(-left // 2), -(-top // 2)))
        box = left % 2 / 2, top % 2 / 2, (left % 2 + side) / 2, (top % 2 + side) / 2
        return np.asarray(larger.resize((self.size, self.size), Image.Resampling.BICUBIC, box))

    def _square(self, image: Image.Image) -> Image.Image:
        (width, height), side, size = image.size, max(image.size), self.size
        if width > height:
            image = image.resize((size, height), Image.Resampling.BICUBIC)
        image = padded(image, (size if width > height else side, side), self._colour)
        left, top = self._bare(width, side), self._bare(height, side)
        x, y = left * side / size, top * side / size
        box = x, y, image.width - x, side - y
        inner = image.resize((size - 2 * left, size - 2 * top), Image.Resampling.BICUBIC, box)
        return padded(inner, (size, size), self._colour)

    def _bare(self, length: int, side: int) -> int:
        """Return how many rows (or columns) at either end of the result come of padding alone, at least.

        What is left out ends at a place that a float holds exactly, so that Pillow gives the rest the
        weights that it has in the whole.
        """
        scale, exact = side / self.size, self.size // math.gcd(side, self.size)
        exact //= exact & -exact  # halves, quarters ... of a pixel are exact too
        padding, reach = (side - length) // 2, 2 * max(scale, 1) + 1
        return max(0, int((padding - reach) / scale) // exact * exact)

    def _nearly(self, image: Image.Image) -> NDArray[np.uint8]:
        """Do as ``_square`` does with torch, whose weights have fewer bits."""
        square = padded(image, (max(image.size),) * 2, self._colour)
        pixels_1CHW = torch.from_numpy(np.array(square)).permute(2, 0, 1)[None]
        resized: NDArray[np.uint8] = functional.interpolate(
            pixels_1CHW, size=(self.size, self.size), mode="bicubic", antialias=True
        )[0].permute(1, 2, 0).numpy()  # fmt: skip
        return resized

    @cached_property
    def _colour(self) -> tuple[int, ...]:
        return tuple(int(value * 255) for value in self.mean)


def stacked(decoded: Sequence[NDArray[np.uint8]]) -> Tensor:
    """Return pictures of one size as (B, H, W, 3)."""
    return torch.from_numpy(np.stack(decoded))


def padded(image: Image.Image, size: tuple[int, int], colour: tuple[int, ...]) -> Image.Image:
    """Return the picture in the middle of a larger one of ``colour``, or itself if it has that size."""
    if image.size == size:
        return image
    larger = Image.new("RGB", size, colour)
    larger.paste(image, ((size[0] - image.width) // 2, (size[1] - image.height) // 2))
    return larger

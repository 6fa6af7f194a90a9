"""Pictures as the vision tower sees them, fast.

The arithmetic is that of ``LlavaImageProcessorPil(do_pad=True)``, and so of LLaVA-1.5: RGB (alpha
dropped, as in LLaVA; EXIF rotation ignored), padding to a square with the mean colour, a bicubic resize,
scaling and normalising. Only the order of work differs: after the resize there are 256 values per
channel, so scaling and normalising are a table.
"""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

# Shapes: B pictures, C channels, H and W pixels

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True, kw_only=True)
class Pixels:
    """How a model wants its pictures."""

    size: int
    """Pixels of a side."""
    mean: tuple[float, ...] = CLIP_MEAN
    std: tuple[float, ...] = CLIP_STD

    @classmethod
    def of(cls, folder: Path) -> "Pixels":
        """Read the picture settings of a saved LLaVA folder.

        Raises:
            ValueError: if its processor does something else than pad, resize and normalise.
        """
        settings = _settings(folder)
        size = settings["crop_size"]["height"]
        expected = {"do_pad": True, "resample": 3, "size": {"shortest_edge": size}}
        for key, value in expected.items():
            if settings.get(key) != value:
                raise ValueError(
                    f"{folder}: the image processor has {key}={settings.get(key)!r}; "
                    f"expected {value!r}, as in LLaVA-1.5"
                )
        return cls(size=size, mean=tuple(settings["image_mean"]), std=tuple(settings["image_std"]))

    def batch(self, pictures: Sequence[bytes]) -> Tensor:
        """Return (B, 3, H, W) float32 pixels of encoded pictures (PNG, JPEG, PPM ...).

        Raises:
            ValueError: if a picture cannot be decoded; the message holds its place in the batch.
        """
        raw_BHWC = np.empty((len(pictures), self.size, self.size, 3), np.uint8)
        for place, picture in enumerate(pictures):
            try:
                raw_BHWC[place] = np.asarray(self._square(picture))
            except (OSError, SyntaxError, Image.DecompressionBombError) as error:
                raise ValueError(f"picture {place} of {len(pictures)} cannot be decoded: {error}") from error
        return torch.from_numpy(self._normalise(raw_BHWC))

    def _square(self, picture: bytes) -> Image.Image:
        with Image.open(io.BytesIO(picture)) as opened:
            image = opened.convert("RGB")
        if image.width != image.height:
            image = pad_to_square(image, self._colour)
        if image.width != self.size:
            image = image.resize((self.size, self.size), Image.Resampling.BICUBIC)
        return image

    @cached_property
    def _colour(self) -> tuple[int, ...]:
        return tuple(int(value * 255) for value in self.mean)

    @cached_property
    def _table(self) -> NDArray[np.float32]:
        """Normalised value of each channel and byte, in the processor's order and precision."""
        scaled = (np.arange(256, dtype=np.float64) * (1 / 255)).astype(np.float32)
        mean, std = (np.array(v, np.float32) for v in (self.mean, self.std))
        return np.stack([(scaled - m) / s for m, s in zip(mean, std, strict=True)])

    def _normalise(self, raw_BHWC: NDArray[np.uint8]) -> NDArray[np.float32]:
        out = np.empty((len(raw_BHWC), 3, self.size, self.size), np.float32)
        for channel, values in enumerate(self._table):
            np.take(values, raw_BHWC[..., channel], out=out[:, channel], mode="clip")  # unbuffered
        return out


def pad_to_square(image: Image.Image, colour: tuple[int, ...]) -> Image.Image:
    """Return the picture in the middle of a square of ``colour``."""
    side = max(image.size)
    square = Image.new("RGB", (side, side), colour)
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return square


def _settings(folder: Path) -> dict[str, Any]:
    """Read the image processor's settings from either of the files transformers keeps them in."""
    both = folder / "processor_config.json"
    settings: dict[str, Any] = json.loads(both.read_text()) if both.exists() else {}
    if "image_processor" not in settings:
        settings = {"image_processor": json.loads((folder / "preprocessor_config.json").read_text())}
    inner: dict[str, Any] = settings["image_processor"]
    return inner

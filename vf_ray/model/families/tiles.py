"""Images that a vision tower sees as square tiles of one size, the last of them the whole image made small.

Shapes: N images, T tiles of all images, H and W pixels of a tile's sides
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from vf_ray.errors import UserError
from vf_ray.model.families.decoding import each_decoded, levels, rgb
from vf_ray.model.families.family import Inputs
from vf_ray.recipe.input_format import InputFormat

PIXELS, TILES = "pixel_values", "num_tiles"
ORDER = {"do_rescale": True, "do_normalize": True, "do_convert_rgb": True}
"""What a processor is to do with every tile."""


@dataclass(frozen=True, kw_only=True)
class TiledImages:
    """Cuts images into tiles; a family derives ``tiles``."""

    side: int
    """Pixels of a tile's sides."""
    mean: tuple[float, ...]
    std: tuple[float, ...]
    resample: int
    """Pillow's number of a filter."""

    def tiles(self, image: Image.Image) -> list[Image.Image]:
        """Return an image's tiles, in the order in which the model reads them."""
        raise TypeError(f"{type(self).__name__} does not say how it cuts an image")

    def among(self, images: int) -> "TiledImages":
        """Return itself: an image looks the same beside others."""
        return self

    def decoded(self, images: Sequence[bytes], threads: int = 1) -> list[NDArray[np.uint8]]:
        """Return (tiles, H, W, 3) bytes of each encoded image.

        Raises:
            ValueError: if an image cannot be decoded; the message holds its place.
        """
        return each_decoded(images, self._cut, threads)

    def blank(self) -> NDArray[np.uint8]:
        """Return one tile that shows nothing."""
        return np.zeros((1, self.side, self.side, 3), np.uint8)

    def collated(self, decoded: Sequence[NDArray[np.uint8]]) -> Inputs:
        """Return (T, H, W, 3) bytes, and (N,) how many of them each image has."""
        counts = torch.tensor([len(tiles) for tiles in decoded])
        return {PIXELS: torch.from_numpy(np.concatenate(decoded)), TILES: counts}

    def normalised(self, collated: Inputs) -> Inputs:
        """Return (T, 3, H, W) float32 pixels, and the counts as they are."""
        pixels = levels(collated[PIXELS].permute(0, 3, 1, 2), self.mean, self.std)
        return {PIXELS: pixels, TILES: collated[TILES]}

    def seen(self, image: bytes) -> Tensor:
        """Return (3, H, W) of the tile that shows the whole image."""
        return self.normalised(self.collated(self.decoded([image])))[PIXELS][-1]

    def resized(self, image: Image.Image, width: int, height: int) -> Image.Image:
        """Return an image of another size, as transformers' processors resize with Pillow."""
        return image.resize((width, height), Image.Resampling(self.resample))

    def grid(self, image: Image.Image, rows: int, columns: int) -> list[Image.Image]:
        """Cut an image of so many tiles, row by row."""
        corners = ((c * self.side, r * self.side) for r in range(rows) for c in range(columns))
        return [image.crop((x, y, x + self.side, y + self.side)) for x, y in corners]

    def _cut(self, encoded: bytes) -> NDArray[np.uint8]:
        return np.stack([np.asarray(tile) for tile in self.tiles(rgb(encoded, InputFormat()))])


def require_order(folder: Path, settings: Mapping[str, Any]) -> None:
    """Refuse a processor that leaves out what is done with every tile here.

    Raises:
        UserError: naming the setting.
    """
    for key, value in ORDER.items():
        if settings.get(key, value) != value:
            raise UserError(f"{folder}: the image processor has {key}={settings[key]!r}; expected {value!r}")


def of_tiles(embedded: Tensor, num_tiles: Tensor) -> list[Tensor]:
    """Return, of (T, tokens, D), what stands for each image: N of (its tiles' tokens, D)."""
    return [tiles.flatten(0, 1) for tiles in torch.split(embedded, num_tiles.tolist())]

"""How LLaVA-NeXT and LLaVA-OneVision cut an image: the whole, then tiles of the resolution that suits it.

The arithmetic, roundings included, is that of transformers' processors and models
(``select_best_resolution``, ``_get_unpadded_features``, ``unpad_image``), and so of LLaVA's authors
(``anyres``, ``spatial_unpad``).

Shapes: p tokens of a tile's side, h and w tokens of an image's sides, D width
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

MUCH = 1.1
"""Times the tokens of the most tiles, by their sides, beyond which an image's are brought down to them."""


@dataclass(frozen=True, kw_only=True)
class Tiling:
    """Where tiles lie, and which of their tokens stand for the image rather than for padding."""

    resolutions: tuple[tuple[int, int], ...]
    """Heights and widths, in pixels, that images are brought to."""
    side: int
    """Pixels of a tile's side."""
    per_side: int
    """Tokens of a tile's side."""
    most: int
    """Tiles whose tokens an image has at most; 0: as many as its resolution has."""

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "Tiling":
        """Read it from what a model's ``config.json`` says."""
        vision, most = config["vision_config"], config.get("vision_aspect_ratio", "")
        side = int(vision["image_size"])
        return cls(
            resolutions=tuple((height, width) for height, width in config["image_grid_pinpoints"]),
            side=side, per_side=side // int(vision["patch_size"]),
            most=int(most.removeprefix("anyres_max_") or 0),
        )  # fmt: skip

    def resolution(self, width: int, height: int) -> tuple[int, int]:
        """Return the height and width that keep most of an image's pixels and, among those, waste least."""

        def worth(resolution: tuple[int, int]) -> tuple[int, int]:
            rows, columns = resolution
            scale = min(columns / width, rows / height)
            useful = min(int(width * scale) * int(height * scale), width * height)
            return useful, useful - rows * columns

        return max(self.resolutions, key=worth)

    def grid(self, width: int, height: int) -> tuple[int, int]:
        """Return in how many rows and columns of tiles an image is cut."""
        rows, columns = self.resolution(width, height)
        return rows // self.side, columns // self.side

    def margins(self, width: int, height: int) -> tuple[int, int]:
        """Return how many rows of tokens, or columns, at either end are padding."""
        rows, columns = (tiles * self.per_side for tiles in self.grid(width, height))
        if width / height > columns / rows:
            return (rows - int(round(height * (columns / width), 7))) // 2, 0
        return 0, (columns - int(round(width * (rows / height), 7))) // 2

    def shape(self, width: int, height: int) -> tuple[int, int]:
        """Return rows and columns of tokens that stand for the tiles of an image."""
        rows, columns = (
            tiles * self.per_side - 2 * margin
            for tiles, margin in zip(self.grid(width, height), self.margins(width, height), strict=True)
        )
        ratio = math.sqrt(rows * columns / (self.most * self.per_side**2)) if self.most else 0.0
        return (int(rows // ratio), int(columns // ratio)) if ratio > MUCH else (rows, columns)

    def tokens(self, width: int, height: int) -> int:
        """Return how many tokens an image takes: the whole, and each row of its tiles with its end."""
        rows, columns = self.shape(width, height)
        return self.per_side**2 + rows * (columns + 1)

    def laid(self, tiles: Tensor, newline: Tensor, width: int, height: int) -> Tensor:
        """Return (tokens, D) of an image's tiles (1 + rows * columns, p * p, D), the whole image first.

        ``newline`` (D,) ends each row of tokens.
        """
        whole, (rows, columns), p = tiles[0], self.grid(width, height), self.per_side
        image_Dhw = tiles[1:].view(rows, columns, p, p, -1)
        image_Dhw = image_Dhw.permute(4, 0, 2, 1, 3).flatten(3, 4).flatten(1, 2)
        top, left = self.margins(width, height)
        image_Dhw = image_Dhw[:, top : rows * p - top, left : columns * p - left]
        if (shape := self.shape(width, height)) != image_Dhw.shape[1:]:
            image_Dhw = functional.interpolate(image_Dhw[None], shape, mode="bilinear")[0]
        ends = newline[:, None, None].expand(-1, shape[0], 1).to(image_Dhw)
        return torch.cat([whole, torch.cat([image_Dhw, ends], dim=-1).flatten(1).T])

"""How InternVL cuts an image: into the grid of tiles whose shape is nearest to its own, then a thumbnail."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from PIL import Image

from vf_ray.errors import UserError
from vf_ray.model.families.decoding import image_settings
from vf_ray.model.families.tiles import TiledImages, require_order


@dataclass(frozen=True, kw_only=True)
class InternVlImages(TiledImages):
    """The arithmetic of transformers' ``GotOcr2ImageProcessor`` where it crops to patches, on Pillow."""

    fewest: int
    most: int
    """Tiles of an image, the thumbnail left out."""

    @classmethod
    def of(cls, folder: Path) -> "InternVlImages":
        """Read a folder's processor.

        Raises:
            UserError: if it does something else.
        """
        settings = image_settings(folder)
        require_order(folder, settings)
        side = settings["size"]["width"]
        if settings["size"]["height"] != side:
            raise UserError(f"{folder}: the image processor's tiles are no squares: {settings['size']}")
        return cls(
            side=side, mean=tuple(settings["image_mean"]), std=tuple(settings["image_std"]),
            resample=settings.get("resample", Image.Resampling.BICUBIC),
            fewest=settings.get("min_patches", 1), most=settings.get("max_patches", 12),
        )  # fmt: skip

    def layout(self, width: int, height: int) -> tuple[int, int]:
        """Return the rows and columns of an image's grid; of grids alike, the largest that it half fills."""
        best, nearest = (1, 1), float("inf")
        for rows, columns in self._grids:
            off = abs(width / height - columns / rows)
            filled = width * height > 0.5 * self.side * self.side * rows * columns
            if off < nearest or (off == nearest and filled):
                best, nearest = (rows, columns), off
        return best

    def count(self, width: int, height: int) -> int:
        """Return how many tiles an image has, its thumbnail among them."""
        rows, columns = self.layout(width, height)
        return rows * columns + (rows * columns > 1)

    def tiles(self, image: Image.Image) -> list[Image.Image]:
        """Return an image's tiles, row by row, and where there are several the image as one tile."""
        rows, columns = self.layout(*image.size)
        cut = self.grid(self.resized(image, columns * self.side, rows * self.side), rows, columns)
        return cut if len(cut) == 1 else [*cut, self.resized(image, self.side, self.side)]

    @cached_property
    def _grids(self) -> tuple[tuple[int, int], ...]:
        """Return the grids that there may be, smallest first."""
        sides = range(1, self.most + 1)
        grids = [(r, c) for c in sides for r in sides if self.fewest <= r * c <= self.most]
        return tuple(sorted(grids, key=lambda grid: grid[0] * grid[1]))

"""What stands for an image among a SmolVLM's tokens."""

from dataclasses import dataclass
from pathlib import Path

from vf_ray.model.encoded import ImageSize
from vf_ray.model.families._smolvlm.images import SmolVlmImages
from vf_ray.model.families.chat_family import Spoken
from vf_ray.model.families.rendering import ChatEncoder
from vf_ray.model.tensors import read_config

IMAGE, AROUND, WHOLE, TILE = "<image>", "<fake_token_around_image>", "<global-img>", "<row_{}_col_{}>"
MOST = 6
"""Rows and columns that have a token."""


@dataclass(frozen=True, kw_only=True)
class SmolVlmEncoder(ChatEncoder):
    """Writes the tiles row by row, each after its place, then the whole image."""

    images: SmolVlmImages
    tokens_per_tile: int

    @classmethod
    def of(cls, folder: Path, spoken: Spoken) -> "SmolVlmEncoder":
        """Read what a folder's configuration and processor say of images."""
        config, images = read_config(folder), SmolVlmImages.of(folder)
        joined = config["vision_config"]["patch_size"] * config["scale_factor"]
        tokens = (images.side // joined) ** 2
        return cls(**spoken, images=images, image=IMAGE, marker=IMAGE, tokens_per_tile=tokens)

    def expanded(self, size: ImageSize, images: int) -> str:
        """Return what takes the place of ``<image>``."""
        rows, columns = self.images.layout(*size)
        tile = self.image * self.tokens_per_tile
        whole = f"{AROUND}{WHOLE}{tile}{AROUND}"
        if not rows:
            return whole
        lines = ("".join(_place(r, c) + tile for c in range(columns)) for r in range(rows))
        return "".join(f"{line}\n" for line in lines) + f"\n{whole}"


def _place(row: int, column: int) -> str:
    return AROUND + TILE.format(row + 1, column + 1)

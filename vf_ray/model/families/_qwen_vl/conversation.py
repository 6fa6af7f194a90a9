"""Conversations as Qwen-VL reads them: in its own chat template, counted along three axes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vf_ray.model.encoded import ImageSize
from vf_ray.model.families._qwen_vl.pixels import PatchedImages
from vf_ray.model.families.chat_family import Spoken
from vf_ray.model.families.rendering import ChatEncoder

PAD = "<|image_pad|>"
"""Stands for one token of an image."""


@dataclass(frozen=True, kw_only=True)
class QwenEncoder(ChatEncoder):
    """Expands an image by its grid of tokens."""

    images: PatchedImages

    @classmethod
    def of(cls, folder: Path, spoken: Spoken) -> "QwenEncoder":
        """Read what a folder's processor says of images."""
        return cls(**spoken, images=PatchedImages.of(folder), image=PAD, marker=PAD)

    def expanded(self, size: ImageSize, images: int) -> str:
        """Return a token for each place of the image's grid."""
        rows, columns = self.images.grid(*size)
        return self.image * (rows * columns)

    def axes(self, ids: Sequence[int], images: Sequence[ImageSize]) -> Tensor:
        """Return (3, S) int64: time, row and column of each token, as the model's ``get_rope_index`` does.

        A token of text counts one on along all three. An image stands still in time while its rows and
        columns count from where it begins; what follows goes on behind the longer of its sides.
        """
        return torch.cat([torch.empty(3, 0, dtype=torch.int64), *self._axes(ids, images)], dim=1)

    def _axes(self, ids: Sequence[int], images: Sequence[ImageSize]) -> Iterator[Tensor]:
        place, image_id, grids = 0, self.image_id, iter(self.images.grids(images))
        for is_image, run in groupby(ids, lambda token: token == image_id):
            if is_image:
                rows, columns = next(grids)
                yield place + torch.stack(_grid(rows, columns))
                place += max(rows, columns)
            else:
                tokens = len(list(run))
                yield torch.arange(place, place + tokens).expand(3, -1)
                place += tokens


def _grid(rows: int, columns: int) -> tuple[Any, Any, Any]:
    """Return time, row and column of an image's tokens, from 0, each (rows * columns,)."""
    down, across = torch.arange(rows).repeat_interleave(columns), torch.arange(columns).repeat(rows)
    return torch.zeros_like(down), down, across

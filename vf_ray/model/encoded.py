"""A conversation as a model reads it, of whatever family."""

from dataclasses import dataclass

import torch
from torch import Tensor

ImageSize = tuple[int, int]
"""Width and height of an image in pixels, as its file says."""
IGNORE = -100
"""The label of a token that is not trained."""


class TooLongError(ValueError):
    """A conversation that has more tokens than the model may read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """Token ids, those of images included, and for each its label or -100; S of them."""

    ids: list[int]
    labels: list[int]
    axes: Tensor | None = None
    """(axes, S) int64 positions, for families that count on several; None: each token's place."""
    prefix_len: int = 0
    """How many tokens any other conversation about the same images begins with; 0: it can share none."""
    image_tokens: int = 0
    """Tokens that stand for images, all of them in the prefix where there is one."""
    cut: int = 0
    """Tokens that were left out at the end."""

    @property
    def positions(self) -> Tensor:
        """Return (S,) or (axes, S) int64: where each token stands."""
        return torch.arange(len(self.ids)) if self.axes is None else self.axes

    @property
    def num_labels(self) -> int:
        """Return how many tokens are trained; the first has no predecessor."""
        later = self.labels[1:]
        return len(later) - later.count(IGNORE)

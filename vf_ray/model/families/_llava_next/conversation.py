"""What stands for an image among the tokens of a LLaVA-NeXT or LLaVA-OneVision."""

from dataclasses import dataclass

from vf_ray.model.encoded import ImageSize
from vf_ray.model.families._llava_next.images import CutImages
from vf_ray.model.families.rendering import ChatEncoder

IMAGE = "<image>"


@dataclass(frozen=True, kw_only=True)
class NextEncoder(ChatEncoder):
    """Counts an image's tokens by its tiling."""

    images: CutImages

    def expanded(self, size: ImageSize, images: int) -> str:
        """Return a token for each place of an image."""
        return self.image * self.images.among(images).tokens(*size)

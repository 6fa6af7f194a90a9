"""What stands for an image among the tokens of a LLaVA-NeXT or LLaVA-OneVision."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

from vf_ray.model.encoded import ImageSize
from vf_ray.model.families._llava_next.images import CutImages
from vf_ray.model.families.chat_family import Spoken
from vf_ray.model.families.rendering import ChatEncoder

IMAGE = "<image>"


@dataclass(frozen=True, kw_only=True)
class NextEncoder(ChatEncoder):
    """Counts an image's tokens by its tiling."""

    images: CutImages
    square: ClassVar[bool] = False
    """Whether one of several images is shown as one square."""

    @classmethod
    def of(cls, folder: Path, spoken: Spoken) -> Self:
        """Read what a folder's configuration and processor say of images."""
        return cls(**spoken, images=CutImages.of(folder, square=cls.square), image=IMAGE, marker=IMAGE)

    def expanded(self, size: ImageSize, images: int) -> str:
        """Return a token for each place of an image."""
        return self.image * self.images.among(images).tokens(*size)


class OneVisionEncoder(NextEncoder):
    """Shows one of several images as one square."""

    square = True

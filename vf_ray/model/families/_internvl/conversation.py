"""What stands for an image among an InternVL's tokens."""

from dataclasses import dataclass
from pathlib import Path

from vf_ray.model.encoded import ImageSize
from vf_ray.model.families._internvl.images import InternVlImages
from vf_ray.model.families.chat_family import Spoken
from vf_ray.model.families.rendering import ChatEncoder
from vf_ray.model.tensors import read_config

START, CONTEXT, END = "<img>", "<IMG_CONTEXT>", "</img>"


@dataclass(frozen=True, kw_only=True)
class InternVlEncoder(ChatEncoder):
    """Writes all tiles of an image between two marks."""

    images: InternVlImages
    tokens_per_tile: int

    @classmethod
    def of(cls, folder: Path, spoken: Spoken) -> "InternVlEncoder":
        """Read what a folder's configuration and processor say of images."""
        tokens = read_config(folder)["image_seq_length"]
        images = InternVlImages.of(folder)
        return cls(**spoken, images=images, image=CONTEXT, marker=CONTEXT, tokens_per_tile=tokens)

    def expanded(self, size: ImageSize, images: int) -> str:
        """Return what takes the place of ``<IMG_CONTEXT>``."""
        return f"{START}{self.image * self.tokens_per_tile * self.images.count(*size)}{END}"

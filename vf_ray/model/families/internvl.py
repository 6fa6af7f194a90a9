"""InternVL: the tiles nearest to an image's shape and a thumbnail, a pixel shuffle, a Qwen2.

Of the layout that transformers reads (``-hf`` folders). Transparency is laid on white and EXIF orientation
not applied, as by its own processor since 5.21.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from vf_ray.model.families.chat_family import ChatFamily
from vf_ray.model.families.family import Inputs
from vf_ray.model.families.kept import Footprint, Kept, tower
from vf_ray.recipe import Base

if TYPE_CHECKING:
    from torch import Tensor

    from vf_ray.model.families._internvl.conversation import InternVlEncoder
    from vf_ray.model.families.whole_folder import Fresh


class InternVl(ChatFamily):
    """InternVL2.5 and 3, of any size whose decoder transformers has."""

    name = "internvl"
    kinds = ("internvl",)
    modules: Mapping[str, tuple[str, ...]] = {
        "vision_tower": ("model.vision_tower.",),
        "projector": ("model.multi_modal_projector.",),
        "language_model": ("model.language_model.", "lm_head."),
    }
    saved_modules = modules
    lora_targets = r"model\.language_model\.layers\.\d+\..*_proj"
    tower, decoder = "model.vision_tower", "model.language_model"
    roles = ("user\n", "assistant\n")

    def patches(self, config: Any, image_tokens: int, images: int) -> int:
        """Count what the shuffle joined to a token, and the class token of each tile."""
        tiles, joined = image_tokens // int(config.image_seq_length), round(config.downsample_ratio**-2)
        return image_tokens * int(joined) + tiles

    def tower_keeps(self, config: Any) -> Kept:
        """Return a SigLIP's, and what its two learned scales multiply."""
        vision = config.vision_config
        pixels = 3 * vision.patch_size[0] * vision.patch_size[1]
        return tower(vision.hidden_size, vision.intermediate_size, pixels, more=2)

    def projector_keeps(self, config: Any) -> Footprint:
        """Return both sides of its norm, of the patches that the shuffle joined, and of what lies within."""
        joined = config.vision_config.hidden_size / config.downsample_ratio**2
        return Footprint(2 * joined + 2 * config.get_text_config().hidden_size)

    def fresh(self, base: Base, texts: Iterable[str]) -> "Fresh":
        """Return one of a base's sizes."""
        from vf_ray.model.families._internvl.fresh import fresh

        return fresh(base, texts)

    @property
    def encoder_class(self) -> "type[InternVlEncoder]":
        """Return what writes an image's tiles."""
        from vf_ray.model.families._internvl.conversation import InternVlEncoder

        return InternVlEncoder

    def embedded(self, model: Any, images: Inputs) -> "list[Tensor]":
        """Return the shuffled and projected patches of each image's tiles, the thumbnail last."""
        from vf_ray.model.families.tiles import PIXELS, TILES, of_tiles

        features_TPD = model.model.get_image_features(images[PIXELS], return_dict=True).pooler_output
        return of_tiles(features_TPD, images[TILES])

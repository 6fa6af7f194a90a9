"""SmolVLM and Idefics3: tiles of any image and the whole one, a SigLIP, a pixel shuffle, a Llama.

An image is enlarged or shrunk to one longest side, cut into tiles that are named by row and column among the
tokens, and shown once more as a whole. All tiles are whole squares, so that no pixel of one is masked.
Transparency is laid on white and EXIF orientation not applied, as by transformers' own processor since 5.21.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from vf_ray.model.families.chat_family import ChatFamily
from vf_ray.model.families.family import Inputs
from vf_ray.model.families.kept import Footprint
from vf_ray.recipe import Base

if TYPE_CHECKING:
    from torch import Tensor

    from vf_ray.model.families._smolvlm.conversation import SmolVlmEncoder
    from vf_ray.model.families.whole_folder import Fresh


class SmolVlm(ChatFamily):
    """SmolVLM (256M, 500M, 2.2B) as Idefics3, and SmolVLM2 as itself, whose images are the same."""

    name = "smolvlm"
    kinds = ("idefics3", "smolvlm")
    modules: Mapping[str, tuple[str, ...]] = {
        "vision_tower": ("model.vision_model.",),
        "projector": ("model.connector.",),
        "language_model": ("model.text_model.", "lm_head."),
    }
    saved_modules = modules
    lora_targets = r"model\.text_model\.layers\.\d+\..*_proj"
    tower, decoder = "model.vision_model", "model.text_model"
    roles = ("User:", "Assistant:")

    def patches(self, config: Any, image_tokens: int, images: int) -> int:
        """Count what the shuffle joined to a token."""
        return image_tokens * int(config.scale_factor) ** 2

    def projector_keeps(self, config: Any) -> Footprint:
        """Return what its one layer does: the patches that the shuffle joined."""
        return Footprint(config.vision_config.hidden_size * config.scale_factor**2)

    def fresh(self, base: Base, texts: Iterable[str]) -> "Fresh":
        """Return an Idefics3's."""
        from vf_ray.model.families._smolvlm.fresh import fresh

        return fresh(base, texts)

    @property
    def encoder_class(self) -> "type[SmolVlmEncoder]":
        """Return what writes an image's tiles."""
        from vf_ray.model.families._smolvlm.conversation import SmolVlmEncoder

        return SmolVlmEncoder

    def embedded(self, model: Any, images: Inputs) -> "list[Tensor]":
        """Return the shuffled and projected patches of each image's tiles, the whole image last."""
        from vf_ray.model.families.tiles import PIXELS, TILES, of_tiles

        patches_TPD = self.vision_tower(model)(images[PIXELS]).last_hidden_state
        return of_tiles(model.get_submodule("model.connector")(patches_TPD), images[TILES])

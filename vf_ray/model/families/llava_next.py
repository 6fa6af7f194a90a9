"""LLaVA-NeXT: LLaVA-1.5's parts, and images of any resolution as tiles; with a Mistral, a Vicuna, a Llama 3.

What lies in ``_llava_next/`` is LLaVA-OneVision's too: tiling.py (which tokens stand for an image), images.py
(which pixels), fresh.py (an untrained one).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vf_ray.model.families.chat_family import ChatFamily
from vf_ray.model.families.family import Inputs
from vf_ray.model.families.towered import SelectedLayer
from vf_ray.recipe import Base

if TYPE_CHECKING:
    from torch import Tensor

    from vf_ray.model.families._llava_next.conversation import NextEncoder
    from vf_ray.model.families.whole_folder import Fresh


class LlavaNext(SelectedLayer, ChatFamily):
    """LLaVA-1.6 (7B, 8B, 13B, 34B ...), whose images are tiled however many there are."""

    name = "llava_next"
    kinds: tuple[str, ...] = ("llava_next",)
    modules: Mapping[str, tuple[str, ...]] = {
        "vision_tower": ("model.vision_tower.",),
        "projector": ("model.multi_modal_projector.", "model.image_newline"),
        "language_model": ("model.language_model.", "lm_head."),
    }
    saved_modules: Mapping[str, tuple[str, ...]] = {
        "vision_tower": ("vision_tower.",),
        "projector": ("multi_modal_projector.", "image_newline"),
        "language_model": ("language_model.",),
    }
    lora_targets = r"model\.language_model\.layers\.\d+\..*_proj"
    tower, decoder = "model.vision_tower", "model.language_model"

    def patches(self, config: Any, image_tokens: int, images: int) -> int:
        """Count the tiles of an image as large as they have tokens; padding and ends of rows even out."""
        return image_tokens

    def fresh(self, base: Base, texts: Iterable[str]) -> "Fresh":
        """Return one of a CLIP and a Mistral."""
        from vf_ray.model.families._llava_next.fresh import next_of

        return next_of(base, texts)

    @property
    def encoder_class(self) -> "type[NextEncoder]":
        """Return what counts an image's tiles."""
        from vf_ray.model.families._llava_next.conversation import NextEncoder

        return NextEncoder

    def saved_name(self, name: str) -> str:
        """Return the name in the published folders, which are named as LLaVA-1.5's.

        Raises:
            ValueError: for a tensor that no model of the family has.
        """
        from vf_ray.model.families._llava15.layout import canonical

        return canonical(super().saved_name(name)).removeprefix("model.")

    def embedded(self, model: Any, images: Inputs) -> "Sequence[Tensor]":
        """Return each image's projected patches: the whole, then its tiles row by row, each row ended."""
        from vf_ray.model.families._llava_next.images import laid
        from vf_ray.model.families._llava_next.tiling import Tiling
        from vf_ray.model.families.tiles import PIXELS

        config = model.config
        seen = self.vision_tower(model)(images[PIXELS], output_hidden_states=True, return_dict=True)
        patches_TPD = seen.hidden_states[config.vision_feature_layer]
        if config.vision_feature_select_strategy == "default":
            patches_TPD = patches_TPD[:, 1:]
        features_TPD = model.model.multi_modal_projector(patches_TPD)
        tiling = Tiling.of(config.to_dict())
        return laid(tiling, features_TPD, model.model.image_newline, images)

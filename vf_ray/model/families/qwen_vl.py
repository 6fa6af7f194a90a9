"""Qwen-VL: images at their own resolution, positions along three axes; Qwen3-VL, and Qwen2.5-VL.

What is long lies in ``_qwen_vl/``: conversation.py (positions), pixels.py (patches), tower.py (attention over
the patches of many images), fresh.py (an untrained one).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vf_ray.model.families.chat_family import ChatFamily
from vf_ray.model.families.family import Inputs
from vf_ray.model.families.kept import Footprint, Kept, gated_tower, tower
from vf_ray.recipe import Base

if TYPE_CHECKING:
    from torch import Tensor

    from vf_ray.model.families._qwen_vl.conversation import QwenEncoder
    from vf_ray.model.families.whole_folder import Fresh

TOWER = ("patch_embed.", "blocks.", "pos_embed.")


class QwenVl(ChatFamily):
    """Qwen3-VL (2B, 4B, 8B ...), which adds to its first text layers more of each image (deepstack)."""

    name = "qwen_vl"
    kinds: tuple[str, ...] = ("qwen3_vl",)
    modules: Mapping[str, tuple[str, ...]] = {
        "vision_tower": tuple(f"model.visual.{part}" for part in TOWER),
        "projector": ("model.visual.merger.", "model.visual.deepstack_merger_list."),
        "language_model": ("model.language_model.", "lm_head."),
    }
    saved_modules = modules
    lora_targets = r"model\.language_model\.layers\.\d+\..*_proj"
    bounded = True
    tower, decoder = "model.visual", "model.language_model"

    def patches(self, config: Any, image_tokens: int, images: int) -> int:
        """Count what was merged to a token."""
        return image_tokens * int(config.vision_config.spatial_merge_size) ** 2

    def tower_keeps(self, config: Any) -> Kept:
        """Return a SigLIP's, and attention's output laid out anew."""
        vision = config.vision_config
        return tower(vision.hidden_size, vision.intermediate_size, _pixels(vision), more=1)

    def projector_keeps(self, config: Any) -> Footprint:
        """Return both sides of norm and inner layer of each merger, as wide as the patches it merges."""
        vision = config.vision_config
        merged, mergers = vision.hidden_size * vision.spatial_merge_size**2, _mergers(vision)
        return Footprint(4 * merged * mergers)

    def fresh(self, base: Base, texts: Iterable[str]) -> "Fresh":
        """Return one with the chat template of its kind."""
        from vf_ray.model.families._qwen_vl.fresh import fresh

        return fresh(self.kinds[0], base, texts)

    @property
    def encoder_class(self) -> "type[QwenEncoder]":
        """Return what writes an image's grid."""
        from vf_ray.model.families._qwen_vl.conversation import QwenEncoder

        return QwenEncoder

    def embedded(self, model: Any, images: Inputs) -> "Sequence[Tensor]":
        """Return the merged patches of each image, and beside them what is added in deeper layers."""
        import torch

        from vf_ray.model.families._qwen_vl import tower
        from vf_ray.model.families._qwen_vl.pixels import GRIDS, PIXELS

        visual: Any = self.vision_tower(model)
        tower.enable(visual)
        grids = images[GRIDS]
        seen = visual(images[PIXELS].to(visual.dtype), grid_thw=grids, return_dict=True)
        each = torch.cat([seen.pooler_output, *getattr(seen, "deepstack_features", ())], dim=-1)
        tokens: list[int] = (grids.prod(-1) // visual.spatial_merge_size**2).tolist()
        return torch.split(each, tokens)

    def placed(self, text: "Tensor", is_image: "Tensor", images: "Tensor") -> "Mapping[str, Any]":
        """Put images where they stand, and hand on what is added there after the first layers."""
        import torch

        from vf_ray.model.packed_model import scattered

        first, *deep = torch.split(images, text.shape[-1], dim=-1)
        added = {"visual_pos_masks": is_image, "deepstack_visual_embeds": deep} if deep else {}
        return scattered(text, is_image, first) | added


class Qwen25Vl(QwenVl):
    """Qwen2.5-VL (3B, 7B, 32B ...), whose tower attends within windows in most of its layers."""

    name = "qwen25_vl"
    kinds = ("qwen2_5_vl",)

    saved_modules: Mapping[str, tuple[str, ...]] = {
        "vision_tower": tuple(f"visual.{part}" for part in TOWER),
        "projector": ("visual.merger.",),
        "language_model": ("model.", "lm_head."),
    }
    """Published folders have older names than transformers."""

    def saved_name(self, name: str) -> str:
        """Return the older name.

        Raises:
            ValueError: for a tensor that a Qwen2.5-VL does not have.
        """
        return re.sub(r"^model\.(visual\.)|^(model\.)language_model\.", r"\1\2", super().saved_name(name))

    def tower_keeps(self, config: Any) -> Kept:
        """Return that of blocks as a decoder has them."""
        vision = config.vision_config
        return gated_tower(vision.hidden_size, vision.intermediate_size, _pixels(vision))


def _pixels(vision: Any) -> int:
    """Return the numbers of a patch: of two frames, which of an image are the same."""
    return 3 * int(vision.temporal_patch_size) * int(vision.patch_size) ** 2


def _mergers(vision: Any) -> int:
    """Return how often patches are merged: at the end, and behind some blocks of a Qwen3-VL."""
    return 1 + len(getattr(vision, "deepstack_visual_indexes", ()))

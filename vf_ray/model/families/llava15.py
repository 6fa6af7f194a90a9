"""LLaVA-1.5 and its kin: a CLIP vision tower, two linear layers, a Llama; one image, square and of one size.

What is long lies in ``_llava15/``, which nothing but this module and tests import: conversation.py (text to
ids and labels, by template.py), pixels.py, adopted.py and assemble.py (from parts), sizes.py.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from vf_ray.errors import require
from vf_ray.model.families._llava15.layout import ADAPTED, ORIGINAL, canonical
from vf_ray.model.families.family import Fetch, Inputs
from vf_ray.model.families.towered import SelectedLayer
from vf_ray.recipe import Base

if TYPE_CHECKING:
    from torch import Tensor

    from vf_ray.model.families._llava15.adopted import Adoption
    from vf_ray.model.families._llava15.conversation import LlavaEncoder


class Llava15(SelectedLayer):
    """The family whose parts a recipe may name one by one."""

    name = "llava15"
    several_images = False
    modules: Mapping[str, tuple[str, ...]] = {
        "vision_tower": ("model.vision_tower.",),
        "projector": ("model.multi_modal_projector.",),
        "language_model": ("model.language_model.", "lm_head."),
    }
    saved_modules: Mapping[str, tuple[str, ...]] = {
        "vision_tower": ("vision_tower.",),
        "projector": ("multi_modal_projector.",),
        "language_model": ("language_model.",),
    }
    lora_targets = r"model\.language_model\.layers\.\d+\..*_proj"
    """Those that LLaVA's own LoRA script takes."""
    tower, decoder = "model.vision_tower", "model.language_model"

    def recognises(self, config: Mapping[str, Any]) -> bool:
        """Take LLaVA's layout of Hugging Face and that of its authors: a Llama with ``mm_`` settings."""
        return config.get("model_type") == "llava" or ORIGINAL in config

    def patches(self, config: Any, image_tokens: int, images: int) -> int:
        """Add the class token of each image, which the language model does not get."""
        return image_tokens + images

    def adopted(self, base: Base, fetch: Fetch) -> "Adoption":
        """Look at what a recipe's base names.

        Raises:
            UserError: for bounds of pixels, since all its images have one size.
        """
        from vf_ray.model.families._llava15.adopted import Adoption

        fault = f"base.max_pixels is {base.max_pixels}, and images of a LLaVA-1.5 have one size; take it out"
        require(not (base.min_pixels or base.max_pixels), fault)
        return Adoption(base, fetch)

    def assemble(self, base: Base, texts: Iterable[str], out: Path, *, seed: int, fetch: Fetch) -> None:
        """Join parts, each fresh or read."""
        from vf_ray.model.families._llava15.assemble import assemble

        assemble(self, base, texts, out, seed=seed, fetch=fetch)

    def encoder(
        self,
        folder: Path,
        max_length: int | None = None,
        template: str = "chat",
        too_long: Literal["reject", "cut"] = "reject",
    ) -> "LlavaEncoder":
        """Read what turns conversations into tokens."""
        from vf_ray.model.families._llava15.conversation import LlavaEncoder

        return LlavaEncoder.of(folder, max_length, template, too_long)

    def model_class(self, config: Mapping[str, Any]) -> type[Any]:
        """Return the class, which takes seconds to import."""
        from transformers import LlavaForConditionalGeneration

        own: type[Any] = LlavaForConditionalGeneration
        return own

    def saved_name(self, name: str) -> str:
        """Return the name in the published folders, the same under every version of transformers.

        Raises:
            ValueError: for a tensor that a LLaVA does not have.
        """
        published = canonical(name)
        if published == name or re.search(ADAPTED, name):
            raise ValueError(f"tensor {name!r} has no place in a LLaVA folder; merge adapters before saving")
        return published

    def learning(self, model: Any) -> Any:
        """Let the model take packs as most do."""
        from vf_ray.model.packed_model import as_packed

        return as_packed(model, self)

    def embedded(self, model: Any, images: Inputs) -> "Sequence[Tensor]":
        """Return the projected patches of each image, its class token left out."""
        seen = self.vision_tower(model)(images["pixel_values"], output_hidden_states=True, return_dict=True)
        patches_NPD = seen.hidden_states[model.config.vision_feature_layer][:, 1:]
        projected_NPD: Tensor = model.model.multi_modal_projector(patches_NPD)
        return projected_NPD.unbind()

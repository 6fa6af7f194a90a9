"""LLaVA-OneVision: a SigLIP and a Qwen2; one image is tiled as LLaVA-NeXT's, several are a square each."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from vf_ray.model.families.llava_next import LlavaNext
from vf_ray.recipe import Base

if TYPE_CHECKING:
    from vf_ray.model.families._llava_next.conversation import OneVisionEncoder
    from vf_ray.model.families.whole_folder import Fresh


class LlavaOneVision(LlavaNext):
    """LLaVA-OneVision (0.5B, 7B ...)."""

    name = "llava_onevision"
    kinds = ("llava_onevision",)

    @property
    def encoder_class(self) -> "type[OneVisionEncoder]":
        """Return what counts an image's tiles, and squares."""
        from vf_ray.model.families._llava_next.conversation import OneVisionEncoder

        return OneVisionEncoder

    def fresh(self, base: Base, texts: Iterable[str]) -> "Fresh":
        """Return one of a SigLIP and a Qwen2."""
        from vf_ray.model.families._llava_next.fresh import onevision_of

        return onevision_of(base, texts)

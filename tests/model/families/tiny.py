"""A tiny model of each family: real classes, processors and chat templates, drawn fresh."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from packaging.version import Version
from PIL import Image

from tests.tiny import TEXTS
from vf_ray.model.families import FAMILIES, family_of_base
from vf_ray.recipe import Base

CHATTING = tuple(family.name for family in FAMILIES[1:])
"""Those that speak by their folder's own chat template."""
LAYS_ON_WHITE = Version("5.21")
"""The first transformers whose processors lay transparency on white; earlier ones drop it."""


def base_of(family: str) -> Base:
    """Return a base of 16-pixel tiles with 4 tokens each, 2 layers, 480 words."""
    return Base(
        family=family, size="tiny", image_size=16, patch_size=4, vision_width=16, vision_layers=2,
        vision_heads=2, width=32, layers=2, heads=4, kv_heads=2, vocabulary=480,
    )  # fmt: skip


def tiny(family: str, folder: Path) -> Path:
    """Write such a model to a folder, and return it."""
    base = base_of(family)
    family_of_base(base, Path).assemble(base, TEXTS, folder, seed=0, fetch=Path)
    return folder


def image(width: int, height: int, salt: int = 0) -> Image.Image:
    """Draw an image of noise."""
    noise = np.random.default_rng((width, height, salt)).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(noise)


def png(shown: Image.Image) -> bytes:
    """Encode it without loss."""
    sink = io.BytesIO()
    shown.save(sink, "PNG")
    return sink.getvalue()


def as_theirs_lays(shown: Image.Image) -> Image.Image:
    """Return an image, laid on white by hand where transformers would drop its transparency."""
    import transformers

    if shown.mode != "RGBA" or Version(transformers.__version__) >= LAYS_ON_WHITE:
        return shown
    return Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown).convert("RGB")


def messages(texts: Sequence[str], images: int) -> list[dict[str, object]]:
    """Return a conversation for ``apply_chat_template``, its images before its first words."""
    turns: list[dict[str, object]] = []
    for turn, text in enumerate(texts):
        parts = [{"type": "image"}] * (images * (not turn)) + [{"type": "text", "text": text}]
        turns.append({"role": "assistant" if turn % 2 else "user", "content": parts})
    return turns


def processor(folder: Path) -> Any:
    """Return transformers' own, without its part for films, which asks for torchvision.

    Transformers 5.17 takes Idefics3's part for images to ask for it, too, and hides the class.
    """
    from transformers import (
        AutoProcessor,
        InternVLProcessor,
        LlavaOnevisionProcessor,
        Qwen2_5_VLProcessor,
        Qwen3VLProcessor,
    )
    from transformers.models import idefics3
    from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

    with pytest.MonkeyPatch.context() as patched:
        without_films = classmethod(lambda kind: ["image_processor", "tokenizer"])
        for kind in (InternVLProcessor, LlavaOnevisionProcessor, Qwen2_5_VLProcessor, Qwen3VLProcessor):
            patched.setattr(kind, "get_attributes", without_films)
        patched.setattr(idefics3, Idefics3ImageProcessorPil.__name__, Idefics3ImageProcessorPil)
        return AutoProcessor.from_pretrained(folder)

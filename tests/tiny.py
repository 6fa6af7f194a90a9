"""A LLaVA small enough for any test: 50 thousand parameters, assembled in a second or two."""

from pathlib import Path

from vf_ray.recipe import Base

TEXTS = (
    "\nWhat digit is shown?\nOptions: (a) three (b) seven (c) nine ASSISTANT: (b) seven",
    "\nIs the number odd? ASSISTANT: yes",
    "\nIs the number larger than four? ASSISTANT: no",
    "\nDescribe the picture. ASSISTANT: A hand-written digit, the number three, in white on black.",
    "\nHow many red cells are there? ASSISTANT: 12",
)


def tiny_base(**input_format: str) -> Base:
    """Return a base of the real architecture: 16-pixel pictures as 4 tokens, 384 words, 2 layers each."""
    return Base(
        image_size=16, patch_size=8, vision_width=16, vision_layers=2, vision_heads=2,
        width=32, layers=2, heads=2, vocabulary=384, input_format=input_format,
    )  # fmt: skip


def make_tiny(folder: Path, *, seed: int = 0, **input_format: str) -> Path:
    """Assemble the tiny model in ``folder`` and return it."""
    from vf_ray.model.families.llava15 import Llava15

    Llava15().assemble(tiny_base(**input_format), TEXTS, folder, seed=seed, fetch=Path)
    return folder

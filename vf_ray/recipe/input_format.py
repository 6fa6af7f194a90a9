"""How a model reads: the words around a conversation, and what it takes for a picture's pixels.

Kept in the model's folder, so that training, evaluation and whoever asks a saved model do the same.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from vf_ray.recipe.strict import build

FILE = "vf_ray.json"
"""Where a model's folder keeps them; without it they are the defaults."""


@dataclass(frozen=True, kw_only=True)
class InputFormat:
    """LLaVA-1.5's but for transparency, unless told otherwise."""

    template: Literal["vicuna_v1", "llama_2", "llava_llama_2"] = "vicuna_v1"
    """Conversation template, by LLaVA's name for it."""
    exif: Literal["ignored", "applied"] = "ignored"
    """Whether a picture is turned as its EXIF orientation says."""
    alpha: Literal["dropped", "white"] = "white"
    """What transparency shows: white paper, as pictures are prepared and as saved processors do (with recent
    transformers; 5.17 drops it); or whatever colour lies beneath, as in LLaVA-1.5, the saved processor then
    taking RGB alone."""
    resize: Literal["exact", "near", "scaled"] = "exact"
    """``exact``: bit for bit as the saved processor, with Pillow; ``near``: within 1 of 255 levels, shrunk by
    torch's vector code; ``scaled``: near, and a JPEG at least twice as large as needed is decoded at half
    its size (by less than a level off on average, 99 values of 100 by 3 at most)."""

    @classmethod
    def of(cls, folder: Path) -> "InputFormat":
        """Read those of a model's folder.

        Raises:
            ValueError: if the file names what there is not.
        """
        file = folder / FILE
        return build(cls, json.loads(file.read_text()), f"{file}: ") if file.exists() else cls()

    def changed(self, input_format: Mapping[str, str]) -> "InputFormat":
        """Return these with some values of a recipe's in their place."""
        return build(InputFormat, {**asdict(self), **input_format}, "base.input_format.")

    def save(self, folder: Path) -> None:
        """Write them into a model's folder."""
        (folder / FILE).write_text(json.dumps(asdict(self), indent=1) + "\n")

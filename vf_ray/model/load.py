"""A saved LLaVA, read back without reaching for any hub."""

import math
from collections import Counter
from pathlib import Path

import torch
from safetensors import safe_open
from transformers import LlavaForConditionalGeneration

from vf_ray.errors import MissingError
from vf_ray.model.whole import loaded_whole


def load(folder: Path, dtype: torch.dtype = torch.float32) -> LlavaForConditionalGeneration:
    """Load the model of a folder, ready to answer; ``tune`` and ``packed`` make it ready to learn.

    Raises:
        FileNotFoundError: if there is no model in the folder.
        ValueError: if a weight is missing or too many; transformers would draw it and go on.
    """
    if not (folder / "config.json").exists():
        raise MissingError(f"{folder} holds no config.json; expected a saved LLaVA folder")
    return loaded_whole(
        str(folder), LlavaForConditionalGeneration, folder, dtype=dtype, attn_implementation="sdpa"
    )


def parameters(folder: Path) -> dict[str, int]:
    """Count a saved model's parameters by module, without loading it."""
    counts: Counter[str] = Counter()
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, "pt") as weights:
            for name in weights.keys():  # noqa: SIM118 - not a mapping
                module = name.split(".")[0].replace("multi_modal_projector", "projector")
                counts[module] += math.prod(weights.get_slice(name).get_shape())
    return dict(sorted(counts.items()))

"""A model out of its folder, without reaching for any hub, and into another."""

import math
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from vf_ray.model.export import copy_encoder, save_model
from vf_ray.model.families import family_of, family_of_model
from vf_ray.model.tensors import read_config
from vf_ray.model.whole import loaded_whole


def load(folder: Path, dtype: torch.dtype = torch.float32) -> Any:
    """Load the model of a folder, ready to answer; ``tune`` and ``packed`` make it ready to learn.

    Raises:
        FileNotFoundError: if there is no model in the folder.
        ValueError: if a weight is missing or too many; transformers would draw it and go on.
    """
    kind = family_of(folder).model_class(read_config(folder))
    return loaded_whole(str(folder), kind, folder, dtype=dtype, attn_implementation="sdpa")


def save(model: Any, folder: Path, out: Path) -> None:
    """Write a model, with the tokenizer, processor and template of ``folder``."""
    save_model(model, family_of_model(model), out)
    copy_encoder(folder, out)


def parameters(folder: Path) -> dict[str, int]:
    """Count a saved model's parameters by module, without loading it."""
    counts: Counter[str] = Counter()
    places = family_of(folder).saved_modules
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, "pt") as weights:
            for name in weights.keys():  # noqa: SIM118 - not a mapping
                module = next(module for module, begins in places.items() if name.startswith(begins))
                counts[module] += math.prod(weights.get_slice(name).get_shape())
    return dict(sorted(counts.items()))

"""A saved LLaVA, read back without reaching for any hub."""

import math
from collections import Counter
from pathlib import Path

import torch
from safetensors import safe_open
from transformers import LlavaForConditionalGeneration
from transformers.utils.logging import disable_progress_bar

from vf_ray.errors import MissingError, UserError


def load(folder: Path, dtype: torch.dtype = torch.float32) -> LlavaForConditionalGeneration:
    """Load the model of a folder, ready to answer; ``tune`` and ``packed`` make it ready to learn.

    Raises:
        FileNotFoundError: if there is no model in the folder.
        ValueError: if a weight is missing or too many; transformers would draw it and go on.
    """
    if not (folder / "config.json").exists():
        raise MissingError(f"{folder} holds no config.json; expected a saved LLaVA folder")
    disable_progress_bar()  # a bar per worker would bury the run's own
    model, told = LlavaForConditionalGeneration.from_pretrained(
        folder, dtype=dtype, attn_implementation="sdpa", local_files_only=True, weights_only=True,
        output_loading_info=True,
    )  # fmt: skip
    odd = {
        kind: sorted(told[f"{kind}_keys"])[:3] for kind in ("missing", "unexpected") if told[f"{kind}_keys"]
    }
    if odd:
        raise UserError(f"{folder}: its weights are not those of a whole LLaVA: {odd}")
    return model.eval()


def parameters(folder: Path) -> dict[str, int]:
    """Count a saved model's parameters by module, without loading it."""
    counts: Counter[str] = Counter()
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, "pt") as weights:
            for name in weights.keys():  # noqa: SIM118 - not a mapping
                module = name.split(".")[0].replace("multi_modal_projector", "projector")
                counts[module] += math.prod(weights.get_slice(name).get_shape())
    return dict(sorted(counts.items()))

"""What a model of any family consists of, counted; its weights may be on no device."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from torch import nn

from vf_ray.model.families.family import Blocks, Family, Sizes


def sizes_of(model: Any, family: Family) -> Sizes:
    """Count a model's parameters, and what an adapter of rank 1 would have."""
    counts = Counter[str]()
    for name, weight in model.named_parameters():
        module = next(module for module, begins in family.modules.items() if name.startswith(begins))
        counts[module] += weight.numel()
    # an adapter of rank 1 has one row and one column of each layer
    adapted = sum(
        part.in_features + part.out_features
        for name, part in model.named_modules()
        if isinstance(part, nn.Linear) and re.fullmatch(family.lora_targets, name)
    )
    table = model.get_input_embeddings().weight
    tied = table is model.lm_head.weight  # then one table is looked up, and multiplied in the end
    return Sizes(
        **counts, embedding=0 if tied else table.numel(), adapted=adapted,
        blocks={name: _blocks(family.blocks(model, name)) for name in ("vision_tower", "language_model")},
    )  # fmt: skip


def _blocks(blocks: Sequence[nn.Module]) -> Blocks:
    return Blocks(len(blocks), sum(weight.numel() for weight in blocks[0].parameters()))

"""A saved model as a stage trains it: adapters, what is tuned, and the fast paths that run."""

from pathlib import Path
from typing import Any

import torch

from vf_ray.model.attention import uses_varlen
from vf_ray.model.freeze import tune
from vf_ray.model.load import load
from vf_ray.model.packed import compile_parts, layers, packed, recompute
from vf_ray.model.packed_model import rows_at_once
from vf_ray.recipe import Stage

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def learner(stage: Stage, folder: Path, seed: int) -> Any:
    """Return the model of a folder, ready to learn what the stage tunes; adapters are drawn by the seed."""
    model = load(folder, DTYPES[stage.precision])
    if stage.lora:
        from vf_ray.model.adapters import adapt

        adapt(model, stage.lora, seed)
    # frozen first, so that the packed form knows whether its tower learns
    tune(model, stage.tune)
    learning = packed(model)
    recompute(learning, stage.recompute)
    if stage.compile:
        compile_parts(learning)
    return learning


def fast_paths(stage: Stage, model: Any, device: torch.device) -> dict[str, str]:
    """Say which ways of computing are taken, so that nobody has to guess what a run was doing."""
    varlen = uses_varlen(device, DTYPES[stage.precision])
    forgetting, all_layers = sum(layer.gradient_checkpointing for layer in layers(model)), layers(model)
    return {
        "attention": "one varlen call" if varlen else "causal SDPA over segments of like length",
        "logits": f"at labels only, {rows_at_once(model)} at a time",
        "images": f"encoded once a pack{', their tokens computed once too' if stage.share_tokens else ''}",
        "recompute": f"{forgetting} of {len(all_layers)} layers",
        "compile": "norms and inner layers" if stage.compile else "nothing",
        "precision": stage.precision,
        "zero": f"{stage.zero}{', optimizer on the host' if stage.offload else ''}",
        "adapters": f"rank {stage.lora.rank}" if stage.lora else "none",
    }

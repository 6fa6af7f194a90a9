"""Low-rank adapters (LoRA) in the language model: put in, taken out as a file, merged."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import Linear
from safetensors.torch import save_file
from torch import Tensor, nn

from vf_ray.model.families import family_of_model
from vf_ray.model.freeze import MARK
from vf_ray.model.seeded import drawn
from vf_ray.recipe import Lora
from vf_ray.recipe.tuned_part import tuned_parts

NAME = "default"


def adapt(model: Any, lora: Lora, seed: int) -> None:
    """Put adapters into the language model; they start as nothing, drawn by the seed."""
    with drawn(seed, "lora"):
        inject_adapter_in_model(_config(lora, model), model)
    for _, weight in adapters(model):
        weight.data = weight.data.to(model.dtype)  # peft makes them in fp32


def adapters(model: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Yield the adapters' weights by name, none where there are no adapters."""
    return ((name, weight) for name, weight in model.named_parameters() if MARK in name)


def save_adapters(model: nn.Module, lora: Lora, tuned: Sequence[str], out: Path) -> None:
    """Write the adapters, and the modules that were ``tuned`` as a whole beside them, as peft reads them.

    ``PeftModel.from_pretrained(base, out)`` is then the tuned model.
    """
    out.mkdir(parents=True, exist_ok=True)
    # adapters, and whole modules that were tuned beside them
    places = family_of_model(model).modules
    whole = [place for name in tuned_parts(tuned) if name != "language_model" for place in places[name]]
    held = {
        f"base_model.model.{name.replace(f'.{NAME}.', '.')}": weight.detach().clone()
        for name, weight in model.named_parameters()
        if MARK in name or name.startswith(tuple(whole))
    }
    save_file(held, out / "adapter_model.safetensors", metadata={"format": "pt"})
    # peft finds modules by the last part of their names
    modules = [place.strip(".").rpartition(".")[2] for place in whole]
    settings = _config(lora, model).to_dict() | {"inference_mode": True, "modules_to_save": modules or None}
    plain = {key: sorted(v) if isinstance(v, set) else v for key, v in settings.items()}
    (out / "adapter_config.json").write_text(json.dumps(plain, indent=1, sort_keys=True, default=str))


def merge(model: nn.Module) -> None:
    """Add the adapters' share to the weights they stand beside, in fp32, and take them out."""
    adapted: list[tuple[str, Any]] = [
        (n, part) for n, part in model.named_modules() if isinstance(part, Linear)
    ]
    for name, part in adapted:
        parent, _, own = name.rpartition(".")
        layer = part.get_base_layer()
        with torch.no_grad():
            layer.weight.copy_(_merged(part, layer.weight))
        setattr(model.get_submodule(parent), own, layer)


def _merged(part: Any, weight: Tensor) -> Tensor:
    down, up = part.lora_A[NAME].weight.float(), part.lora_B[NAME].weight.float()
    merged: Tensor = weight.float() + part.scaling[NAME] * (up @ down)
    return merged.to(weight.dtype)


def _config(lora: Lora, model: Any) -> LoraConfig:
    return LoraConfig(
        r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout, bias="none",
        target_modules=family_of_model(model).lora_targets,
    )  # fmt: skip

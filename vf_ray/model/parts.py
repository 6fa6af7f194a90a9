"""The three parts of a LLaVA, each fresh or read from what its authors published."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import (
    AutoModelForCausalLM,
    CLIPVisionConfig,
    CLIPVisionModel,
    LlamaConfig,
    LlamaForCausalLM,
)

from vf_ray.instances.chance import rank
from vf_ray.recipe import Base

CONTEXT = 4096
"""Positions of a fresh language model: Vicuna-1.5's."""
PROJECTOR = {"0": "linear_1", "2": "linear_2"}
"""LLaVA numbers the layers of its projector; Hugging Face names them."""
PROJECTORS = ("mm_projector.", "multi_modal_projector.")
LLAVA_KEYS = re.compile(r"(freeze_|tune_|unfreeze_|use_)?mm_|image_|tokenizer_|pretrain")
"""Settings that LLaVA's authors keep among those of the language model."""
LLAVA_1_5: Mapping[str, Any] = {
    "mm_projector_type": "mlp2x_gelu",
    "mm_vision_select_feature": "patch",
    "mm_use_im_start_end": False,
    "mm_use_im_patch_token": False,
    "image_aspect_ratio": "pad",
}
"""What sets LLaVA-1.5 apart from its kin, whose pictures or projectors need other code."""


@contextmanager
def drawn(seed: int, part: str) -> Iterator[None]:
    """Draw a part's fresh weights by the seed alone, whatever was drawn before and is drawn after."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(rank(str(seed), part))
        yield


def fresh_vision(base: Base, seed: int) -> CLIPVisionModel:
    """Return a CLIP vision tower of the recipe's sizes, untrained."""
    config = CLIPVisionConfig(
        hidden_size=base.vision_width, intermediate_size=4 * base.vision_width,
        num_hidden_layers=base.vision_layers, num_attention_heads=base.vision_heads,
        image_size=base.image_size, patch_size=base.patch_size, projection_dim=base.vision_width,
    )  # fmt: skip
    with drawn(seed, "vision_tower"):
        return CLIPVisionModel(config)


def read_vision(folder: Path, base: Base) -> CLIPVisionModel:
    """Read the vision tower of a CLIP folder.

    Raises:
        ValueError: if its picture or patch size is not the recipe's.
    """
    vision = CLIPVisionModel.from_pretrained(folder, dtype="auto", local_files_only=True)
    found = (vision.config.image_size, vision.config.patch_size)
    if found != (base.image_size, base.patch_size):
        raise ValueError(
            f"base.vision at {folder} takes pictures of {found[0]} in patches of {found[1]} pixels; the "
            f"recipe says {base.image_size} and {base.patch_size}: set base.image_size and base.patch_size"
        )
    return vision


def fresh_language_model(base: Base, tokenizer: Any, seed: int) -> LlamaForCausalLM:
    """Return a Llama of the recipe's sizes, untrained."""
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=base.width, intermediate_size=llama_inner(base.width),
        num_hidden_layers=base.layers, num_attention_heads=base.heads,
        num_key_value_heads=base.kv_heads, max_position_embeddings=CONTEXT,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id, initializer_range=first_spread(base.width),
    )  # fmt: skip
    with drawn(seed, "language_model"):
        return LlamaForCausalLM(config)


def first_spread(width: int) -> float:
    """Return the standard deviation of fresh weights: Llama's 0.02, more in narrow models.

    At width 128, 0.02 leaves attention almost uniform for hundreds of steps; with 1 / sqrt(width)
    the demo's base names 9 of 10 digits after a minute instead of 6.
    """
    return max(0.02, float(width**-0.5))


def llama_inner(width: int) -> int:
    """Return the width of Llama's inner layer: two thirds of 4 x width, rounded up as Llama rounds."""
    multiple = 256 if width >= 1024 else 8
    return -(-(8 * width // 3) // multiple) * multiple


def read_language_model(folder: Path, gguf_file: str | None = None) -> LlamaForCausalLM:
    """Read a Llama (Vicuna, SmolLM2 ...) folder, or a GGUF file in it, which becomes float32.

    Raises:
        ValueError: if it is another architecture.
    """
    model = _read_gguf(folder, gguf_file) if gguf_file else _read_llama(folder)
    if not isinstance(model, LlamaForCausalLM):
        raise ValueError(f"base.language_model at {folder} is a {type(model).__name__}; expected a Llama")
    return model


def _read_llama(folder: Path) -> Any:
    options = {"dtype": "auto", "local_files_only": True, "weights_only": True}
    if not is_original_llava(folder):
        return AutoModelForCausalLM.from_pretrained(folder, **options)
    settings = json.loads((folder / "config.json").read_text())
    own = {key: value for key, value in settings.items() if not LLAVA_KEYS.match(key)}
    config = LlamaConfig.from_dict(own | {"model_type": "llama", "architectures": ["LlamaForCausalLM"]})
    return LlamaForCausalLM.from_pretrained(folder, config=config, **options)


def _read_gguf(folder: Path, gguf_file: str) -> Any:
    from transformers import GgufConfig

    quantised = GgufConfig(dequantize=True)  # without it the model cannot be saved
    return AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=gguf_file, dtype=torch.float32, quantization_config=quantised, local_files_only=True
    )


def is_original_llava(folder: Path) -> bool:
    """Tell whether a folder has the layout of LLaVA's authors: a Llama with ``mm_`` settings and weights."""
    config = folder / "config.json"
    return config.exists() and "mm_projector_type" in json.loads(config.read_text())


def require_llava_1_5(folder: Path, base: Base) -> None:
    """Refuse a folder of LLaVA's authors that is no LLaVA-1.5, or whose tower is not named.

    Raises:
        ValueError: naming the setting and what was expected.
    """
    settings = json.loads((folder / "config.json").read_text())
    for key, value in {**LLAVA_1_5, "mm_vision_select_layer": base.select_layer}.items():
        if settings.get(key, value) != value:
            raise ValueError(
                f"base.checkpoint at {folder} has {key}={settings[key]!r}; "
                f"expected {value!r}, as in LLaVA-1.5"
            )
    if not base.vision:
        raise ValueError(
            f"base.checkpoint at {folder} keeps no vision tower of its own; name it as base.vision: "
            f"it says {settings.get('mm_vision_tower')!r}"
        )


def fill_vision(vision: CLIPVisionModel, found: Mapping[str, Tensor]) -> None:
    """Put a tuned vision tower's weights, where a checkpoint holds them, over the published ones."""
    named = {n.rpartition("vision_tower.")[2]: w for n, w in found.items() if not n.endswith("position_ids")}
    own = vision.state_dict()
    if not any(name in own for name in named):  # transformers 5.24 drops the prefix that 5.17 keeps
        named = {name.removeprefix("vision_model."): weight for name, weight in named.items()}
    if named:
        vision.load_state_dict(named)


def fill_projector(projector: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Fill a projector from LLaVA's ``[model.]mm_projector.{0,2}.{weight,bias}`` or Hugging Face's names.

    Raises:
        ValueError: if a weight is missing, unknown or of another shape.
    """
    found = {}
    for name, weight in weights.items():
        number, _, kind = name.rpartition("projector.")[2].partition(".")
        found[f"{PROJECTOR.get(number, number)}.{kind}"] = weight
    expected = {name: tuple(weight.shape) for name, weight in projector.state_dict().items()}
    shapes = {name: tuple(weight.shape) for name, weight in found.items()}
    if shapes != expected:
        raise ValueError(f"base.projector holds {shapes}; expected {expected}: it belongs to other parts")
    projector.load_state_dict(found)


def projector_weights(path: Path) -> Mapping[str, Tensor]:
    """Read ``mm_projector.bin``, or the projector among the weights of a LLaVA folder of either layout."""
    alone = path if path.is_file() else path / "mm_projector.bin"
    return weights(alone if alone.exists() else path, *PROJECTORS)


def weights(path: Path, *places: str) -> Mapping[str, Tensor]:
    """Read the tensors of a file, or of a folder's files, whose name holds one of ``places``.

    Files are read as tensors only: one that holds anything else is refused by torch.
    """
    files = [path] if path.is_file() else sorted([*path.glob("*.bin"), *path.glob("*.safetensors")])
    found: dict[str, Tensor] = {}
    for file in files:
        found |= {n: w for n, w in _tensors(file).items() if any(p in n for p in places)}
    return found


def _tensors(file: Path) -> Mapping[str, Tensor]:
    tensors: Mapping[str, Tensor]
    if file.suffix == ".safetensors":
        tensors = load_file(file)
    else:
        tensors = torch.load(file, map_location="cpu", weights_only=True)
    return tensors

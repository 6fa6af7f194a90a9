"""The three parts of a LLaVA, each fresh or read from what its authors published."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import nn
from transformers import (
    CLIPVisionConfig,
    CLIPVisionModel,
    LlamaConfig,
    LlamaForCausalLM,
    LlavaConfig,
    LlavaForConditionalGeneration,
)

from vf_ray.errors import UserError
from vf_ray.model.families._llava15.layout import ORIGINAL, canonical
from vf_ray.model.families.decoder import CONTEXT, first_spread, inner_width
from vf_ray.model.seeded import drawn
from vf_ray.model.tensors import Tensors, holds_weights, read_config, readable
from vf_ray.model.whole import Whole, renamed, require_same
from vf_ray.recipe import Base

PROJECTOR = {"0": "linear_1", "2": "linear_2"}
"""LLaVA numbers the layers of its projector; Hugging Face names them."""
OF_PROJECTOR = re.compile(r"(^|\.)(mm|multi_modal)_projector\.")
OF_EYES = re.compile(r"(^|\.)vision_tower\.")
BESIDE_EYES = re.compile(r"^(text_model\.|logit_scale$|(text|visual)_projection\.)")
"""What else a whole CLIP has."""
BESIDE_WORDS = re.compile(f"{OF_PROJECTOR.pattern}|{OF_EYES.pattern}")
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


def fresh_vision(base: Base, seed: int) -> CLIPVisionModel:
    """Return a CLIP vision tower of the recipe's sizes, untrained."""
    config = CLIPVisionConfig(
        hidden_size=base.vision_width, intermediate_size=4 * base.vision_width,
        num_hidden_layers=base.vision_layers, num_attention_heads=base.vision_heads,
        image_size=base.image_size, patch_size=base.patch_size, projection_dim=base.vision_width,
    )  # fmt: skip
    with drawn(seed, "vision_tower"):
        return CLIPVisionModel(config)


def vision_in(folder: Path, base: Base) -> Whole:
    """Return the vision tower of a CLIP folder, text tower or not.

    Raises:
        ValueError: if it is no CLIP, or its picture or patch size is not the recipe's.
    """
    what = f"base.vision at {folder}"
    _require_type(what, folder, "clip", "clip_vision_model")
    with readable(what):
        config = CLIPVisionConfig.from_pretrained(folder, local_files_only=True)
    require_sizes(what, base, image_size=config.image_size, patch_size=config.patch_size)
    return Whole(what, CLIPVisionModel, config, Tensors.of(folder), _bare, BESIDE_EYES)


def _bare(name: str) -> str:
    """Return a vision tower's tensor without what versions and layouts put in front."""
    return name.rpartition("vision_tower.")[2].removeprefix("vision_model.")


def require_sizes(what: str, base: Base, **sizes: int) -> None:
    """Refuse a model whose sizes are not the recipe's, where the recipe does not leave them to the model.

    Raises:
        ValueError: naming the keys to set.
    """
    other = {key: value for key, value in sizes.items() if getattr(base, key) not in (0, value)}
    if other:
        differing = ", ".join(
            f"{key} {value} (in the recipe {getattr(base, key)})" for key, value in other.items()
        )
        remedy = " and ".join(f"base.{key}={value}" for key, value in other.items())
        raise UserError(f"{what} has {differing}: set {remedy}, or name another model")


def fresh_language_model(base: Base, tokenizer: Any, seed: int) -> LlamaForCausalLM:
    """Return a Llama of the recipe's sizes, untrained."""
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=base.width, intermediate_size=inner_width(base.width),
        num_hidden_layers=base.layers, num_attention_heads=base.heads,
        num_key_value_heads=base.kv_heads, max_position_embeddings=CONTEXT,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id, initializer_range=first_spread(base.width),
    )  # fmt: skip
    with drawn(seed, "language_model"):
        return LlamaForCausalLM(config)


def language_model_in(folder: Path, key: str = "base.language_model") -> Whole:
    """Return the Llama (Vicuna, SmolLM2 ...) of a folder, or of a LLaVA's in its authors' layout.

    Raises:
        ValueError: if it is another architecture.
    """
    what = f"{key} at {folder}"
    original = is_original_llava(folder)
    _require_type(what, folder, *(("llava_llama", "llava", "llama") if original else ("llama",)))
    settings = read_config(folder)
    own = {key: value for key, value in settings.items() if not (original and LLAVA_KEYS.match(key))}
    with readable(what):
        config = LlamaConfig.from_dict(own | {"model_type": "llama", "architectures": ["LlamaForCausalLM"]})
    beside = BESIDE_WORDS if original else None
    return Whole(what, LlamaForCausalLM, config, Tensors.of(folder), beside=beside)


def _require_type(what: str, folder: Path, *types: str) -> None:
    model_type = read_config(folder).get("model_type")
    if model_type not in types:
        raise UserError(f"{what} is of type {model_type!r}; expected {' or '.join(types)}")


def is_original_llava(folder: Path) -> bool:
    """Tell whether a folder has the layout of LLaVA's authors: a Llama with ``mm_`` settings and weights."""
    return ORIGINAL in read_config(folder)


def llava_in(folder: Path, base: Base) -> Whole:
    """Return the LLaVA of a folder in Hugging Face's layout.

    Raises:
        ValueError: if it is of another type, or its sizes are not the recipe's.
    """
    what = f"base.checkpoint at {folder}"
    _require_type(what, folder, "llava")
    with readable(what):
        config = LlavaConfig.from_pretrained(folder, local_files_only=True)
    # CLIP and Llama, in sizes that the recipe allows
    types = (config.vision_config.model_type, config.text_config.model_type)
    if types != ("clip_vision_model", "llama"):
        raise UserError(f"{what} is made of {' and '.join(types)}; expected clip_vision_model and llama")
    vision = config.vision_config
    require_sizes(
        what, base, image_size=vision.image_size, patch_size=vision.patch_size,
        select_layer=config.vision_feature_layer,
    )  # fmt: skip
    return Whole(what, LlavaForConditionalGeneration, config, Tensors.of(folder), canonical)


def require_llava_1_5(folder: Path, base: Base) -> None:
    """Refuse a folder of LLaVA's authors that is no LLaVA-1.5, or whose tower is not named.

    Raises:
        ValueError: naming the setting and what was expected.
    """
    settings = read_config(folder)
    for key, value in {**LLAVA_1_5, "mm_vision_select_layer": base.select_layer}.items():
        if settings.get(key, value) != value:
            raise UserError(
                f"base.checkpoint at {folder} has {key}={settings[key]!r}; "
                f"expected {value!r}, as in LLaVA-1.5"
            )
    # the authors' checkpoints leave out the tower, which they never tuned
    if not base.vision:
        raise UserError(
            f"base.checkpoint at {folder} keeps no vision tower of its own; name it as base.vision: "
            f"it says {settings.get('mm_vision_tower')!r}"
        )


def tuned_vision(vision: Whole, original: Tensors) -> Whole:
    """Return the tower that a checkpoint tuned, where it holds one, in place of the published one."""
    own = original.within(OF_EYES)
    what = f"the vision tower of base.checkpoint at {original.where}"
    return replace(vision, what=what, tensors=own) if own.shapes else vision


@dataclass(frozen=True)
class Projector:
    """A projector, its layers numbered as in LLaVA or named as in Hugging Face's."""

    what: str
    tensors: Tensors

    @classmethod
    def of(cls, path: Path, key: str = "base.projector") -> "Projector":
        """Find it in a file, among a LLaVA's weights, or in a folder's ``mm_projector.bin``."""
        alone = path if path.is_file() else path / "mm_projector.bin"
        if alone.is_file() and not holds_weights(path):
            return cls(f"{key} at {alone}", Tensors.of(alone))
        return cls(f"{key} at {path}", Tensors.of(path).within(OF_PROJECTOR))

    def names(self, vision_width: int, width: int) -> Mapping[str, str]:
        """Return the file's name of each tensor of a projector between such widths.

        Raises:
            ValueError: if one is missing, unknown or of another shape.
        """
        expected = {
            "linear_1.weight": (width, vision_width), "linear_1.bias": (width,),
            "linear_2.weight": (width, width), "linear_2.bias": (width,),
        }  # fmt: skip
        named = renamed(self.what, self.tensors.shapes, _named)
        shapes = {mine: self.tensors.shapes[theirs] for mine, theirs in named.items()}
        purpose = f"join a vision tower of width {vision_width} to a language model of width {width}"
        require_same(self.what, expected, shapes, purpose=purpose)
        return named

    def fill(self, projector: nn.Module) -> None:
        """Put its values into a model's projector, which tells the widths."""
        width, vision_width = projector.get_parameter("linear_1.weight").shape
        names = self.names(vision_width, width)
        values = self.tensors.read()
        projector.load_state_dict({mine: values[theirs] for mine, theirs in names.items()})


def _named(name: str) -> str:
    number, _, kind = name.rpartition("projector.")[2].partition(".")
    return f"{PROJECTOR.get(number, number)}.{kind}"

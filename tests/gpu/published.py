"""Families at sizes they are published with, as bare.py takes them; weights are drawn.

The numbers are those of each folder's ``config.json`` on the Hugging Face Hub, which is named beside them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.model.families.tiny import base_of
from vf_ray.recipe import Base


@dataclass(frozen=True)
class Published:
    """A family's base of known sizes, and what of its configuration does not follow from these."""

    base: Base
    text: Mapping[str, Any] = field(default_factory=dict)
    vision: Mapping[str, Any] = field(default_factory=dict)
    whole: Mapping[str, Any] = field(default_factory=dict)
    processor: Mapping[str, Any] = field(default_factory=dict)
    """What of its processor does not, either."""


CLIP = {"image_size": 336, "patch_size": 14, "vision_width": 1024, "vision_layers": 24, "vision_heads": 16}
VIT = {"image_size": 448, "patch_size": 14, "vision_width": 1024, "vision_layers": 24, "vision_heads": 16}
SO400M = {"image_size": 378, "patch_size": 14, "vision_width": 1152, "vision_layers": 26, "vision_heads": 16}
"""Its 384 pixels hold 27 whole patches a side, which are 378."""
QWEN_7B = {"width": 3584, "layers": 28, "heads": 28, "kv_heads": 4}
MISTRAL = {"width": 4096, "layers": 32, "heads": 32, "kv_heads": 8}
DEEP = {"image_size": 768, "patch_size": 16, "vision_width": 1024, "vision_layers": 24, "vision_heads": 16}
ROPE = {
    "rope_type": "default", "rope_theta": 5e6, "mrope_section": [24, 20, 20], "mrope_interleaved": True
}  # fmt: skip
SIZES: Mapping[tuple[str, str], Published] = {
    # llava-hf/llava-v1.6-mistral-7b-hf
    ("llava_next", "7B"): Published(
        Base(family="llava_next", **CLIP, **MISTRAL), {"intermediate_size": 14336, "vocab_size": 32064}
    ),
    # llava-hf/llava-onevision-qwen2-7b-ov-hf
    ("llava_onevision", "7B"): Published(
        Base(family="llava_onevision", **SO400M, **QWEN_7B),
        {"intermediate_size": 18944, "vocab_size": 152000}, {"intermediate_size": 4304},
    ),
    # HuggingFaceTB/SmolVLM-500M-Instruct
    ("smolvlm", "500M"): Published(
        Base(family="smolvlm", image_size=512, patch_size=16, vision_width=768, vision_layers=12,
             vision_heads=12, width=960, layers=32, heads=15, kv_heads=5),
        {"intermediate_size": 2560, "vocab_size": 49280}, whole={"scale_factor": 4},
        processor={"image_seq_len": 64},
    ),
    # OpenGVLab/InternVL3-1B-hf
    ("internvl", "1B"): Published(
        Base(family="internvl", **VIT, width=896, layers=24, heads=14, kv_heads=2),
        {"intermediate_size": 4864, "vocab_size": 151674},
    ),
    # OpenGVLab/InternVL3-8B-hf
    ("internvl", "8B"): Published(
        Base(family="internvl", **VIT, **QWEN_7B), {"intermediate_size": 18944, "vocab_size": 151674}
    ),
    # Qwen/Qwen3-VL-4B-Instruct
    ("qwen_vl", "4B"): Published(
        Base(family="qwen_vl", **DEEP, width=2560, layers=36, heads=32, kv_heads=8),
        {"intermediate_size": 9728, "vocab_size": 151936, "head_dim": 128, "rope_parameters": ROPE},
        {"deepstack_visual_indexes": [5, 11, 17]},
    ),
    # Qwen/Qwen2.5-VL-7B-Instruct
    ("qwen25_vl", "7B"): Published(
        Base(family="qwen25_vl", image_size=448, patch_size=14, vision_width=1280, vision_layers=32,
             vision_heads=16, **QWEN_7B),
        {"intermediate_size": 18944, "vocab_size": 152064},
        {"intermediate_size": 3420, "fullatt_block_indexes": [7, 15, 23, 31], "window_size": 112},
    ),
}  # fmt: skip


def published(family: str, size: str) -> Published:
    """Return a family at a size; ``tiny`` is there for all.

    Raises:
        KeyError: naming those there are.
    """
    if size == "tiny":
        return Published(base_of(family))
    if (family, size) not in SIZES:
        raise KeyError(f"{family} {size}; there are {', '.join(map(' '.join, SIZES))}, and tiny of each")
    return SIZES[family, size]

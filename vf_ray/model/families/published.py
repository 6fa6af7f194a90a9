"""Models by the names of their published folders: shapes, for estimates before anybody has the weights.

The numbers are those of each folder's ``config.json`` and ``preprocessor_config.json`` on the Hugging Face
Hub.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vf_ray.recipe import Base

WORDS = 480
"""Of a fresh tokenizer that nobody asks to say anything."""


@dataclass(frozen=True)
class PublishedModel:
    """A family's base of known sizes, and what of its configuration does not follow from these."""

    base: Base
    folders: tuple[str, ...] = ()
    """What it is published as."""
    text: Mapping[str, Any] = field(default_factory=dict)
    vision: Mapping[str, Any] = field(default_factory=dict)
    whole: Mapping[str, Any] = field(default_factory=dict)
    processor: Mapping[str, Any] = field(default_factory=dict)
    """What of its processor does not, either."""
    images: Mapping[str, Any] = field(default_factory=dict)
    """And of its image processor."""

    def write(self, folder: Path, texts: Iterable[str] = (), layers: int = 0) -> None:
        """Write configuration and processor, its small tokenizer of the texts; ``layers`` cuts the model."""
        from vf_ray.model.families import family_of_base
        from vf_ray.model.families.decoding import TOGETHER, change_settings
        from vf_ray.model.families.whole_folder import save_processor

        base = replace(self.base, layers=layers or self.base.layers, vocabulary=WORDS)
        family: Any = family_of_base(base, Path)
        fresh = family.fresh(base, texts)
        config = fresh.config
        parts = ((config.get_text_config(), self.text), (config.vision_config, self.vision))
        for part, changes in (*parts, (config, self.whole)):
            for key, value in changes.items():
                setattr(part, key, value)
        config.save_pretrained(folder)
        save_processor(fresh.processor, folder)
        if self.processor:
            settings = json.loads((folder / TOGETHER).read_text()) | self.processor
            (folder / TOGETHER).write_text(json.dumps(settings))
        change_settings(folder, self.images)


CLIP: Mapping[str, Any] = {
    "image_size": 336,
    "patch_size": 14,
    "vision_width": 1024,
    "vision_layers": 24,
    "vision_heads": 16,
}
VIT: Mapping[str, Any] = {
    "image_size": 448,
    "patch_size": 14,
    "vision_width": 1024,
    "vision_layers": 24,
    "vision_heads": 16,
}
SO400M: Mapping[str, Any] = {
    "image_size": 378,
    "patch_size": 14,
    "vision_width": 1152,
    "vision_layers": 26,
    "vision_heads": 16,
}
"""Its 384 pixels hold 27 whole patches a side, which are 378."""
SIGLIP: Mapping[str, Any] = {
    "image_size": 512,
    "patch_size": 16,
    "vision_width": 768,
    "vision_layers": 12,
    "vision_heads": 12,
}
GRIDS = [[378 * rows, 378 * columns] for rows in range(1, 7) for columns in range(1, 7)]
QWEN_7B: Mapping[str, Any] = {"width": 3584, "layers": 28, "heads": 28, "kv_heads": 4}
MISTRAL: Mapping[str, Any] = {"width": 4096, "layers": 32, "heads": 32, "kv_heads": 8}
DEEP: Mapping[str, Any] = {
    "image_size": 768,
    "patch_size": 16,
    "vision_width": 1024,
    "vision_layers": 24,
    "vision_heads": 16,
}
ROPE: Mapping[str, Any] = {
    "rope_type": "default", "rope_theta": 5e6, "mrope_section": [24, 20, 20], "mrope_interleaved": True
}  # fmt: skip
UNTIED: Mapping[str, Any] = {"tie_word_embeddings": False}
SIZES: Mapping[tuple[str, str], PublishedModel] = {
    ("llava_next", "7B"): PublishedModel(
        Base(family="llava_next", **CLIP, **MISTRAL), ("llava-v1.6-mistral-7b-hf",),
        {"intermediate_size": 14336, "vocab_size": 32064},
    ),
    ("llava_onevision", "7B"): PublishedModel(
        Base(family="llava_onevision", **SO400M, **QWEN_7B),
        ("llava-onevision-qwen2-7b-ov-hf", "llava-onevision-qwen2-7b-si-hf"),
        {"intermediate_size": 18944, "vocab_size": 152000}, {"intermediate_size": 4304},
        {"image_grid_pinpoints": GRIDS, "vision_aspect_ratio": "anyres_max_9"},
        {"vision_aspect_ratio": "anyres_max_9"}, {"image_grid_pinpoints": GRIDS},
    ),
    ("smolvlm", "500M"): PublishedModel(
        Base(family="smolvlm", **SIGLIP, width=960, layers=32, heads=15, kv_heads=5),
        ("SmolVLM-500M-Base", "SmolVLM-500M-Instruct"),
        {"intermediate_size": 2560, "vocab_size": 49280}, whole={"scale_factor": 4},
        processor={"image_seq_len": 64}, images={"size": {"longest_edge": 2048}},
    ),
    ("smolvlm", "256M"): PublishedModel(
        Base(family="smolvlm", **SIGLIP, width=576, layers=30, heads=9, kv_heads=3),
        ("SmolVLM-256M-Base", "SmolVLM-256M-Instruct"),
        {"intermediate_size": 1536, "vocab_size": 49280}, whole={"scale_factor": 4},
        processor={"image_seq_len": 64}, images={"size": {"longest_edge": 2048}},
    ),
    ("smolvlm", "2.2B"): PublishedModel(
        Base(family="smolvlm", **{**SO400M, "vision_layers": 27}, width=2048, layers=24, heads=32,
             kv_heads=32),
        ("SmolVLM-Base", "SmolVLM-Instruct"),
        {"intermediate_size": 8192, "vocab_size": 49155}, {"image_size": 384, "intermediate_size": 4304},
        {"scale_factor": 3}, {"image_seq_len": 81},
        {"size": {"longest_edge": 1536}, "max_image_size": {"longest_edge": 384}},
    ),
    ("internvl", "1B"): PublishedModel(
        Base(family="internvl", **VIT, width=896, layers=24, heads=14, kv_heads=2), ("InternVL3-1B-hf",),
        {"intermediate_size": 4864, "vocab_size": 151674, **UNTIED}, whole=UNTIED, images={"max_patches": 12},
    ),
    ("internvl", "2B"): PublishedModel(
        Base(family="internvl", **VIT, width=1536, layers=28, heads=12, kv_heads=2), ("InternVL3-2B-hf",),
        {"intermediate_size": 8960, "vocab_size": 151674, **UNTIED}, whole=UNTIED, images={"max_patches": 12},
    ),
    ("internvl", "8B"): PublishedModel(
        Base(family="internvl", **VIT, **QWEN_7B), ("InternVL3-8B-hf",),
        {"intermediate_size": 18944, "vocab_size": 151674, **UNTIED}, whole=UNTIED,
        images={"max_patches": 12},
    ),
    ("qwen_vl", "4B"): PublishedModel(
        Base(family="qwen_vl", **DEEP, width=2560, layers=36, heads=32, kv_heads=8),
        ("Qwen3-VL-4B-Instruct", "Qwen3-VL-4B-Thinking"),
        {"intermediate_size": 9728, "vocab_size": 151936, "head_dim": 128, "rope_parameters": ROPE},
        {"deepstack_visual_indexes": [5, 11, 17]},
    ),
    ("qwen25_vl", "7B"): PublishedModel(
        Base(family="qwen25_vl", image_size=448, patch_size=14, vision_width=1280, vision_layers=32,
             vision_heads=16, **QWEN_7B),
        ("Qwen2.5-VL-7B-Instruct",),
        {"intermediate_size": 18944, "vocab_size": 152064},
        {"intermediate_size": 3420, "fullatt_block_indexes": [7, 15, 23, 31], "window_size": 112},
    ),
}  # fmt: skip


def published_as(checkpoint: str) -> PublishedModel | None:
    """Return the model that is published in a folder of this name, if it is among those known."""
    name = checkpoint.rstrip("/").rpartition("/")[2]
    return next((one for one in SIZES.values() if name in one.folders), None)

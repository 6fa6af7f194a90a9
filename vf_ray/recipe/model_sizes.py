"""Shapes of whole models by name."""

from collections.abc import Mapping

_EYES = {"image_size": 336, "patch_size": 14, "vision_width": 1024, "vision_layers": 24, "vision_heads": 16}
_SMALL_EYES = {
    "image_size": 224,
    "patch_size": 16,
    "vision_width": 768,
    "vision_layers": 12,
    "vision_heads": 12,
}
_TINY_EYES = {"image_size": 32, "patch_size": 8, "vision_width": 128, "vision_layers": 4, "vision_heads": 4}
SIZES: Mapping[str, Mapping[str, int]] = {
    "tiny": _TINY_EYES | {"width": 128, "layers": 4, "heads": 4, "kv_heads": 4, "vocabulary": 1024},
    "0.1B": _SMALL_EYES | {"width": 576, "layers": 30, "heads": 9, "kv_heads": 3, "vocabulary": 32_000},
    "1B": _EYES | {"width": 2048, "layers": 22, "heads": 32, "kv_heads": 4, "vocabulary": 32_000},
    "7B": _EYES | {"width": 4096, "layers": 32, "heads": 32, "kv_heads": 32, "vocabulary": 32_000},
    "13B": _EYES | {"width": 5120, "layers": 40, "heads": 40, "kv_heads": 40, "vocabulary": 32_000},
    "34B": _EYES | {"width": 8192, "layers": 48, "heads": 64, "kv_heads": 8, "vocabulary": 32_000},
}
"""Shapes by name: the demo's, SmolLM2-135M with CLIP ViT-B/16, and with CLIP ViT-L/14 at 336 pixels
TinyLlama-1.1B, Vicuna-7B, Vicuna-13B (the paper's) and CodeLlama-34B."""

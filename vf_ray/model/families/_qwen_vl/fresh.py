"""A Qwen-VL of a recipe's sizes, untrained, with a tokenizer that learned from the prepared text.

The chat templates beside this module are Qwen's, letter for letter: ``qwen3_vl.jinja`` that of
Qwen3-VL-Instruct, ``qwen2_5_vl.jinja`` that of Qwen2.5-VL-Instruct, as their published folders hold them.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from transformers import Qwen2_5_VLConfig, Qwen3VLConfig

from vf_ray.model.families._llava15.pixels import CLIP_MEAN, CLIP_STD
from vf_ray.model.families._qwen_vl.conversation import PAD
from vf_ray.model.families.decoder import CONTEXT, first_spread, inner_width
from vf_ray.model.families.decoding import ALONE
from vf_ray.model.families.fresh_tokenizer import byte_tokenizer
from vf_ray.model.families.whole_folder import Fresh, PublishedProcessor
from vf_ray.recipe import Base

START, END, DONE = "<|im_start|>", "<|im_end|>", "<|endoftext|>"
OPEN, CLOSE, VIDEO = "<|vision_start|>", "<|vision_end|>", "<|video_pad|>"
MERGE, FRAMES = 2, 2
LARGEST = 16
"""Times the pixels of the base's image size that an image may have."""
CLIPS = "video_preprocessor_config.json"


def fresh(kind: str, base: Base, texts: Iterable[str]) -> Fresh:
    """Return the configuration of a ``qwen3_vl`` or ``qwen2_5_vl``, and what its processor is read from."""
    template = Path(__file__).with_name(f"{kind}.jinja").read_text()
    special = (DONE, START, END, OPEN, CLOSE, PAD, VIDEO)
    tokenizer = byte_tokenizer(texts, base.vocabulary, special, template, eos_token=END, pad_token=DONE)
    size = {"shortest_edge": (MERGE * base.patch_size) ** 2, "longest_edge": LARGEST * base.image_size**2}
    half = [0.5] * 3
    mean, std = (half, half) if kind == "qwen3_vl" else (list(CLIP_MEAN), list(CLIP_STD))
    settings = {
        "size": size, "patch_size": base.patch_size, "temporal_patch_size": FRAMES, "merge_size": MERGE,
        "image_mean": mean, "image_std": std,
    }  # fmt: skip
    video = "Qwen3VLVideoProcessor" if kind == "qwen3_vl" else "Qwen2VLVideoProcessor"
    kinds = {ALONE: ("image", "Qwen2VLImageProcessor"), CLIPS: ("video", video)}
    files = {name: settings | {f"{part}_processor_type": own} for name, (part, own) in kinds.items()}
    config = (_qwen3 if kind == "qwen3_vl" else _qwen25)(base, tokenizer)
    return Fresh(config, PublishedProcessor(tokenizer, files))


def _qwen3(base: Base, tokenizer: Any) -> Qwen3VLConfig:
    deep = min(3, base.vision_layers, base.layers)
    vision = _vision(base) | {
        "num_position_embeddings": (base.image_size // base.patch_size) ** 2,
        "deepstack_visual_indexes": list(range(deep)),
    }
    text = _text(base, tokenizer) | {"head_dim": base.width // base.heads}
    text["rope_parameters"]["mrope_interleaved"] = True
    return Qwen3VLConfig(vision_config=vision, text_config=text, tie_word_embeddings=True, **_ids(tokenizer))


def _qwen25(base: Base, tokenizer: Any) -> Qwen2_5_VLConfig:
    vision = _vision(base) | {
        "window_size": 2 * MERGE * base.patch_size,
        "fullatt_block_indexes": [base.vision_layers - 1],
    }
    return Qwen2_5_VLConfig(
        vision_config=vision, text_config=_text(base, tokenizer), tie_word_embeddings=False, **_ids(tokenizer)
    )


def _vision(base: Base) -> dict[str, Any]:
    return {
        "depth": base.vision_layers, "hidden_size": base.vision_width, "num_heads": base.vision_heads,
        "intermediate_size": 4 * base.vision_width, "patch_size": base.patch_size,
        "spatial_merge_size": MERGE, "temporal_patch_size": FRAMES, "out_hidden_size": base.width,
        "initializer_range": first_spread(base.vision_width),
    }  # fmt: skip


def _text(base: Base, tokenizer: Any) -> dict[str, Any]:
    pairs = base.width // base.heads // 2
    rope = {
        "rope_type": "default", "rope_theta": 1e6,
        "mrope_section": [pairs - 2 * (pairs // 4), pairs // 4, pairs // 4],
    }  # fmt: skip
    return {
        "vocab_size": len(tokenizer), "hidden_size": base.width, "intermediate_size": inner_width(base.width),
        "num_hidden_layers": base.layers, "num_attention_heads": base.heads,
        "num_key_value_heads": base.kv_heads, "max_position_embeddings": CONTEXT, "rope_parameters": rope,
        "initializer_range": first_spread(base.width), "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id,
    }  # fmt: skip


def _ids(tokenizer: Any) -> dict[str, int]:
    named = {"image": PAD, "video": VIDEO, "vision_start": OPEN, "vision_end": CLOSE}
    return {f"{name}_token_id": tokenizer.convert_tokens_to_ids(token) for name, token in named.items()}

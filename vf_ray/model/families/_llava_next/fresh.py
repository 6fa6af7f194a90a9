"""A LLaVA-NeXT or LLaVA-OneVision of a recipe's sizes, untrained, with a tokenizer of the prepared text."""

from collections.abc import Iterable
from typing import Any

from transformers import (
    CLIPVisionConfig,
    LlavaNextConfig,
    LlavaOnevisionConfig,
    MistralConfig,
    Qwen2Config,
    SiglipVisionConfig,
)

from vf_ray.model.families._llava15.pixels import CLIP_MEAN, CLIP_STD
from vf_ray.model.families._llava_next.conversation import IMAGE
from vf_ray.model.families.decoder import CONTEXT, first_spread, inner_width
from vf_ray.model.families.decoding import ALONE, TOGETHER
from vf_ray.model.families.fresh_tokenizer import byte_tokenizer
from vf_ray.model.families.whole_folder import Fresh, PublishedProcessor
from vf_ray.recipe import Base

MISTRAL = (
    "{% for message in messages %}{% if message['role'] == 'system' %}{{ '<<SYS>>\n' + "
    "message['content'][0]['text'] + '\n<</SYS>>\n\n' }}{% elif message['role'] == 'user' %}"
    "{{ '[INST] ' }}{# Render all images first #}{% for content in message['content'] | "
    "selectattr('type', 'equalto', 'image') %}{{ '<image>\n' }}{% endfor %}{# Render all text next #}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}{{ content['text'] }}"
    "{% endfor %}{{' [/INST]' }}{% elif message['role'] == 'assistant' %}"
    "{{ ' ' + message['content'][0]['text'] + '</s> '}}{% else %}"
    "{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}"
)
"""That of llava-v1.6-mistral-7b-hf, letter for letter but for its end token, which is misspelt there."""
QWEN = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n'}}{# Render all images first #}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>\n' }}"
    "{% endfor %}{# Render all video then #}{% for content in message['content'] | "
    "selectattr('type', 'equalto', 'video') %}{{ '<video>\n' }}{% endfor %}{# Render all text next #}"
    "{% if message['role'] != 'assistant' %}{% for content in message['content'] | "
    "selectattr('type', 'equalto', 'text') %}{{ content['text'] }}{% endfor %}{% else %}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}{% generation %}"
    "{{ content['text'] }}{% endgeneration %}{% endfor %}{% endif %}{{'<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""OneVision's, letter for letter, as transformers' ``convert_llava_onevision_weights_to_hf.py`` has it."""
TILES = 3
"""Tiles of the longest side; published ones have 3 (LLaVA-NeXT) and 6."""


def next_of(base: Base, texts: Iterable[str]) -> Fresh:
    """Return a CLIP with a Mistral."""
    special = ("<s>", "</s>", "<pad>", IMAGE)
    named = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
    tokenizer = byte_tokenizer(texts, base.vocabulary, special, MISTRAL, **named)
    config = LlavaNextConfig(
        vision_config=CLIPVisionConfig(**_vision(base), projection_dim=base.vision_width),
        text_config=MistralConfig(**_text(base, tokenizer)), vision_feature_layer=-2,
        **_common(base, tokenizer, [(1, 2), (2, 1), (2, 2), (3, 1), (1, 3)]),
    )  # fmt: skip
    side = base.image_size
    sizes = {"size": {"shortest_edge": side}, "crop_size": {"height": side, "width": side}}
    images = _images(config, "LlavaNextImageProcessor") | sizes
    counted = {"patch_size": base.patch_size, "num_additional_image_tokens": 1}
    processor = {
        "vision_feature_select_strategy": "default",
        "processor_class": "LlavaNextProcessor",
    } | counted
    return Fresh(config, PublishedProcessor(tokenizer, {ALONE: images, TOGETHER: processor}))


def onevision_of(base: Base, texts: Iterable[str]) -> Fresh:
    """Return a SigLIP with a Qwen2."""
    special = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", IMAGE, "<video>")
    named = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}
    tokenizer = byte_tokenizer(texts, base.vocabulary, special, QWEN, **named)
    grids = [(row, column) for row in range(1, TILES + 1) for column in range(1, TILES + 1)]
    config = LlavaOnevisionConfig(
        vision_config=SiglipVisionConfig(**_vision(base), vision_use_head=False),
        text_config=Qwen2Config(**_text(base, tokenizer)), vision_feature_layer=-1,
        vision_feature_select_strategy="full", vision_aspect_ratio="anyres_max_4",
        video_token_index=tokenizer.convert_tokens_to_ids("<video>"), **_common(base, tokenizer, grids),
    )  # fmt: skip
    side = base.image_size
    images = _images(config, "LlavaOnevisionImageProcessor") | {"size": {"height": side, "width": side}}
    processor = {
        "num_image_tokens": (side // base.patch_size) ** 2, "vision_feature_select_strategy": "full",
        "vision_aspect_ratio": config.vision_aspect_ratio, "processor_class": "LlavaOnevisionProcessor",
    }  # fmt: skip
    clips = {"video_processor_type": "LlavaOnevisionVideoProcessor"}
    files = {ALONE: images, TOGETHER: processor, "video_preprocessor_config.json": clips}
    return Fresh(config, PublishedProcessor(tokenizer, files))


def _vision(base: Base) -> dict[str, Any]:
    return {
        "hidden_size": base.vision_width, "intermediate_size": 4 * base.vision_width,
        "num_hidden_layers": base.vision_layers, "num_attention_heads": base.vision_heads,
        "image_size": base.image_size, "patch_size": base.patch_size,
    }  # fmt: skip


def _text(base: Base, tokenizer: Any) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer), "hidden_size": base.width, "intermediate_size": inner_width(base.width),
        "num_hidden_layers": base.layers, "num_attention_heads": base.heads,
        "num_key_value_heads": base.kv_heads, "max_position_embeddings": CONTEXT,
        "initializer_range": first_spread(base.width), "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id,
    }  # fmt: skip


def _common(base: Base, tokenizer: Any, grids: Iterable[tuple[int, int]]) -> dict[str, Any]:
    return {
        "image_token_index": tokenizer.convert_tokens_to_ids(IMAGE), "tie_word_embeddings": False,
        "image_grid_pinpoints": [[base.image_size * sides for sides in grid] for grid in grids],
    }  # fmt: skip


def _images(config: Any, kind: str) -> dict[str, Any]:
    return {
        "image_grid_pinpoints": config.image_grid_pinpoints, "image_mean": list(CLIP_MEAN),
        "image_std": list(CLIP_STD), "image_processor_type": kind,
    }  # fmt: skip

"""An InternVL of any sizes, untrained, with a processor that cuts images into four tiles at most."""

from collections.abc import Iterable
from typing import Any

from transformers import InternVLConfig, Qwen2Config
from transformers.models.internvl.configuration_internvl import InternVLVisionConfig

from vf_ray.model.families._internvl.conversation import CONTEXT, END, START
from vf_ray.model.families.decoder import CONTEXT as POSITIONS
from vf_ray.model.families.decoder import first_spread, inner_width
from vf_ray.model.families.decoding import ALONE, TOGETHER
from vf_ray.model.families.fresh_tokenizer import byte_tokenizer
from vf_ray.model.families.whole_folder import Fresh, PublishedProcessor
from vf_ray.recipe import Base

SPEAKS, STOPS, PAD, VIDEO = "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<video>"
TEMPLATE = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n'}}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for content in message['content'] %}{% if content['type'] == 'image' %}{{ '<IMG_CONTEXT>\n' }}"
    "{% elif content['type'] == 'video' %}{{ '<video>\n' }}"
    "{% elif content['type'] == 'text' %}{{ content['text'] }}{% endif %}{% endfor %}{% endif %}"
    "{{'<|im_end|>\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{'<|im_start|>assistant\n' }}{% endif %}"
)
"""InternVL's, letter for letter, as transformers' ``convert_internvl_weights_to_hf.py`` writes it."""
NAMES = {
    "start_image_token": START,
    "end_image_token": END,
    "context_image_token": CONTEXT,
    "video_token": VIDEO,
}
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
"""ImageNet's."""
CLIPS = "video_preprocessor_config.json"
RATIO = 0.5
"""By which the shuffle makes each side of the patches shorter, as in all published models."""
TILES = 4
"""Published models have 12."""


def fresh(base: Base, texts: Iterable[str]) -> Fresh:
    """Return the configuration, and the processor with its tokenizer."""
    special = (PAD, SPEAKS, STOPS, START, END, CONTEXT, VIDEO)
    tokenizer = byte_tokenizer(
        texts, base.vocabulary, special, TEMPLATE, eos_token=STOPS, pad_token=PAD, extra_special_tokens=NAMES
    )
    config, side = _config(base, tokenizer), {"height": base.image_size, "width": base.image_size}
    alike = {"size": side, "image_mean": MEAN, "image_std": STD, "resample": 3}
    settings = {
        TOGETHER: {"image_seq_length": config.image_seq_length, "processor_class": "InternVLProcessor"},
        ALONE: {
            **alike,
            "image_processor_type": "GotOcr2ImageProcessor",
            "min_patches": 1,
            "max_patches": TILES,
        },
        CLIPS: {**alike, "video_processor_type": "InternVLVideoProcessor"},
    }
    return Fresh(config, PublishedProcessor(tokenizer, settings))


def _config(base: Base, tokenizer: Any) -> InternVLConfig:
    ids = {f"{kind}_token_id": getattr(tokenizer, f"{kind}_token_id") for kind in ("bos", "eos", "pad")}
    vision = InternVLVisionConfig(
        hidden_size=base.vision_width, intermediate_size=4 * base.vision_width,
        num_hidden_layers=base.vision_layers, num_attention_heads=base.vision_heads,
        image_size=base.image_size, patch_size=base.patch_size, attention_bias=True,
        initializer_range=first_spread(base.vision_width),
    )  # fmt: skip
    text = Qwen2Config(
        vocab_size=len(tokenizer), hidden_size=base.width, intermediate_size=inner_width(base.width),
        num_hidden_layers=base.layers, num_attention_heads=base.heads, num_key_value_heads=base.kv_heads,
        max_position_embeddings=POSITIONS, initializer_range=first_spread(base.width),
        tie_word_embeddings=True, **ids,
    )  # fmt: skip
    return InternVLConfig(
        vision_config=vision, text_config=text, downsample_ratio=RATIO, tie_word_embeddings=True,
        image_token_id=tokenizer.convert_tokens_to_ids(CONTEXT),
        image_seq_length=int((base.image_size // base.patch_size * RATIO) ** 2),
    )  # fmt: skip

"""A SmolVLM of any sizes, untrained, with a processor that cuts images into two tiles each way at most."""

from collections.abc import Iterable
from typing import Any

from transformers import Idefics3Config, Idefics3Processor, LlamaConfig
from transformers.models.idefics3.configuration_idefics3 import Idefics3VisionConfig
from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

from vf_ray.model.families._smolvlm.conversation import AROUND, IMAGE, MOST, TILE, WHOLE
from vf_ray.model.families.decoder import CONTEXT, first_spread, inner_width
from vf_ray.model.families.fresh_tokenizer import byte_tokenizer
from vf_ray.model.families.whole_folder import Fresh
from vf_ray.recipe import Base

START, END, PAD = "<|im_start|>", "<end_of_utterance>", "<|im_end|>"
TEMPLATE = (
    "<|im_start|>{% for message in messages %}{{message['role'] | capitalize}}"
    "{% if message['content'][0]['type'] == 'image' %}{{':'}}{% else %}{{': '}}{% endif %}"
    "{% for line in message['content'] %}{% if line['type'] == 'text' %}{{line['text']}}"
    "{% elif line['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}<end_of_utterance>\n{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
)
"""Idefics3's and SmolVLM's, letter for letter, as in transformers' tests of ``Idefics3Processor``."""
SCALE = 2
"""Patches each way that the shuffle joins; SmolVLM-500M has 4."""
TILES = 2
"""Tiles of the longest side; SmolVLM-500M has 4."""
PLACES = tuple(TILE.format(row, column) for row in range(1, MOST + 1) for column in range(1, MOST + 1))


def fresh(base: Base, texts: Iterable[str]) -> Fresh:
    """Return the configuration, and the processor with its tokenizer."""
    special = (PAD, START, END, AROUND, WHOLE, IMAGE, *PLACES)
    named = {"bos_token": START, "eos_token": END, "pad_token": PAD}
    tokenizer = byte_tokenizer(texts, base.vocabulary, special, TEMPLATE, **named)
    images = Idefics3ImageProcessorPil(
        size={"longest_edge": TILES * base.image_size}, max_image_size={"longest_edge": base.image_size}
    )
    per_tile = (base.image_size // base.patch_size // SCALE) ** 2
    processor = Idefics3Processor(images, tokenizer, image_seq_len=per_tile, chat_template=TEMPLATE)
    return Fresh(_config(base, tokenizer), processor)


def _config(base: Base, tokenizer: Any) -> Idefics3Config:
    ids = {f"{kind}_token_id": getattr(tokenizer, f"{kind}_token_id") for kind in ("bos", "eos", "pad")}
    vision = Idefics3VisionConfig(
        hidden_size=base.vision_width, intermediate_size=4 * base.vision_width,
        num_hidden_layers=base.vision_layers, num_attention_heads=base.vision_heads,
        image_size=base.image_size, patch_size=base.patch_size,
        initializer_range=first_spread(base.vision_width),
    )  # fmt: skip
    text = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=base.width, intermediate_size=inner_width(base.width),
        num_hidden_layers=base.layers, num_attention_heads=base.heads, num_key_value_heads=base.kv_heads,
        max_position_embeddings=CONTEXT, initializer_range=first_spread(base.width), **ids,
    )  # fmt: skip
    return Idefics3Config(
        vision_config=vision, text_config=text, scale_factor=SCALE, tie_word_embeddings=False,
        image_token_id=tokenizer.convert_tokens_to_ids(IMAGE),
    )  # fmt: skip

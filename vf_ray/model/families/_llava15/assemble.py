"""One Hugging Face LLaVA folder from a vision tower, a projector and a language model.

Each part is fresh or read, by its own field of ``Base``. A fresh part depends on the seed and its
own sizes only, so exchanging one part leaves the others as they were.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import (
    CLIPVisionModel,
    GenerationConfig,
    LlamaForCausalLM,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
)
from transformers.models.llava.image_processing_pil_llava import LlavaImageProcessorPil

from vf_ray.model.export import save_model
from vf_ray.model.families._llava15 import parts
from vf_ray.model.families._llava15.adopted import Adoption
from vf_ray.model.families._llava15.pixels import CLIP_MEAN, CLIP_STD
from vf_ray.model.families._llava15.sizes import image_tokens
from vf_ray.model.families._llava15.template import IMAGE, TEMPLATES
from vf_ray.model.families._llava15.tokenizer import train_tokenizer
from vf_ray.model.families.family import Family, Fetch
from vf_ray.model.families.whole_folder import save_processor
from vf_ray.model.seeded import drawn
from vf_ray.model.whole import Whole
from vf_ray.recipe import Base

STRATEGY = "default"
"""LLaVA drops the class token."""
ROUND_ROWS = 64
"""Embedding rows of adopted models are filled up to a multiple, as in the published LLaVA-1.5 folders."""


@dataclass(frozen=True)
class Language:
    """A language model and the tokenizer it reads through."""

    model: LlamaForCausalLM
    tokenizer: Any


def assemble(family: Family, base: Base, texts: Iterable[str], out: Path, *, seed: int, fetch: Fetch) -> None:
    """Write model, tokenizer, processor and chat template to ``out``, ready for ``from_pretrained``.

    ``texts`` are what a fresh tokenizer is trained on: conversations as the base's template words them.

    Raises:
        ValueError: if the parts do not fit each other or the recipe.
    """
    adopted = Adoption(base, fetch)
    adopted.require_fit()
    model, tokenizer = _ready(adopted, adopted.llava) if adopted.llava else _joined(adopted, texts, seed)
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    # the weights, and beside them what turns text and images into input
    save_model(model, family, out)
    template = TEMPLATES[adopted.input_format.template].jinja(begins=adopted.begins)
    clear = adopted.input_format.alpha == "white"
    save_processor(processor(tokenizer, model.config.vision_config, template, clear=clear), out)
    adopted.input_format.save(out)


def processor(tokenizer: Any, vision: Any, template: str, *, clear: bool = True) -> LlavaProcessor:
    """Return the processor with a chat template, which treats pictures as LLaVA-1.5 does.

    It lays transparency on white; where that is not wanted (``clear``), it takes RGB pictures alone.
    """
    size = vision.image_size
    images = LlavaImageProcessorPil(
        do_pad=True, size={"shortest_edge": size}, crop_size={"height": size, "width": size},
        image_mean=list(CLIP_MEAN), image_std=list(CLIP_STD), do_convert_rgb=clear,
    )  # fmt: skip
    return LlavaProcessor(
        image_processor=images, tokenizer=tokenizer, patch_size=vision.patch_size,
        vision_feature_select_strategy=STRATEGY, chat_template=template,
        image_token=IMAGE, num_additional_image_tokens=1,
    )  # fmt: skip


def join(
    vision: CLIPVisionModel, language: Language, select_layer: int, seed: int
) -> LlavaForConditionalGeneration:
    """Put the parts into one model with a fresh projector; no weight is copied."""
    config = LlavaConfig(
        vision_config=vision.config, text_config=language.model.config,
        image_token_index=language.tokenizer.convert_tokens_to_ids(IMAGE),
        image_seq_length=image_tokens(vision.config.image_size, vision.config.patch_size),
        vision_feature_layer=select_layer, vision_feature_select_strategy=STRATEGY,
        projector_hidden_act="gelu",
        tie_word_embeddings=language.model.config.tie_word_embeddings,
        pad_token_id=language.tokenizer.pad_token_id,
    )  # fmt: skip
    # an empty frame, into which the parts are put: nothing is copied or drawn twice
    with torch.device("meta"):
        model = LlavaForConditionalGeneration(config)
    model.model.vision_tower = vision
    model.model.language_model = language.model.model
    model.lm_head = language.model.lm_head
    model.model.multi_modal_projector.to_empty(device="cpu")
    _initialise(model.model.multi_modal_projector, seed)
    return model.to(language.model.dtype).eval()


def _initialise(projector: nn.Module, seed: int) -> None:
    """Draw the projector as LLaVA does: torch's own start for linear layers, not a small normal."""
    with drawn(seed, "projector"):
        for layer in projector.modules():
            if isinstance(layer, nn.Linear):
                layer.reset_parameters()


def _joined(adopted: Adoption, texts: Iterable[str], seed: int) -> tuple[LlavaForConditionalGeneration, Any]:
    base = adopted.base
    language = _language(adopted, texts, seed)
    vision = adopted.vision.read() if adopted.vision else parts.fresh_vision(base, seed)
    model = join(vision, language, base.select_layer, seed)
    if adopted.projector:
        adopted.projector.fill(model.model.multi_modal_projector)
    return model, language.tokenizer


def _language(adopted: Adoption, texts: Iterable[str], seed: int) -> Language:
    base = adopted.base
    if not adopted.language_model:
        tokenizer = train_tokenizer(texts, base.vocabulary, TEMPLATES[adopted.input_format.template])
        return Language(parts.fresh_language_model(base, tokenizer, seed), tokenizer)
    model = adopted.language_model.read()
    _grow(model, adopted.tokenizer)
    return Language(model, adopted.tokenizer)


def _grow(model: LlamaForCausalLM | LlavaForConditionalGeneration, tokenizer: Any) -> None:
    """Give new tokens embeddings, each the mean of the old ones: nothing is drawn, and logits stay small."""
    rows = model.get_input_embeddings().num_embeddings
    if len(tokenizer) <= rows:
        return
    model.resize_token_embeddings(len(tokenizer), pad_to_multiple_of=ROUND_ROWS, mean_resizing=False)
    with torch.no_grad():
        for table in {model.get_input_embeddings().weight, model.get_output_embeddings().weight}:
            table[rows:] = table[:rows].mean(dim=0, dtype=torch.float32).to(table.dtype)


def _ready(adopted: Adoption, llava: Whole) -> tuple[LlavaForConditionalGeneration, Any]:
    """Read a finished Hugging Face LLaVA, and bring its processor to LLaVA-1.5's ways."""
    model = llava.read()
    _grow(model, adopted.tokenizer)
    if adopted.projector:
        adopted.projector.fill(model.model.multi_modal_projector)
    return model, adopted.tokenizer

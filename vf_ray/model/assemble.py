"""One Hugging Face LLaVA folder from a vision tower, a projector and a language model.

Each part is fresh or read, by its own field of ``Base``. A fresh part depends on the seed and its
own sizes only, so exchanging one part leaves the others as they were.
"""

from collections.abc import Callable, Iterable
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

from vf_ray.model import parts
from vf_ray.model.conversation import IMAGE
from vf_ray.model.export import save_model
from vf_ray.model.pixels import CLIP_MEAN, CLIP_STD
from vf_ray.model.template import TEMPLATES
from vf_ray.model.tokenizer import adopt_tokenizer, train_tokenizer
from vf_ray.recipe import Base
from vf_ray.recipe.input_format import Habits
from vf_ray.recipe.strict import require

Fetch = Callable[[str], Path]
"""Brings what a URL names to a local file or folder."""
STRATEGY = "default"
"""LLaVA drops the class token."""
ROUND_ROWS = 64
"""Embedding rows of adopted models are filled up to a multiple, as in the published LLaVA-1.5 folders."""


@dataclass(frozen=True)
class Language:
    """A language model and the tokenizer it reads through."""

    model: LlamaForCausalLM
    tokenizer: Any


def assemble(base: Base, texts: Iterable[str], out: Path, *, seed: int, fetch: Fetch) -> None:
    """Write model, tokenizer, processor and chat template to ``out``, ready for ``from_pretrained``.

    ``texts`` are what a fresh tokenizer is trained on: conversations as the base's template words them.

    Raises:
        ValueError: if the parts do not fit each other or the recipe.
    """
    habits = habits_of(base, fetch)
    ready = base.checkpoint and not parts.is_original_llava(fetch(base.checkpoint))
    model, tokenizer = _ready(base, fetch) if ready else _from_parts(base, texts, seed, fetch)
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    save_model(model, out)
    processor(tokenizer, model.config.vision_config, habits).save_pretrained(out)
    habits.save(out)


def habits_of(base: Base, fetch: Fetch) -> Habits:
    """Return the habits that a model is to have: its checkpoint's, but for what the recipe says."""
    own = Habits.of(fetch(base.checkpoint)) if base.checkpoint else Habits()
    return own.changed(base.habits)


def processor(tokenizer: Any, vision: Any, habits: Habits) -> LlavaProcessor:
    """Return the processor that treats text as the habits say, and pictures as LLaVA-1.5 does."""
    size = vision.image_size
    pictures = LlavaImageProcessorPil(
        do_pad=True, size={"shortest_edge": size}, crop_size={"height": size, "width": size},
        image_mean=list(CLIP_MEAN), image_std=list(CLIP_STD),
    )  # fmt: skip
    return LlavaProcessor(
        image_processor=pictures, tokenizer=tokenizer, patch_size=vision.patch_size,
        vision_feature_select_strategy=STRATEGY, chat_template=TEMPLATES[habits.template].jinja,
        image_token=IMAGE, num_additional_image_tokens=1,
    )  # fmt: skip


def join(
    vision: CLIPVisionModel, language: Language, select_layer: int, seed: int
) -> LlavaForConditionalGeneration:
    """Put the parts into one model with a fresh projector; no weight is copied."""
    config = LlavaConfig(
        vision_config=vision.config, text_config=language.model.config,
        image_token_index=language.tokenizer.convert_tokens_to_ids(IMAGE),
        image_seq_length=(vision.config.image_size // vision.config.patch_size) ** 2,
        vision_feature_layer=select_layer, vision_feature_select_strategy=STRATEGY,
        projector_hidden_act="gelu",
        tie_word_embeddings=language.model.config.tie_word_embeddings,
        pad_token_id=language.tokenizer.pad_token_id,
    )  # fmt: skip
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
    with parts.drawn(seed, "projector"):
        for layer in projector.modules():
            if isinstance(layer, nn.Linear):
                layer.reset_parameters()


def _from_parts(
    base: Base, texts: Iterable[str], seed: int, fetch: Fetch
) -> tuple[LlavaForConditionalGeneration, Any]:
    original = fetch(base.checkpoint) if base.checkpoint else None
    if original:
        parts.require_llava_1_5(original, base)
    language = _language(base.checkpoint or base.language_model, base, texts, seed, fetch)
    vision = parts.read_vision(fetch(base.vision), base) if base.vision else parts.fresh_vision(base, seed)
    model = join(vision, language, base.select_layer, seed)
    if original:
        parts.fill_vision(vision, parts.weights(original, "vision_tower."))
    _fill_projector(model, base.projector or base.checkpoint, fetch)
    return model, language.tokenizer


def _fill_projector(model: LlavaForConditionalGeneration, url: str, fetch: Fetch) -> None:
    if url:
        found = parts.projector_weights(fetch(url))
        parts.fill_projector(model.model.multi_modal_projector, found)


def _language(url: str, base: Base, texts: Iterable[str], seed: int, fetch: Fetch) -> Language:
    if not url:
        template = TEMPLATES[habits_of(base, fetch).template]
        tokenizer = train_tokenizer(texts, base.vocabulary, template)
        return Language(parts.fresh_language_model(base, tokenizer, seed), tokenizer)
    folder, gguf_file = _gguf(fetch(url))
    tokenizer = adopt_tokenizer(folder, gguf_file)
    model = parts.read_language_model(folder, gguf_file)
    _grow(model, tokenizer)
    return Language(model, tokenizer)


def _gguf(path: Path) -> tuple[Path, str | None]:
    """Return the folder and, where the model is a GGUF file, its name in it."""
    if path.is_file():
        return path.parent, path.name
    files = sorted(path.glob("*.gguf"))
    if (path / "config.json").exists() or not files:
        return path, None
    if len(files) > 1:
        raise ValueError(f"{path} holds {len(files)} GGUF files; name one of {[f.name for f in files]}")
    return path, files[0].name


def _grow(model: LlamaForCausalLM | LlavaForConditionalGeneration, tokenizer: Any) -> None:
    """Give new tokens embeddings, each the mean of the old ones: nothing is drawn, and logits stay small."""
    rows = model.get_input_embeddings().num_embeddings
    if len(tokenizer) <= rows:
        return
    model.resize_token_embeddings(len(tokenizer), pad_to_multiple_of=ROUND_ROWS, mean_resizing=False)
    with torch.no_grad():
        for table in {model.get_input_embeddings().weight, model.get_output_embeddings().weight}:
            table[rows:] = table[:rows].mean(dim=0, dtype=torch.float32).to(table.dtype)


def _ready(base: Base, fetch: Fetch) -> tuple[LlavaForConditionalGeneration, Any]:
    """Read a finished Hugging Face LLaVA, and bring its processor to LLaVA-1.5's ways."""
    folder = fetch(base.checkpoint)
    require(not base.vision, "base.vision is for a checkpoint of LLaVA's authors; this one has its own tower")
    model = LlavaForConditionalGeneration.from_pretrained(
        folder, dtype="auto", local_files_only=True, weights_only=True
    )
    tokenizer = adopt_tokenizer(folder)
    config, image_id = model.config, tokenizer.convert_tokens_to_ids(IMAGE)
    found = (config.vision_config.image_size, config.vision_config.patch_size, config.image_token_id)
    expected = (base.image_size, base.patch_size, image_id)
    if found != expected:
        raise ValueError(
            f"base.checkpoint at {folder} has picture size, patch size and {IMAGE} id {found}; "
            f"the recipe and the tokenizer say {expected}"
        )
    _grow(model, tokenizer)
    _fill_projector(model, base.projector, fetch)
    return model, tokenizer

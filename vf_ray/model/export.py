"""A model on disk, as the field reads it.

Tensor names are those of the published Hugging Face LLaVA-1.5 folders. transformers reads them and
its own newer ones; vLLM and others know the published ones best. So they are written here by name,
the same under every version of transformers.
"""

import re
import shutil
from pathlib import Path

from huggingface_hub import save_torch_state_dict
from transformers import PreTrainedModel

LAYOUT = (
    (r"^model\.language_model\.", "language_model.model."),
    (r"^lm_head\.", "language_model.lm_head."),
    (r"^model\.multi_modal_projector\.", "multi_modal_projector."),
    (r"^(model\.)?vision_tower\.(vision_model\.)?", "vision_tower.vision_model."),
)
"""Names inside the model, and as published."""
ADAPTED = re.compile(r"\.(lora_|base_layer\.)")
SHARD = "5GB"
WEIGHTS = re.compile(r".*\.(safetensors|bin)(\.index\.json)?|config\.json|generation_config\.json|README\.md")


def save(model: PreTrainedModel, encoder_folder: Path, out: Path) -> None:
    """Write a model with the tokenizer, processor and template of ``encoder_folder``."""
    save_model(model, out)
    for file in sorted(encoder_folder.iterdir()):
        if file.is_file() and not WEIGHTS.fullmatch(file.name):
            shutil.copyfile(file, out / file.name)


def save_model(model: PreTrainedModel, out: Path) -> None:
    """Write configuration and weights, without the files that turn text and pictures into input."""
    out.mkdir(parents=True, exist_ok=True)
    model.config.architectures = ["LlavaForConditionalGeneration"]
    model.config.dtype = model.dtype
    model.config.save_pretrained(out)
    model.generation_config.save_pretrained(out)
    weights = {published(name): weight.detach() for name, weight in model.state_dict().items()}
    if model.config.tie_word_embeddings:
        weights.pop("language_model.lm_head.weight", None)
    save_torch_state_dict(weights, out, max_shard_size=SHARD)


def published(name: str) -> str:
    """Return the published name of a model's tensor.

    Raises:
        ValueError: for a tensor that a LLaVA does not have.
    """
    renamed = canonical(name)
    if renamed == name or ADAPTED.search(name):
        raise ValueError(f"tensor {name!r} has no place in a LLaVA folder; merge adapters before saving")
    return renamed


def canonical(name: str) -> str:
    """Return the published name of a tensor in a model, or in a file of any version; others stay."""
    for pattern, replacement in LAYOUT:
        if re.match(pattern, name):
            return re.sub(pattern, replacement, name)
    return name

"""A model on disk, as the field reads it: by the names of its family's published folders."""

import re
import shutil
from pathlib import Path

from huggingface_hub import save_torch_state_dict
from transformers import PreTrainedModel

from vf_ray.model.families.family import Family

SHARD = "5GB"
WEIGHTS = re.compile(r".*\.(safetensors|bin)(\.index\.json)?|config\.json|generation_config\.json|README\.md")


def copy_encoder(folder: Path, out: Path) -> None:
    """Copy what turns text and images into input: tokenizer, processor and template."""
    for file in sorted(folder.iterdir()):
        if file.is_file() and not WEIGHTS.fullmatch(file.name):
            shutil.copyfile(file, out / file.name)


def save_model(model: PreTrainedModel, family: Family, out: Path) -> None:
    """Write configuration and weights, by the names that the family's published folders have."""
    out.mkdir(parents=True, exist_ok=True)
    model.config.architectures = [family.model_class(model.config.to_dict()).__name__]
    model.config.dtype = model.dtype
    model.config.save_pretrained(out)
    model.generation_config.save_pretrained(out)
    weights = {family.saved_name(name): weight.detach() for name, weight in model.state_dict().items()}
    if model.config.tie_word_embeddings:
        weights.pop(family.saved_name("lm_head.weight"), None)
    save_torch_state_dict(weights, out, max_shard_size=SHARD)

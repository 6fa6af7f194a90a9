"""Exports reload as they were, in the published layout."""

from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from transformers import AutoProcessor, LlavaForConditionalGeneration

from tests.model.one_image import ONE
from tests.tiny import make_tiny
from vf_ray.model.attention import enable_packing
from vf_ray.model.families._llava15.conversation import LlavaEncoder
from vf_ray.model.families.llava15 import Llava15
from vf_ray.model.load import load, save


def inputs(folder: Path) -> dict[str, torch.Tensor]:
    ids = torch.tensor([LlavaEncoder.of(folder).encode("Is the number odd?", "yes", images=ONE).ids])
    return {
        "input_ids": ids,
        "pixel_values": torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)),
    }


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_tuned_model_reloads_with_equal_logits(dtype: torch.dtype, tmp_path: Path) -> None:
    base = make_tiny(tmp_path / "base")
    model = load(base, dtype)
    enable_packing(model.model.language_model)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.25)
    save(model, base, tmp_path / "out")
    again = LlavaForConditionalGeneration.from_pretrained(tmp_path / "out", dtype="auto").eval()
    assert again.dtype == dtype
    batch = {name: v.to(dtype) if v.is_floating_point() else v for name, v in inputs(base).items()}
    assert torch.equal(again(**batch).logits, model(**batch).logits)
    assert AutoProcessor.from_pretrained(tmp_path / "out").image_processor.do_pad
    first, again = (
        LlavaEncoder.of(folder).encode("a", "b", images=ONE) for folder in (base, tmp_path / "out")
    )
    assert first == again


def test_names_are_the_published_ones(tmp_path: Path) -> None:
    with safe_open(make_tiny(tmp_path) / "model.safetensors", "pt") as file:
        names = set(file.keys())
    assert names >= {
        "language_model.lm_head.weight",
        "language_model.model.embed_tokens.weight",
        "language_model.model.layers.1.self_attn.q_proj.weight",
        "language_model.model.norm.weight",
        "multi_modal_projector.linear_1.weight",
        "multi_modal_projector.linear_2.bias",
        "vision_tower.vision_model.embeddings.class_embedding",
        "vision_tower.vision_model.encoder.layers.0.self_attn.k_proj.bias",
        "vision_tower.vision_model.pre_layrnorm.weight",
    }
    assert {name.split(".")[0] for name in names} == {
        "language_model",
        "multi_modal_projector",
        "vision_tower",
    }


def test_a_tensor_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="merge adapters"):
        Llava15().saved_name("base_model.model.lm_head.lora_A.weight")

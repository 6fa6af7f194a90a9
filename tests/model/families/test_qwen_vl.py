"""What is Qwen-VL's alone: positions along three axes, patches, deepstack, its tower's attention, names."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize

from tests.model.families.tiny import image, png, processor, tiny
from vf_ray.model.attention import enable_packing
from vf_ray.model.families import _qwen_vl, encoder_of, family_of
from vf_ray.model.families._qwen_vl.pixels import GRIDS, PIXELS, PatchedImages
from vf_ray.model.load import load, parameters
from vf_ray.types import IMAGE_MARK

KINDS = ("qwen_vl", "qwen25_vl")
SIZES = [(40, 30), (9, 60), (16, 16)]
CLOSE = {"atol": 1e-5, "rtol": 1e-5}


@pytest.fixture(scope="module", params=KINDS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def model(folder: Path) -> Any:
    return load(folder)


def test_positions_are_those_of_the_models_own_rule(folder: Path, model: Any) -> None:
    encoder = encoder_of(folder)
    prompt = f"Between {IMAGE_MARK} and {IMAGE_MARK}, which is redder?"
    for count, text in ((0, "Hm?"), (1, "What is it?"), (3, prompt)):
        encoded = encoder.encode(text, "red", ("Why?", "so"), images=SIZES[:count])
        ids = torch.tensor([encoded.ids])
        grids = torch.tensor(
            [(1, 2 * r, 2 * c) for r, c in encoder.images.grids(SIZES[:count])] or [(1, 2, 2)]
        )
        kinds = (ids == encoder.image_id).int()
        expected, _ = model.model.get_rope_index(ids, kinds, image_grid_thw=grids if count else None)
        assert torch.equal(encoded.positions, expected[:, 0])
        assert (encoded.prefix_len > 0) == (count == 1)  # of three, two are named among the words


def patched(**changes: Any) -> PatchedImages:
    usual = PatchedImages(
        patch=16, merge=2, frames=2, fewest=65_536, most=16_777_216, mean=(0.5,) * 3, std=(0.5,) * 3
    )
    return replace(usual, **changes)


@given(st.integers(1, 6000), st.integers(1, 6000), st.sampled_from([(16, 65_536), (14, 3136)]))
def test_tokens_follow_from_the_size_as_the_processor_counts(
    width: int, height: int, kind: tuple[int, int]
) -> None:
    images = patched(patch=kind[0], fewest=kind[1], most=1280 * (2 * kind[0]) ** 2)
    if max(width, height) > 200 * min(width, height):
        with pytest.raises(ValueError, match="too narrow"):
            images.grid(width, height)
        return
    side = 2 * kind[0]
    resized = smart_resize(height, width, side, images.fewest, images.most)
    assert images.grid(width, height) == (resized[0] // side, resized[1] // side)


def test_patches_are_the_processors_to_the_bit(folder: Path) -> None:
    images, theirs = encoder_of(folder).images, processor(folder).image_processor
    shown = [image(*size) for size in SIZES] + [image(20, 11).convert(mode) for mode in ("L", "P", "1")]
    expected = theirs(shown, return_tensors="pt")
    ours = images.normalised(images.collated(images.decoded([png(one) for one in shown], threads=2)))
    assert torch.equal(ours[GRIDS], expected["image_grid_thw"])
    assert torch.equal(ours[PIXELS], expected["pixel_values"])
    assert images.seen(png(shown[0])).shape == (3, 32, 40)


def test_the_tower_attends_to_many_images_as_one_by_one(folder: Path) -> None:
    family, images = family_of(folder), encoder_of(folder).images
    both = images.decoded([png(image(*size)) for size in (*SIZES, SIZES[0])])
    ours, theirs = load(folder), load(folder)
    together = family.embedded(ours, images.normalised(images.collated(both)))
    for one, embedded in zip(both, together, strict=True):
        inputs = images.normalised(images.collated([one]))
        alone = theirs.get_image_features(inputs[PIXELS], inputs[GRIDS]).pooler_output[0]
        torch.testing.assert_close(embedded[:, : alone.shape[-1]], alone, **CLOSE)


def test_what_deepstack_adds_reaches_the_language_model(tmp_path: Path) -> None:
    folder = tiny("qwen_vl", tmp_path)
    family, encoder, model = family_of(folder), encoder_of(folder), load(folder)
    enable_packing(model.model.language_model)
    asked = encoder.question("What?", images=SIZES[:1])
    inputs = encoder.images.normalised(
        encoder.images.collated(encoder.images.decoded([png(image(*SIZES[0]))]))
    )
    ids = torch.tensor([asked.ids])
    (seen,) = family.embedded(model, inputs)
    assert seen.shape == (asked.image_tokens, 3 * model.config.text_config.hidden_size)
    with_all, without = (
        family.language_model(model)(
            **family.placed(model.get_input_embeddings()(ids), ids == encoder.image_id, each),
            position_ids=asked.positions[:, None],
        ).last_hidden_state
        for each in (seen, seen[:, : seen.shape[-1] // 3])
    )
    assert not torch.allclose(with_all, without, atol=1e-3)


def test_files_have_the_published_names(folder: Path, model: Any) -> None:
    older = model.config.model_type == "qwen2_5_vl"
    with safe_open(folder / "model.safetensors", "pt") as held:
        names = set(held.keys())
    first = "visual.blocks.0.attn.qkv.weight", "model.layers.0.self_attn.q_proj.weight"
    newer = f"model.{first[0]}", "model.language_model.layers.0.self_attn.q_proj.weight"
    assert set(first if older else newer) <= names
    assert ("lm_head.weight" in names) == older  # the other has its words' table for a head
    assert sum(parameters(folder).values()) == sum(weight.numel() for weight in model.parameters())


def test_the_chat_template_is_the_published_one() -> None:
    here = Path(_qwen_vl.__file__).parent
    published = "3636d0f0bd6bef02654cdffdc447b79cb2cef8ab02cc75267345946291a489e4"  # of 5,292 bytes
    assert hashlib.sha256((here / "qwen3_vl.jinja").read_bytes()).hexdigest() == published


def test_a_blank_image_is_one_token(folder: Path) -> None:
    images = encoder_of(folder).images
    assert images.collated([images.blank()])[GRIDS].tolist() == [[1, 2, 2]]
    assert not np.any(images.blank())

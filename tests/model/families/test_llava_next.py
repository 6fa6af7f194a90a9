"""What LLaVA-NeXT and LLaVA-OneVision share: tiles of any resolution, unpadding, ends of rows."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from transformers import LlavaNextProcessor, LlavaOnevisionProcessor
from transformers.image_processing_utils import select_best_resolution

from tests.model.families.tiny import image, png, processor, tiny
from vf_ray.model.families import encoder_of
from vf_ray.model.families._llava_next.tiling import Tiling
from vf_ray.model.families.tiles import PIXELS, TILES

KINDS = ("llava_next", "llava_onevision")
NEXT = Tiling(
    resolutions=((336, 672), (672, 336), (672, 672), (1008, 336), (336, 1008)), side=336, per_side=24, most=0
)
ONEVISION = Tiling(
    resolutions=tuple((384 * r, 384 * c) for r in range(1, 7) for c in range(1, 7)),
    side=384,
    per_side=27,
    most=9,
)
SIZES = [(40, 30), (9, 60), (16, 16), (70, 15)]


@pytest.fixture(scope="module", params=KINDS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny(request.param, tmp_path_factory.mktemp(request.param))


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_tokens_of_published_models_are_counted_as_their_processors_do(width: int, height: int) -> None:
    for tiling, kind in ((NEXT, LlavaNextProcessor), (ONEVISION, LlavaOnevisionProcessor)):
        assert tiling.resolution(width, height) == select_best_resolution((height, width), tiling.resolutions)
        theirs = kind.__new__(kind)
        theirs.vision_aspect_ratio = f"anyres_max_{tiling.most}"
        unpadded, ends = theirs._get_unpadded_features(
            height, width, tiling.per_side, tiling.per_side, *tiling.grid(width, height)
        )
        assert tiling.tokens(width, height) == tiling.per_side**2 + unpadded + ends


def test_tiles_are_the_processors_to_the_bit(folder: Path) -> None:
    images, theirs = encoder_of(folder).images, processor(folder).image_processor
    shown = [image(*size) for size in SIZES]
    ours = images.normalised(images.collated(images.decoded([png(one) for one in shown], threads=2)))
    expected = theirs(shown, return_tensors="pt")["pixel_values"]
    for tiles, padded in zip(ours[PIXELS].split(ours[TILES].tolist()), expected, strict=True):
        assert torch.equal(tiles, padded[: len(tiles)]) and not padded[len(tiles) :].any()
    assert torch.equal(images.seen(png(shown[0])), ours[PIXELS][0])


def test_several_images_are_a_square_each_or_tiled_as_alone(folder: Path) -> None:
    encoder = encoder_of(folder)
    alone, several = encoder.images.among(1), encoder.images.among(3)
    assert (several != alone) == ("onevision" in str(folder))
    tokens = [several.tokens(*size) for size in SIZES[:3]]
    assert encoder.question("What?", images=SIZES[:3]).image_tokens == sum(tokens)
    theirs = processor(folder).image_processor
    expected = theirs([[image(*size) for size in SIZES[:2]]], return_tensors="pt")["pixel_values"]
    ours = several.normalised(several.collated(several.decoded([png(image(*size)) for size in SIZES[:2]])))
    if several != alone:
        assert tokens == [4 * 4 + 1] * 3
        assert torch.equal(ours[PIXELS], expected.flatten(0, 1))


def test_too_many_tokens_are_brought_down(folder: Path) -> None:
    bare = Tiling(resolutions=((64, 64),), side=16, per_side=4, most=0)
    assert (bare.shape(64, 64), replace(bare, most=4).shape(64, 64)) == ((16, 16), (8, 8))
    tiles = torch.arange(17 * 16.0).view(17, 16, 1)
    laid = replace(bare, most=4).laid(tiles, torch.tensor([-1.0]), 64, 64)
    assert laid.shape == (16 + 8 * 9, 1)
    assert (laid == -1).sum() == 8


def test_files_have_the_names_of_llava(folder: Path) -> None:
    with safe_open(folder / "model.safetensors", "pt") as held:
        names = set(held.keys())
    assert {
        "image_newline",
        "multi_modal_projector.linear_1.weight",
        "language_model.lm_head.weight",
    } <= names
    assert all(
        name.startswith(("image", "multi", "language_model.", "vision_tower.vision_model.")) for name in names
    )

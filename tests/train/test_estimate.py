"""Estimates against models that were really made, and against what is known of the large ones."""

from pathlib import Path

import pytest

from tests.tiny import make_tiny, tiny_base
from tests.train.inputs import stage
from vf_ray.config import Base
from vf_ray.model.load import parameters
from vf_ray.train.estimate import flops, memory, seconds, sizes

SEVEN = Base(width=4096, layers=32, heads=32, vocabulary=32064)
THIRTEEN = Base(vocabulary=32064)


def test_counts_equal_those_of_a_model(tmp_path: Path) -> None:
    found, real = sizes(tiny_base()), parameters(make_tiny(tmp_path))
    assert found.projector == real["projector"]
    assert found.vision_tower == pytest.approx(real["vision_tower"], rel=0.01)
    assert found.language_model == pytest.approx(real["language_model"], rel=0.01)


def test_the_large_ones_have_their_known_sizes() -> None:
    assert sizes(SEVEN).total == pytest.approx(7.06e9, rel=0.01)
    assert sizes(THIRTEEN).total == pytest.approx(13.35e9, rel=0.01)


def test_zero_shares_out_and_offload_moves() -> None:
    at = {
        zero: memory(stage(precision="bf16", zero=zero, recompute=1.0), THIRTEEN, workers=8)
        for zero in (1, 2, 3)
    }
    assert at[2].gradients * 8 == pytest.approx(at[1].gradients, rel=1e-6)
    assert at[3].parameters * 8 == pytest.approx(at[2].parameters, rel=1e-6)
    assert at[3].device < 80e9 < at[1].device
    moved = memory(stage(precision="bf16", zero=2, offload=True), THIRTEEN, workers=1)
    assert moved.optimizer == 0
    assert moved.host == pytest.approx(12 * 13e9, rel=0.02)


def test_frozen_modules_take_no_optimizer() -> None:
    projector = memory(stage(tune=("projector",)), THIRTEEN, workers=1)
    assert projector.optimizer + projector.gradients < 0.01 * projector.parameters


def test_the_rate_that_was_published_for_llava_comes_out() -> None:
    work = flops(stage(), SEVEN, samples=1, text_tokens=0)
    tokens_per_s = SEVEN.image_tokens / seconds(work, workers=1, flops_per_s=312e12, utilisation=0.3957)
    assert tokens_per_s == pytest.approx(2937, rel=0.1)

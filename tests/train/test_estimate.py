"""Estimates against models that were really made, and against what is known of the large ones."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.tiny import make_tiny, tiny_base
from tests.train.inputs import stage
from vf_ray.doctor import room
from vf_ray.model import packed_model
from vf_ray.model.families import family_of_base
from vf_ray.model.families.family import Dimensions
from vf_ray.model.load import parameters
from vf_ray.recipe import Base, Lora, Stage
from vf_ray.train import activations, checkpoint, estimate
from vf_ray.train.estimate import flops, memory, remedies, seconds, tuned
from vf_ray.train.learner import learner
from vf_ray.train.optimizer import MOMENTS


def dimensions(base: Base) -> Dimensions:
    return family_of_base(base, Path).adopted(base, Path).dimensions()


SEVEN, THIRTEEN, THIRTY_FOUR = (
    dimensions(Base(size=size, vocabulary=32064)) for size in ("7B", "13B", "34B")
)


def test_counts_equal_those_of_a_model(tmp_path: Path) -> None:
    found, real = dimensions(tiny_base()).sizes, parameters(make_tiny(tmp_path))
    assert found.projector == real["projector"]
    assert found.vision_tower == pytest.approx(real["vision_tower"], rel=0.01)
    assert found.language_model == pytest.approx(real["language_model"], rel=0.01)


def test_the_large_ones_have_their_known_sizes() -> None:
    assert SEVEN.sizes.total == pytest.approx(7.06e9, rel=0.01)
    assert THIRTEEN.sizes.total == pytest.approx(13.35e9, rel=0.01)
    assert dimensions(Base(size="1B")).sizes.language_model == pytest.approx(1.1e9, rel=0.01)
    assert THIRTY_FOUR.sizes.language_model == pytest.approx(33.7e9, rel=0.01)


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


def test_the_start_and_the_end_of_a_run_are_counted_too() -> None:
    found = memory(stage(precision="bf16", zero=3, recompute=1.0), THIRTEEN, workers=64)
    weights = 2 * THIRTEEN.sizes.total
    assert found.step < found.device == weights  # before ZeRO takes the model apart
    assert found.on_host == weights > found.saved == found.optimizer
    few = memory(stage(precision="bf16", zero=3, offload=True), THIRTEEN, workers=2)
    assert few.on_host == few.host + few.saved > weights
    assert few.device == few.step
    assert found.together > found.step + found.saved


def test_asking_benchmarks_in_training_puts_spread_weights_together() -> None:
    watched = {"evaluate_every": 9, "evaluate_benchmarks": ("pope",), "precision": "bf16", "recompute": 1.0}
    for zero, least in ((2, 0), (3, 2 * THIRTEEN.sizes.total)):
        asked, unasked = (
            stage(zero=zero, **how) for how in (watched, {"precision": "bf16", "recompute": 1.0})
        )
        more = memory(asked, THIRTEEN, 8)
        assert more.watched >= least + 2 * 2000 * 2 * 40 * 5120 and memory(unasked, THIRTEEN, 8).watched == 0
        assert more.device >= more.parameters + more.gradients + more.optimizer + more.watched


def test_upper_blocks_are_counted_alone_and_gradients_pass_no_further_down() -> None:
    sizes, upper = THIRTEEN.sizes, stage(tune=("vision_tower[12:]", "projector", "language_model"))
    whole = stage(tune=("vision_tower", "projector", "language_model"))
    block = 12 * 1024**2 + 13 * 1024  # of a CLIP-L: attention, an inner layer, two norms, biases
    assert tuned(sizes, whole) - tuned(sizes, upper) == sizes.vision_tower - 12 * block
    assert flops(upper, THIRTEEN, samples=1, text_tokens=0) == pytest.approx(
        flops(whole, THIRTEEN, samples=1, text_tokens=0) - 2 * sizes.vision_tower * THIRTEEN.patches
    )
    adapted = stage(tune=("language_model[-10:]",), lora=Lora(rank=8))
    assert 4 * tuned(sizes, adapted) == tuned(sizes, replace(adapted, tune=("language_model",)))


def test_frozen_modules_take_no_optimizer() -> None:
    projector = memory(stage(tune=("projector",)), THIRTEEN, workers=1)
    assert projector.optimizer + projector.gradients < 0.01 * projector.parameters


def test_adapters_are_counted_as_they_are(tmp_path: Path) -> None:
    chosen = stage(lora=Lora(rank=4))
    model = learner(chosen, make_tiny(tmp_path), 0)
    learns = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert tuned(dimensions(tiny_base()).sizes, chosen) == learns
    whole, adapted = (memory(s, THIRTEEN, workers=1) for s in (stage(zero=2), stage(zero=2, lora=Lora())))
    assert adapted.optimizer < 0.06 * whole.optimizer


def test_what_is_recommended_fits() -> None:
    asked, free = stage(precision="bf16", zero=1), 80 << 30
    assert memory(asked, THIRTEEN, 8).device > free
    ways = list(remedies(asked, THIRTEEN, 8, free))
    assert ways[0][0] == "recompute=0.5, zero=2"
    assert all(memory(changed, THIRTEEN, 8).device <= free for _, changed in ways)
    assert list(remedies(asked, THIRTY_FOUR, 1, free)) == []


def test_the_rate_that_was_published_for_llava_comes_out() -> None:
    work = flops(stage(), SEVEN, samples=1, text_tokens=0)
    tokens_per_s = SEVEN.image_tokens / seconds(work, workers=1, flops_per_s=312e12, utilisation=0.3957)
    assert tokens_per_s == pytest.approx(2937, rel=0.1)


def test_what_is_said_twice_for_want_of_torch_is_the_same() -> None:
    assert packed_model.LOGITS == activations.LOGITS
    assert checkpoint.KEEP == room.KEEP


def test_estimates_count_what_the_optimizer_keeps() -> None:
    assert 4 * len(MOMENTS) == estimate.STATE_BYTES


def test_the_table_of_where_it_ends_is_what_is_estimated() -> None:
    ways = ({"zero": 2}, {"zero": 3}, {"zero": 3, "offload": True})
    models, room = {"7B": SEVEN, "13B": THIRTEEN, "34B": THIRTY_FOUR}, 80 << 30

    def tuned_by(way: Mapping[str, Any], tokens: int) -> Stage:
        return stage(precision="bf16", recompute=1.0, micro_tokens=tokens, **way)

    def cell(size: str, workers: int, way: Mapping[str, Any]) -> str:
        needed = [memory(tuned_by(way, 2048), models[size], workers).device / (1 << 30)]
        longest = [
            thousands
            for thousands in range(2, 200)
            if memory(tuned_by(way, 1000 * thousands), models[size], workers).device <= room
        ]
        return f"{needed[0]:.0f} / {max(longest, default='-')}"

    rows = re.findall(r"^(\d+B) +(\d+) +(.+)$", str(estimate.__doc__), re.MULTILINE)
    assert len(rows) == 4
    for size, workers, cells in rows:
        assert re.split(r" {2,}", cells.strip()) == [cell(size, int(workers), way) for way in ways]


def test_more_workers_are_named_where_nothing_else_helps() -> None:
    asked = stage(precision="bf16", zero=2, max_length=16384, micro_tokens=16384)
    more = estimate.more_workers(asked, THIRTY_FOUR, 4, 80 << 30)
    assert more is not None and more[0] > 4
    assert estimate.more_workers(asked, THIRTY_FOUR, 4, 40 << 30) is None
    assert "no number of workers" in room._remedy("stage1", asked, THIRTY_FOUR, 4, 40 << 30)

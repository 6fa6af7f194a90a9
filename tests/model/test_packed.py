"""A model that learns from packs computes what transformers' own does."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import LlavaForConditionalGeneration

from tests.model.one_image import ONE
from tests.tiny import make_tiny
from tests.train.inputs import Listed, ready, stage
from vf_ray.model import packed_model as module
from vf_ray.model.freeze import tune
from vf_ray.model.load import load, save
from vf_ray.model.packed import layers, packed, recompute
from vf_ray.train.batches import Batches
from vf_ray.train.collate import Pack
from vf_ray.train.learner import fast_paths, learner
from vf_ray.train.step import loss_of

PIXELS = "pixel_values"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def pack(folder: Path) -> Pack:
    (made,) = ready(Batches.of(stage(), Listed.of(40), folder, seed=0, rank=0, world=1), 1)
    return made


def gradients(model: torch.nn.Module, *packs: Pack) -> dict[str, torch.Tensor]:
    for pack in packs:
        loss_of(model, pack).backward()
    return {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


def assert_equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor], atol: float = 1e-7) -> None:
    assert one.keys() == other.keys()
    for name, gradient in one.items():
        torch.testing.assert_close(other[name], gradient, atol=atol, rtol=1e-5, msg=name)


def test_logits_made_piece_by_piece_give_the_same_gradients(
    folder: Path, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = gradients(packed(load(folder)), pack)
    monkeypatch.setattr(module, "LOGITS", 3 * 384)  # three label tokens at a time
    assert len(pack.targets) > 9
    assert_equal(whole, gradients(packed(load(folder)), pack))


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_recomputed_layers_give_the_same_gradients(folder: Path, pack: Pack, share: float) -> None:
    forgetful = packed(load(folder))
    recompute(forgetful, share)
    assert sum(layer.gradient_checkpointing for layer in layers(forgetful)) == 2 * share
    assert_equal(gradients(packed(load(folder)), pack), gradients(forgetful, pack))


def test_a_image_encoded_once_gives_what_two_copies_give(folder: Path, pack: Pack) -> None:
    each, first = torch.arange(len(pack.image_index)), pack.images[PIXELS][:1]
    twice = replace(pack, images={PIXELS: pack.images[PIXELS][pack.image_index]}, image_index=each)
    once = replace(pack, images={PIXELS: first}, image_index=torch.zeros_like(each))
    same = replace(pack, images={PIXELS: first.repeat(len(each), 1, 1, 1)}, image_index=each)
    model = packed(load(folder))
    torch.testing.assert_close(loss_of(model, twice), loss_of(model, pack))
    assert_equal(gradients(packed(load(folder)), same), gradients(packed(load(folder)), once))


def few_images(folder: Path, of_each: int = 2, **changes: Any) -> Batches:
    """Return a feed of 24 samples, ``of_each`` of which show the same picture."""
    listed = Listed.of(24)
    fewer = Listed(listed.said, tuple(listed.seen[i // of_each] for i in range(24)))
    return Batches.of(stage(batch=24, **changes), fewer, folder, seed=0, rank=0, world=1)


def test_the_feed_shares_images_and_says_how_often(folder: Path) -> None:
    batches = few_images(folder, share_tokens=False)
    (pack,), shared = batches.step(1).packs, batches.step(1).shared
    assert (few_images(folder, of_each=1).step(1).shared, shared) == (0.0, 0.5)
    assert len(pack.images[PIXELS]) == 12
    assert sorted(pack.image_index.tolist()) == sorted([*range(12), *range(12)])
    assert pack.gather_index is None


@pytest.mark.parametrize("changes", [{}, {"template": "plain"}, {"recompute": 1.0}, {"micro_tokens": 400}])
def test_tokens_of_a_image_computed_once_give_what_copies_give(folder: Path, changes: dict[str, Any]) -> None:
    once = few_images(folder, of_each=4, **changes)
    copied = replace(once, stage=replace(once.stage, share_tokens=False))
    step, same = once.step(1), copied.step(1)
    assert step.tokens == same.tokens == same.computed
    assert sum(pack.input_ids.numel() for pack in step.packs) == step.computed
    if "micro_tokens" in changes:
        assert len(step.packs) > 1
    else:
        assert step.computed == step.tokens - 18 * once.encoder.question("", images=ONE).prefix_len
    models = [packed(load(folder)) for _ in range(2)]
    for model in models:
        recompute(model, changes.get("recompute", 0))
    assert_equal(gradients(models[0], *ready(copied, 1)), gradients(models[1], *ready(once, 1)), 1e-6)


def test_ranks_that_share_tokens_add_up_to_one_that_copies(folder: Path) -> None:
    alone = few_images(folder, of_each=8, share_tokens=False)
    ranks = [replace(few_images(folder, of_each=8), rank=rank, world=2) for rank in range(2)]
    steps = [batches.step(1) for batches in ranks]
    assert all(step.computed < step.tokens for step in steps)
    assert 0.8 < steps[0].fill == steps[1].fill
    packs = [pack for batches in ranks for pack in ready(batches, 1)]
    models = [packed(load(folder)) for _ in range(2)]
    assert_equal(gradients(models[0], *ready(alone, 1)), gradients(models[1], *packs), 1e-6)


def test_what_shows_nothing_is_packed_with_what_shows(folder: Path) -> None:
    listed = Listed.of(24, silent=3)
    batches = Batches.of(stage(batch=24), replace(listed, seen=(listed.seen[0],) * 24), folder, 0, 0, 1)
    mixed = replace(
        batches, samples=replace(listed, seen=tuple(seen and listed.seen[0] for seen in listed.seen))
    )
    step, (pack,) = mixed.step(1), mixed.step(1).packs
    assert (step.samples, step.imaged, step.encoded, step.shared) == (24, 16, 1, 1 - 1 / 16)
    prefix_len = batches.encoder.question("", images=ONE).prefix_len
    assert step.computed == pack.input_ids.numel() == step.tokens - 15 * prefix_len
    assert pack.image_index.tolist() == [0]
    copied = replace(mixed, stage=replace(mixed.stage, share_tokens=False))
    models = [packed(load(folder)) for _ in range(2)]
    assert_equal(gradients(models[0], *ready(copied, 1)), gradients(models[1], *ready(mixed, 1)), 1e-6)


def test_a_pack_that_shows_nothing_runs_the_same_modules(folder: Path, pack: Pack) -> None:
    batches = Batches.of(stage(), Listed.of(40, silent=1), folder, seed=0, rank=0, world=1)
    step, (silent,) = batches.step(1), ready(batches, 1)
    assert (step.imaged, step.encoded, step.shared, len(silent.images[PIXELS])) == (0, 0, 0.0, 1)
    assert batches.encoder.image_id not in silent.input_ids
    found = gradients(packed(load(folder)), silent)
    assert found.keys() == gradients(packed(load(folder)), pack).keys()
    image_index = [name for name in found if "vision_tower" in name or "projector" in name]
    assert image_index and not any(found[name].any() for name in image_index)
    assert all(found[name].any() for name in found if "lm_head" in name)
    other = replace(silent, images={PIXELS: torch.randn_like(silent.images[PIXELS])})
    assert_equal(found, gradients(packed(load(folder)), other))


def test_it_is_saved_under_the_name_the_field_loads(folder: Path, tmp_path: Path) -> None:
    save(packed(load(folder)), folder, tmp_path)
    again = LlavaForConditionalGeneration.from_pretrained(tmp_path)
    mine = load(folder).state_dict()
    assert all(torch.equal(weight, mine[name]) for name, weight in again.state_dict().items())


def test_a_frozen_tower_keeps_nothing_and_a_tuned_one_learns(folder: Path, pack: Pack) -> None:
    frozen = load(folder)
    tune(frozen, ("projector",))
    assert not packed(frozen).get_submodule("model.vision_tower").training
    assert set(gradients(frozen, pack)) == {n for n in gradients(frozen, pack) if "projector" in n}
    tuned = load(folder)
    tune(tuned, ("vision_tower",))
    assert packed(tuned).get_submodule("model.vision_tower").training


def test_the_fast_paths_are_told(folder: Path) -> None:
    chosen = stage(precision="bf16", zero=2, recompute=0.5)
    model = learner(chosen, folder, 0)
    here = fast_paths(chosen, model, torch.device("cpu"))
    there = fast_paths(chosen, model, torch.device("cuda"))
    assert here["attention"] == "causal SDPA over segments of like length"
    assert there["attention"] == "one varlen call"
    assert here["images"] == "encoded once a pack, their tokens computed once too"
    assert (here["recompute"], here["precision"], here["zero"]) == ("1 of 2 layers", "bf16", "2")


def test_a_folder_that_lacks_a_weight_is_refused(folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    save(load(folder), folder, tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    weights.pop("language_model.lm_head.weight")
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"1 missing: lm_head"):
        load(tmp_path)

"""Adapters learn beside a language model that stays, and end up inside it."""

from pathlib import Path

import pytest
import torch

from tests.tiny import make_tiny
from tests.train.inputs import Listed, ready, stage
from vf_ray.model.adapters import adapt, adapters, merge, save_adapters
from vf_ray.model.freeze import modules_of, tune
from vf_ray.model.load import load, save
from vf_ray.model.packed import packed
from vf_ray.recipe import Lora
from vf_ray.train.batches import Batches
from vf_ray.train.step import loss_of

LORA = Lora(rank=4, alpha=8, dropout=0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("model"))


def moved(folder: Path) -> torch.nn.Module:
    """Return a model whose adapters do something."""
    model = load(folder)
    adapt(model, LORA, seed=0)
    with torch.no_grad():
        for _, weight in adapters(model):
            weight.add_(0.05)
    return model


def logits(model: torch.nn.Module, folder: Path) -> torch.Tensor:
    ids = torch.tensor([Batches.of(stage(), Listed.of(4), folder, 0, 0, 1).encoder.prompt_ids("Is it odd?")])
    pixels = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    found: torch.Tensor = model(input_ids=ids, pixel_values=pixels).logits
    return found


def test_they_start_as_nothing_and_alike_for_one_seed(folder: Path) -> None:
    plain, one, again = load(folder), load(folder), load(folder)
    adapt(one, LORA, seed=3)
    adapt(again, LORA, seed=3)
    torch.testing.assert_close(logits(one, folder), logits(plain, folder))
    assert all(torch.equal(a, b) for (_, a), (_, b) in zip(adapters(one), adapters(again), strict=True))
    assert len(list(adapters(one))) == 2 * 7 * 2  # both halves, seven layers a block, two blocks


def test_only_adapters_and_the_projector_learn(folder: Path) -> None:
    model = load(folder)
    adapt(model, LORA, seed=0)
    tune(model, ("projector", "language_model"))
    (pack,) = ready(Batches.of(stage(), Listed.of(40), folder, seed=0, rank=0, world=1), 1)
    loss_of(packed(model), pack).backward()
    learned = {name for name, weight in model.named_parameters() if weight.grad is not None}
    assert learned == {n for n, _ in model.named_parameters() if "lora_" in n or "multi_modal_projector" in n}


def test_merged_logits_equal_the_adapted_ones(folder: Path, tmp_path: Path) -> None:
    model = moved(folder)
    before = logits(model, folder)
    assert not torch.allclose(before, logits(load(folder), folder), atol=1e-3)
    merge(model)
    torch.testing.assert_close(logits(model, folder), before, atol=1e-5, rtol=1e-4)
    save(model, folder, tmp_path)
    torch.testing.assert_close(logits(load(tmp_path), folder), before, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("also", [(), ("projector",), ("vision_tower", "projector")])
def test_base_and_saved_adapters_are_the_tuned_model(
    folder: Path, tmp_path: Path, also: tuple[str, ...]
) -> None:
    from peft import PeftModel

    model, untuned = moved(folder), load(folder)
    adapted = logits(model, folder)
    with torch.no_grad():
        named = dict(model.named_parameters())
        for weight, module in zip(named.values(), modules_of(model, named), strict=True):
            if module in also:
                weight.add_(0.05)
    assert torch.equal(logits(model, folder), adapted) is not bool(also)
    save_adapters(model, LORA, (*also, "language_model"), tmp_path)
    again = PeftModel.from_pretrained(untuned, tmp_path).eval()
    torch.testing.assert_close(logits(again, folder), logits(model, folder))


def test_an_unmerged_model_is_not_saved(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="merge adapters"):
        save(moved(folder), folder, tmp_path)

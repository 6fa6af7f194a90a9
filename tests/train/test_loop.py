"""The loop in one process: it learns, and nothing that only cuts a step changes what it computes."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load as loads
from safetensors.torch import load_file
from transformers import Trainer

from tests.model.one_image import ONE
from tests.tiny import make_tiny
from tests.train.inputs import Listed, broken, ready, stage, train
from vf_ray.model.load import load
from vf_ray.model.packed import packed
from vf_ray.recipe import Lora
from vf_ray.store import Store
from vf_ray.train import blocks
from vf_ray.train.batches import Batches
from vf_ray.train.guard import Diverged
from vf_ray.train.optimizer import decays, groups
from vf_ray.train.schedule import rows_of_step
from vf_ray.train.step import loss_of


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("model"))


def records(artifact: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in artifact.read("metrics.jsonl").splitlines()]


def test_it_learns_and_leaves_a_model(model: Path, tmp_path: Path) -> None:
    done = train(model, tmp_path, stage(steps=25))
    losses = [record["loss"] for record in records(done)]
    assert losses[-1] < losses[0] - 2
    assert "model/config.json" in done.names()
    assert not done.store.list(f"{done.address}/attempt-1/work")


def test_cutting_a_step_differently_changes_nothing_but_rounding(model: Path, tmp_path: Path) -> None:
    whole = records(train(model, tmp_path / "a", stage()))
    small = records(train(model, tmp_path / "b", stage(micro_tokens=130)))
    for one, other in zip(whole, small, strict=True):
        assert one["loss"] == pytest.approx(other["loss"], abs=1e-5)
        assert one["grad_norm"] == pytest.approx(other["grad_norm"], rel=1e-4)
        assert one["labels"] == other["labels"]


@pytest.mark.parametrize("zero", [0, 1, 2, 3])
def test_a_killed_run_resumes_bit_for_bit(model: Path, tmp_path: Path, zero: int) -> None:
    tuned = stage(zero=zero, weight_decay=0.1)
    alone = train(model, tmp_path / "a", tuned)
    with pytest.raises(KeyboardInterrupt):
        train(model, tmp_path / "b", tuned, kill_at=5)
    resumed = train(model, tmp_path / "b", tuned)
    assert resumed.read("metrics.jsonl") == alone.read("metrics.jsonl")
    assert resumed.manifest["files"] == alone.manifest["files"]


def test_what_is_taken_away_goes_on_from_a_checkpoint_that_was_not_due(model: Path, tmp_path: Path) -> None:
    tuned = stage(save_every=100)
    alone = train(model, tmp_path / "a", tuned)
    with pytest.raises(KeyboardInterrupt):
        train(model, tmp_path / "b", tuned, leave_at=3, kill_at=5)
    left = {
        path.split("/work/")[1] for path in Store.open(str(tmp_path / "b")).list("stage1") if "/work/" in path
    }
    assert any("00000003" in name for name in left), left
    assert train(model, tmp_path / "b", tuned).read("metrics.jsonl") == alone.read("metrics.jsonl")


def test_bf16_resumes_bit_for_bit(model: Path, tmp_path: Path) -> None:
    tuned = stage(zero=2, precision="bf16")
    alone = train(model, tmp_path / "a", tuned)
    with pytest.raises(KeyboardInterrupt):
        train(model, tmp_path / "b", tuned, kill_at=3)
    assert train(model, tmp_path / "b", tuned).manifest["files"] == alone.manifest["files"]


def test_only_what_the_stage_names_is_tuned(model: Path, tmp_path: Path) -> None:
    done = train(model, tmp_path / "store", stage(tune=("projector",), weight_decay=0.1))
    before, after = load_file(model / "model.safetensors"), loads(done.read("model/model.safetensors"))
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {name for name in before if name.startswith("multi_modal_projector.")}


@pytest.mark.parametrize("zero", [0, 2, 3])
def test_a_module_may_have_a_rate_of_its_own(model: Path, tmp_path: Path, zero: int) -> None:
    done = train(model, tmp_path, stage(zero=zero, steps=1, warmup=0, own_lr={"projector": 3e-5}))
    before, after = load_file(model / "model.safetensors"), loads(done.read("model/model.safetensors"))
    moved = {name: float((after[name] - before[name]).abs().max()) for name in before}  # Adam: the rate
    assert moved["multi_modal_projector.linear_1.weight"] == pytest.approx(3e-5, rel=0.05)
    assert moved["language_model.model.norm.weight"] == pytest.approx(3e-3, rel=0.05)


def test_norms_and_biases_do_not_decay_as_with_hugging_face(model: Path) -> None:
    network = load(model)
    theirs = set(Trainer.get_decay_parameter_names(None, network))  # type: ignore[arg-type]
    assert {name for name, _ in network.named_parameters() if decays(name)} == theirs
    first, second = groups(network, stage(weight_decay=0.1))
    decaying, other = (first, second) if first["weight_decay"] else (second, first)
    assert (decaying["weight_decay"], other["weight_decay"]) == (0.1, 0.0)
    assert len(decaying["params"]) == len(theirs)


@pytest.mark.parametrize("zero", [0, 2, 3])
@pytest.mark.parametrize("off", [0, None])
def test_gradients_are_not_scaled_where_clipping_is_off(
    model: Path, tmp_path: Path, zero: int, off: float | None
) -> None:
    plain, wide, tight = (
        records(train(model, tmp_path / str(clip), stage(zero=zero, steps=3, clip=clip)))
        for clip in (off, 1e9, 1e-6)
    )
    assert plain == wide and plain[-1]["loss"] != tight[-1]["loss"]
    assert (
        plain[0]["grad_norm"] == pytest.approx(tight[0]["grad_norm"], rel=1e-5) and plain[0]["grad_norm"] > 0
    )


@pytest.mark.parametrize("zero", [2, *(pytest.param(zero, marks=pytest.mark.chain) for zero in (0, 3))])
def test_adapters_learn_resume_and_are_merged(model: Path, tmp_path: Path, zero: int) -> None:
    tuned = stage(zero=zero, lora=Lora(rank=4, alpha=8, dropout=0.1))
    alone = train(model, tmp_path / "a", tuned)
    with pytest.raises(KeyboardInterrupt):
        train(model, tmp_path / "b", tuned, kill_at=5)
    resumed = train(model, tmp_path / "b", tuned)
    assert resumed.manifest["files"] == alone.manifest["files"]
    before, after = load_file(model / "model.safetensors"), loads(alone.read("model/model.safetensors"))
    assert before.keys() == after.keys()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {
        n for n in before if ("_proj.weight" in n and "language_model" in n) or "projector" in n
    }
    assert {"adapters/adapter_config.json", "adapters/adapter_model.safetensors"} <= set(alone.names())


@pytest.mark.parametrize(("loss", "silent"), [("token_mean", 0), ("sample_mean", 0), ("token_mean", 3)])
def test_the_loss_is_the_one_of_samples_taken_singly(model: Path, loss: str, silent: int) -> None:
    chosen = stage(loss=loss, batch=6, micro_tokens=150)
    batches = Batches.of(chosen, Listed.of(20, silent), model, seed=0, rank=0, world=1)
    network = packed(load(model))
    packs = ready(batches, 2)
    assert len(packs) > 1
    together = sum(loss_of(network, pack) for pack in packs)
    together.backward()
    gradients = {n: p.grad.clone() for n, p in network.named_parameters() if p.grad is not None}
    alone = load(model)
    single = singly(alone, batches, 2, loss)
    single.backward()
    assert float(together.detach()) == pytest.approx(float(single.detach()), abs=1e-5)
    for name, parameter in alone.named_parameters():
        if name in gradients:
            torch.testing.assert_close(parameter.grad, gradients[name], atol=1e-5, rtol=1e-3)


def singly(network: Any, batches: Batches, step: int, loss: str) -> torch.Tensor:
    """Return the step's loss by the plain definition: each sample by itself, through the model's own loss."""
    rows = rows_of_step(batches.samples, seed=batches.seed, step=step, batch=batches.stage.batch)
    sums, counts = [], []
    for row in rows:
        said = batches.samples.text([row])[0]
        image = batches.samples.seen[row]
        one = batches.encoder.encode(said.prompt, said.response, images=ONE * bool(image))
        labels = torch.tensor([one.labels])
        pixels = batches.encoder.pixels([image]) if image else None
        out = network(input_ids=torch.tensor([one.ids]), pixel_values=pixels, labels=labels)
        counts.append(int((labels != -100).sum()))
        sums.append(out.loss * counts[-1])
    if loss == "token_mean":
        return torch.stack(sums).sum() / sum(counts)
    return torch.stack([s / c for s, c in zip(sums, counts, strict=True)]).mean()


def test_a_loss_that_is_no_number_stops_the_run_with_its_batch(model: Path, tmp_path: Path) -> None:
    with pytest.raises(Diverged, match=r"step 1: the (loss|norm)") as caught:
        train(broken(model, tmp_path / "broken"), tmp_path / "store", stage())
    (kept,) = (tmp_path / "store").rglob("stopped/step-00000001.json")
    assert str(kept) in str(caught.value).replace("file://", "")
    assert len(json.loads(kept.read_text())["samples"]) == 8
    batch = load_file(kept.parent / "step-00000001-rank-0.safetensors")
    assert batch["0/images/pixel_values"].shape[1:] == (16, 16, 3)
    assert len(batch["0/targets"]) == len(batch["0/label_positions"]) > 8


def test_a_sample_that_cannot_be_encoded_is_a_counted_reject(model: Path, tmp_path: Path) -> None:
    done = train(model, tmp_path, stage(max_length=66, steps=5))
    lines = done.store.read(f"{done.address}/rejected/train.jsonl").decode().splitlines()
    assert len(lines) == sum(8 - record["samples"] for record in records(done)) > 0
    assert all(json.loads(line)["reason"] == "cannot be encoded" for line in lines)


def test_a_sample_that_is_too_long_is_cut_and_counted_where_the_stage_says_so(
    model: Path, tmp_path: Path
) -> None:
    done = records(train(model, tmp_path, stage(max_length=66, steps=5, too_long="cut")))
    whole = records(train(model, tmp_path / "whole", stage(steps=5)))
    assert [record["samples"] for record in done] == [8] * 5
    assert sum(record["cut"] for record in done) > 0 == sum(record["cut"] for record in whole)
    assert sum(record["labels"] for record in done) < sum(record["labels"] for record in whole)


@pytest.mark.parametrize("harm", ["", "cut", "altered"])
def test_a_damaged_checkpoint_gives_way_to_the_one_before(
    model: Path, tmp_path: Path, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 1000)  # no tensor begins where a block does
    alone = train(model, tmp_path / "a", stage())
    with pytest.raises(KeyboardInterrupt):
        train(model, tmp_path / "b", stage(), kill_at=6)
    (newest,) = (tmp_path / "b").rglob("work/checkpoints/step-00000004/*/*.safetensors")
    newest.chmod(0o644)
    data, middle = newest.read_bytes(), newest.stat().st_size // 2
    flipped = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
    newest.write_bytes({"": data, "cut": data[:-1000], "altered": flipped}[harm])
    assert train(model, tmp_path / "b", stage()).manifest["files"] == alone.manifest["files"]


@pytest.mark.chain
@pytest.mark.parametrize("zero", [2, 3])
def test_an_optimizer_on_the_host_computes_the_same_and_resumes(
    model: Path, tmp_path: Path, zero: int
) -> None:
    here, there = stage(zero=zero), stage(zero=zero, offload=True)
    alone = train(model, tmp_path / "a", there)
    expected = [record["loss"] for record in records(train(model, tmp_path / "h", here))]
    assert [record["loss"] for record in records(alone)] == pytest.approx(expected, abs=1e-6)
    with pytest.raises(KeyboardInterrupt):
        train(model, tmp_path / "b", there, kill_at=5)
    assert train(model, tmp_path / "b", there).manifest["files"] == alone.manifest["files"]

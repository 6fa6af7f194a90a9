"""The held-out loss during a stage: what it is, what it decides, and that a killed run decides the same."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load as loads

from tests.tiny import make_tiny
from tests.train.inputs import Listed, ready, stage, train
from vf_ray.artifacts import Artifact
from vf_ray.errors import UserError
from vf_ray.model.load import load
from vf_ray.model.packed import packed
from vf_ray.train.batches import Batches
from vf_ray.train.best import best_step, kept_step, measured, stalled
from vf_ray.train.step import loss_of
from vf_ray.train.watching import answering

WATCHED = {
    "steps": 8, "evaluate_every": 2, "lr": 0.4, "warmup": 0.0, "schedule": "constant", "save_every": 3,
}  # fmt: skip
"""At such a rate the tiny model is worse after 4 steps than after 2, and never as good again."""
SIZE = 150
"""More than one chunk."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def alone(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return train(
        model, tmp_path_factory.mktemp("alone"), stage(**WATCHED, keep_best="held_out_loss"), held_out=SIZE
    )


def records(artifact: Artifact) -> list[dict[str, Any]]:
    return [json.loads(line) for line in artifact.read("metrics.jsonl").splitlines()]


def plain_loss(folder: Path, size: int) -> float:
    """Return the mean loss of all label tokens of samples taken one by one."""
    one = Batches.of(stage(batch=1), Listed.of(size), folder, seed=0, rank=0, world=1)
    network = packed(load(folder))
    total = labels = 0.0
    with torch.no_grad():
        for number in range(1, size + 1):
            count = one.step(number).labels
            total += float(loss_of(network, ready(one, number)[0])) * count
            labels += count
    return total / labels


def test_it_is_the_loss_of_the_model_that_is_kept(alone: Artifact, tmp_path: Path) -> None:
    curve = dict(measured(records(alone)))
    assert list(curve) == [2, 4, 6, 8]
    kept = alone.download(tmp_path, "model")
    assert plain_loss(kept, SIZE) == pytest.approx(min(curve.values()), abs=1e-5)
    assert best_step(records(alone)) == 2


def test_measuring_changes_nothing_of_the_training(model: Path, alone: Artifact, tmp_path: Path) -> None:
    unwatched = train(model, tmp_path, stage(**{**WATCHED, "evaluate_every": None}))
    without = [{k: v for k, v in record.items() if k != "held_out_loss"} for record in records(alone)]
    assert records(unwatched) == without
    last, best = (loads(one.read("model/model.safetensors")) for one in (unwatched, alone))
    assert any(not torch.equal(last[name], best[name]) for name in last)


@pytest.mark.parametrize("kill_at", [3, 8])
def test_a_killed_run_keeps_the_same_state(
    model: Path, alone: Artifact, tmp_path: Path, kill_at: int
) -> None:
    tuned = stage(**WATCHED, keep_best="held_out_loss")
    with pytest.raises(KeyboardInterrupt):
        train(model, tmp_path, tuned, kill_at=kill_at, held_out=SIZE)
    resumed = train(model, tmp_path, tuned, held_out=SIZE)
    assert resumed.read("metrics.jsonl") == alone.read("metrics.jsonl")
    assert resumed.manifest["files"] == alone.manifest["files"]


@pytest.mark.parametrize("zero", [0, 2])
def test_it_stops_early_and_a_killed_run_stops_there_too(model: Path, tmp_path: Path, zero: int) -> None:
    tuned = stage(**WATCHED, keep_best="held_out_loss", patience=1, zero=zero)
    whole = train(model, tmp_path / "a", tuned, held_out=20)
    assert [step for step, _ in measured(records(whole))] == [2, 4] and len(records(whole)) == 4
    with pytest.raises(KeyboardInterrupt):
        train(model, tmp_path / "b", tuned, kill_at=4, held_out=20)
    again = train(model, tmp_path / "b", tuned, held_out=20)
    assert again.manifest["files"] == whole.manifest["files"]


def test_what_only_belongs_to_training_is_off_meanwhile_and_comes_back() -> None:
    model = torch.nn.Sequential(torch.nn.Dropout(0.5), torch.nn.Dropout(0.5))
    model[1].eval()
    with answering(model):
        assert not any(module.training for module in model.modules())
    assert [module.training for module in model.modules()] == [True, True, False]


def looked_at(*losses: float) -> list[dict[str, Any]]:
    """Return records of two steps for each measurement."""
    each = (
        [{"step": 2 * n + 1}, {"step": 2 * n + 2, "held_out_loss": loss}] for n, loss in enumerate(losses)
    )
    return [record for pair in each for record in pair]


def test_the_first_of_equal_losses_is_best_and_patience_counts_what_is_no_better() -> None:
    patient = stage(evaluate_every=2, patience=2, keep_best="held_out_loss")
    assert [stalled(patient, looked_at(*losses)) for losses in ((3, 2), (3, 2, 2), (3, 2, 2, 2.5))] == [
        False, False, True
    ]  # fmt: skip
    assert not stalled(patient, [*looked_at(3, 2, 2, 2.5), {"step": 9}])
    assert best_step(looked_at(3, 2, 2)) == 4 == kept_step(patient, looked_at(3, 2, 2))
    assert best_step(looked_at(math.nan, 5)) == 4 and best_step([{"step": 1}]) is None
    assert kept_step(stage(evaluate_every=2), looked_at(3, 2)) is None


def test_there_must_be_something_to_measure_on(model: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"evaluate_every is set, and no held-out instances"):
        train(model, tmp_path, stage(evaluate_every=2))

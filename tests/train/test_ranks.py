"""Several ranks: the same samples, the same losses, whatever their number and however it changes."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tiny import make_tiny
from tests.train.inputs import stage, train
from tests.train.rank import train_in_ranks

pytestmark = pytest.mark.chain


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("model"))


def losses(artifact: Any, key: str = "loss") -> list[Any]:
    records = [json.loads(line) for line in artifact.read("metrics.jsonl").splitlines()]
    return [record[key] for record in records if key in record]


@pytest.fixture(scope="module")
def knowing(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that names some colours, so that its answers are not all alike."""
    parts = ("vision_tower", "projector", "language_model")
    tuned = stage(steps=12, lr=2e-2, batch=32, schedule="constant", tune=parts, save_every=99)
    below = tmp_path_factory.mktemp("knowing")
    return train(model, below / "store", tuned).download(below / "here", "model")


@pytest.mark.parametrize("zero", [0, 2, 3])
def test_two_ranks_give_the_losses_and_answers_of_one_even_when_one_has_no_pack(
    knowing: Path, tmp_path: Path, zero: int
) -> None:
    watched = {"evaluate_every": 2, "keep_best": "tasks", "evaluate_benchmarks": ("tasks",)}
    tuned = stage(zero=zero, batch=1, steps=3, save_every=9, **watched)  # the other rank runs a dummy
    two = train_in_ranks(knowing, tmp_path / "two", tuned, world=2)
    one = train(knowing, tmp_path / "one", tuned, held_out=20, quiz=70)
    assert losses(two, "figures") == losses(one, "figures")
    assert all(figure["value"] > 0.1 for (figure,) in losses(one, "figures"))
    assert losses(two) == pytest.approx(losses(one), abs=1e-5)
    assert losses(two, "held_out_loss") == pytest.approx(losses(one, "held_out_loss"), abs=1e-5)
    assert len(losses(one, "held_out_loss")) == 2


@pytest.mark.parametrize(("zero", "silent"), [(2, 2), (3, 2), (3, 1)])
def test_ranks_that_show_nothing_keep_step_with_those_that_do(
    model: Path, tmp_path: Path, zero: int, silent: int
) -> None:
    """With two samples to a step and two ranks, one often shows a picture and the other none; or neither."""
    tuned = stage(zero=zero, batch=2, steps=4, save_every=9)
    two = train_in_ranks(model, tmp_path / "two", tuned, world=2, silent=silent)
    one = train(model, tmp_path / "one", tuned, silent=silent)
    assert losses(two) == pytest.approx(losses(one), abs=1e-5)


@pytest.mark.parametrize(
    ("first", "then", "zero", "offload"),
    [(2, 1, 2, False), (1, 2, 2, True), (2, 1, 3, True), (1, 2, 3, False), (1, 2, 0, False)],
)
def test_a_run_resumes_with_another_number_of_ranks(
    model: Path, tmp_path: Path, first: int, then: int, zero: int, offload: bool
) -> None:
    tuned = stage(zero=zero, offload=offload, micro_tokens=200)
    with pytest.raises(RuntimeError, match="ended or hangs"):
        train_in_ranks(model, tmp_path / "changed", tuned, world=first, kill_at=4)
    changed = train_in_ranks(model, tmp_path / "changed", tuned, world=then)
    assert losses(changed) == pytest.approx(losses(train(model, tmp_path / "one", tuned)), abs=1e-5)


def test_two_ranks_killed_and_resumed_are_bit_identical(model: Path, tmp_path: Path) -> None:
    alone = train_in_ranks(model, tmp_path / "a", stage(zero=2), world=2)
    with pytest.raises(RuntimeError, match="ended or hangs"):
        train_in_ranks(model, tmp_path / "b", stage(zero=2), world=2, kill_at=5)
    assert (
        train_in_ranks(model, tmp_path / "b", stage(zero=2), world=2).manifest["files"]
        == alone.manifest["files"]
    )

"""Benchmarks during a stage: whose figures they are, what they decide, and that nobody notices the asking."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load as loads

from tests.tiny import make_tiny
from tests.train.inputs import question_set, stage, train
from tests.train.test_watching import records
from vf_ray.artifacts import Artifact
from vf_ray.errors import UserError
from vf_ray.eval import generate
from vf_ray.eval.benchmarks import get
from vf_ray.eval.scoring import score
from vf_ray.recipe.stage import Lora
from vf_ray.train.best import best_step, kept_step, stalled, watched

ALL = ("vision_tower", "projector", "language_model")
WATCHED = {
    "steps": 8, "evaluate_every": 2, "evaluate_benchmarks": ("tasks",), "keep_best": "tasks", "lr": 2e-2,
    "schedule": "constant", "batch": 32, "tune": ALL, "save_every": 5, "evaluate_per_task": 0,
}  # fmt: skip
"""At such a rate the tiny model names fewer colours at the end than before."""
SIZE = 60


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def alone(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return train(model, tmp_path_factory.mktemp("alone"), stage(**WATCHED), quiz=SIZE)


def curve(artifact: Artifact) -> dict[int, float]:
    return {step: one["value"] for step, one in watched(records(artifact))["tasks/accuracy"]}


def test_the_figure_is_that_of_the_model_that_is_kept(alone: Artifact, tmp_path: Path) -> None:
    figures = curve(alone)
    assert list(figures) == [2, 4, 6, 8]
    best = best_step(records(alone), "tasks")
    assert best is not None and best < 8 and figures[best] == max(figures.values())
    asked = question_set(SIZE)
    answers = dict(generate.answers(alone.download(tmp_path, "model"), asked.questions, 24))
    assert score(get("tasks"), asked, answers).headline["accuracy"].value == pytest.approx(figures[best])


def test_a_killed_run_keeps_the_same_state(model: Path, alone: Artifact, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(model, tmp_path, stage(**WATCHED), kill_at=7, quiz=SIZE)
    resumed = train(model, tmp_path, stage(**WATCHED), quiz=SIZE)
    assert resumed.manifest["files"] == alone.manifest["files"]


def test_it_stops_early_by_a_benchmark(model: Path, alone: Artifact, tmp_path: Path) -> None:
    stopped = train(model, tmp_path, stage(**WATCHED, patience=1), quiz=SIZE)
    steps, values = curve(alone).keys(), [*curve(alone).values()]
    no_better = next(step for n, step in enumerate(steps) if n and values[n] <= max(values[:n]))
    assert [*curve(stopped)][-1] == len(records(stopped)) == no_better
    assert curve(stopped).items() <= curve(alone).items()


@pytest.mark.parametrize(
    "how",
    [
        {"lora": Lora(rank=4, dropout=0.3), "tune": ("projector", "language_model")},
        {"zero": 3, "recompute": 1.0, "tune": ALL},
        {"zero": 2, "save_every": 1},
    ],
    ids=["adapters", "spread", "saved"],
)
def test_asking_changes_nothing_of_the_training(model: Path, tmp_path: Path, how: dict[str, Any]) -> None:
    asked = {"evaluate_every": 1, "evaluate_benchmarks": ("tasks",)}
    seen = train(model, tmp_path / "seen", stage(steps=4, **asked, **how), held_out=8, quiz=8)
    unseen = train(model, tmp_path / "unseen", stage(steps=4, **how))
    of_training = [
        {k: v for k, v in record.items() if k not in ("figures", "held_out_loss")} for record in records(seen)
    ]
    assert of_training == records(unseen) and len(curve(seen)) == 4
    ours, theirs = (loads(one.read("model/model.safetensors")) for one in (seen, unseen))
    assert all(torch.equal(weight, theirs[name]) for name, weight in ours.items())
    assert seen.manifest["run"]["watching_seconds"] > 0 and "watching_seconds" not in unseen.manifest["run"]


def looked_at(*values: float, better: str = "more") -> list[dict[str, Any]]:
    """Return records of steps after each of which a benchmark of two figures was asked."""
    beside = {"benchmark": "chair", "low": 0.0, "high": 1.0, "n": 9}
    return [
        {
            "step": step,
            "figures": [
                {**beside, "metric": "recall %", "value": -value, "better": "more"},
                {**beside, "metric": "CHAIRs %", "value": value, "better": better},
            ],
        }
        for step, value in enumerate(values, start=1)
    ]


def test_the_best_is_the_least_of_what_is_better_lower() -> None:
    by = {"evaluate_every": 1, "evaluate_benchmarks": ("chair",)}
    named = stage(**by, keep_best="chair/CHAIRs %", patience=2)
    assert kept_step(named, looked_at(3, 1, 2, better="less")) == 2
    assert kept_step(named, looked_at(3, 1, 2)) == 1
    assert kept_step(stage(**by, keep_best="chair"), looked_at(3, 1, 2)) == 2, "the first figure"
    assert kept_step(stage(**by), looked_at(3, 1, 2)) is None
    assert not stalled(named, looked_at(3, 1, 2, better="less"))
    assert stalled(named, looked_at(3, 1, 2, 1, better="less"))
    assert best_step(looked_at(float("nan"), 2.0), "chair") == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"keep_best": "tasks/accurate"}, r"'tasks/accurate', which is no figure; did you mean 'tasks/accur"),
        ({"evaluate_per_task": 8, "keep_best": None}, "no held-out instances are there"),
    ],
)  # fmt: skip
def test_what_cannot_be_watched_is_refused(
    model: Path, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        train(model, tmp_path, stage(**{**WATCHED, "steps": 4, **changes}), quiz=8)

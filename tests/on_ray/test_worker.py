"""A stage trained in this process alone: the same model as anywhere, and the same refusals."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.on_ray.test_train import losses, stored
from tests.tiny import make_tiny
from tests.train.inputs import Listed, broken, stage, train
from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Spec, Writer
from vf_ray.on_ray.worker import Job, alone, told
from vf_ray.recipe import Resources
from vf_ray.store import Store
from vf_ray.train.guard import Stopped
from vf_ray.train.metrics import Metrics, WatchedFigure


def trained_alone(store: Store, folder: Path) -> Artifact:
    model = stored(store, folder)

    def make(writer: Writer) -> Mapping[str, Any]:
        return alone(Job("stage1", stage(), model, partial(Listed.of, 40), writer, 0, Resources(alone=True)))

    return artifacts.build(store, Spec(kind="stage1", name="tiny", config={}), make)


def test_what_is_trained_here_is_what_is_trained_anywhere(local_store: Store, tmp_path: Path) -> None:
    folder = make_tiny(tmp_path / "model")
    tuned = trained_alone(local_store, folder)
    assert losses(tuned) == losses(train(folder, tmp_path / "plainly", stage()))
    assert tuned.stats["steps"] == len(losses(tuned)) and tuned.manifest["run"]["workers"] == 1
    told = artifacts.progress(local_store, tuned.address)
    assert told is not None and told["done"] == told["total"] == tuned.stats["steps"]


def test_a_run_here_that_diverges_stops_and_says_where(local_store: Store, tmp_path: Path) -> None:
    folder = broken(make_tiny(tmp_path / "model"), tmp_path / "broken")
    with pytest.raises(Stopped, match=r"step 1: .*listed in"):
        trained_alone(local_store, folder)


def test_figures_of_benchmarks_are_told_beside_the_others() -> None:
    figure: WatchedFigure = {
        "benchmark": "pope", "metric": "mean f1", "value": 0.5, "low": 0.4, "high": 0.6, "n": 9,
        "better": "more",
    }  # fmt: skip
    values = told(
        Metrics(
            step=2, steps=4, loss=1.5, lr=0.1, grad_norm=1.0, samples=8, tokens=80, labels=8, cut=0, fill=1.0,
            shared=0.0, seconds=0.5, memory=1.0, mfu=0.0, data_wait=0.0, checkpoint=0.0, watching=3.0,
            figures=[figure],
        )
    )  # fmt: skip
    assert values["pope/mean f1"] == 0.5 and values["watching"] == 3.0 and "held_out_loss" not in values
    assert values["samples_per_s"] == 16.0, "what watching takes spoils no rate"

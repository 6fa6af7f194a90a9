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
from vf_ray.on_ray.worker import Job, alone
from vf_ray.recipe import Resources
from vf_ray.store import Store
from vf_ray.train.guard import Stopped


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

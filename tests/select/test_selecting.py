"""From a prepared mixture and a tiny model to a keep-list, by every method, and on to the stage's mixture."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from tests.shards.building import images_of, instances_of
from tests.shards.synthetic import Here, files, here, rows
from tests.tiny import make_tiny
from tests.train.inputs import stage
from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Spec, Writer
from vf_ray.plan.selection import StageSelection
from vf_ray.recipe import Resources
from vf_ray.recipe.select import Select
from vf_ray.select import collect
from vf_ray.select.selecting import METHODS, select
from vf_ray.select.task_measuring import task_gradients, task_transfer
from vf_ray.shards.keep_list import KEEP
from vf_ray.shards.mixture import NAME, Choice, write_mixture
from vf_ray.shards.read import StoredSamples
from vf_ray.shards.schema import from_parquet
from vf_ray.work import LocalPool

TASKS = ("invented/choose", "invented/odd")
SHARE = 0.25


def origin() -> Here:
    return here(rows(120, images=25), files(25))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Artifact]:
    images = images_of(tmp_path_factory.mktemp("prepared"), origin(), 60)
    return {task: instances_of(images, origin(), task, 0.4) for task in TASKS}


@pytest.fixture(scope="module")
def model(prepared: Mapping[str, Artifact], tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    folder, store = make_tiny(tmp_path_factory.mktemp("tiny")), prepared[TASKS[0]].store

    def make(writer: Writer) -> Mapping[str, Any]:
        for file in folder.iterdir():
            writer.commit(f"model/{file.name}", file)
        return {}

    return artifacts.build(store, Spec(kind="base", name="tiny", config={}), make)


def mixed(prepared: Mapping[str, Artifact], keep: Artifact | None = None, **choice: Any) -> Artifact:
    inputs = {task: one.address for task, one in prepared.items()} | ({"keep": keep.address} if keep else {})
    spec = Spec(kind="mixture", name="stage1", config=choice, inputs=inputs)
    store = prepared[TASKS[0]].store
    return artifacts.build(store, spec, lambda w: write_mixture(prepared, w, Choice(0, **choice), keep))


def wanted(prepared: Mapping[str, Artifact], model: Artifact, **asked: Any) -> StageSelection:
    targets = {task: _spec(prepared[task]) for task in asked.pop("vote", TASKS)}
    few = {"warmup": 4, "rank": 2, "checkpoints": 2, "size": 64, "per_target": 8, "clusters": 4}
    chosen = Select(**{"share": SHARE, "warmup_lr": 3e-3, **few, **asked})
    pool = _spec(mixed(prepared))
    return StageSelection("stage1", chosen, stage(max_length=256), pool, model.address, targets)


def _spec(artifact: Artifact) -> Spec:
    return Spec(**artifact.manifest["spec"])


def names(keep: Artifact) -> set[tuple[str, str]]:
    table = from_parquet(keep.read(KEEP))
    return set(zip(table["task"].to_pylist(), table["key"].to_pylist(), strict=True))


@pytest.mark.parametrize("method", METHODS)
def test_every_method_keeps_its_share_and_the_stage_takes_exactly_those(
    prepared: Mapping[str, Artifact], model: Artifact, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect, "CHUNK", 16)
    plan, store = wanted(prepared, model, method=method), model.store
    keep = select(store, plan, LocalPool())
    size = mixed(prepared).stats["instances"]
    assert keep.stats["kept"] == len(names(keep)) == round(SHARE * size)
    assert sum(keep.stats["tasks"].values()) == keep.stats["kept"] and keep.stats["instances"] == size
    taken = mixed(prepared, keep)
    samples = StoredSamples.of(store, taken)
    assert {(s.task, s.key) for s in samples.text(range(len(samples)))} == names(keep)
    whole, part = (from_parquet(one.read(NAME)).to_pylist() for one in (mixed(prepared), taken))
    places = [whole.index(row) for row in part]
    assert places == sorted(places)  # an index as any other: order and seek are its own
    assert select(store, plan, LocalPool(), force=True).mark == keep.mark


def test_another_share_asks_no_model_again(
    prepared: Mapping[str, Artifact], model: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = select(model.store, wanted(prepared, model, method="coincide", size=32), LocalPool())
    monkeypatch.setattr(collect.Collector, "collect", None)
    second = select(model.store, wanted(prepared, model, method="coincide", size=32, share=0.5), LocalPool())
    assert second.stats["kept"] > first.stats["kept"]


def test_the_task_that_votes_is_kept(prepared: Mapping[str, Artifact], model: Artifact) -> None:
    for task in TASKS:
        keep = select(model.store, wanted(prepared, model, method="icons", vote=(task,)), LocalPool())
        other = next(one for one in TASKS if one != task)
        assert keep.stats["tasks"][task] > 2 * keep.stats["tasks"][other]


def test_a_task_teaches_itself_and_is_like_itself(
    prepared: Mapping[str, Artifact], model: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, store = wanted(prepared, model, method="icons", warmup=12), model.store
    found = task_transfer(store, plan, LocalPool(), Resources())
    assert found.tasks == TASKS and found.values.diagonal().tolist() == [1.0, 1.0]
    assert (found.values[~np.eye(2, dtype=bool)] < 1).all() and (found.items == 8).all()
    alike = task_gradients(store, plan, LocalPool(), Resources())
    assert alike.values[0, 0] == pytest.approx(1) and alike.values[0, 1] < 0.99
    monkeypatch.setattr(collect.Collector, "collect", None)  # nothing is measured twice
    assert np.array_equal(task_transfer(store, plan, LocalPool(), Resources()).values, found.values)


def test_targets_without_held_out_instances_are_told(
    prepared: Mapping[str, Artifact], model: Artifact
) -> None:
    with pytest.raises(ValueError, match=r"stage1\.select\.targets: none of .* has held-out instances"):
        select(model.store, wanted(prepared, model, method="icons", vote=()), LocalPool())


def test_a_keep_list_of_other_data_is_refused(prepared: Mapping[str, Artifact], model: Artifact) -> None:
    keep = select(model.store, wanted(prepared, model, method="random"), LocalPool())
    less = {TASKS[0]: prepared[TASKS[0]]}
    with pytest.raises(ValueError, match=r"keeps \d+ instances, of which this recipe has prepared \d+"):
        mixed(less, keep)

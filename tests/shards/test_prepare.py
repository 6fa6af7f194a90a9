"""The prepare step: every task's instances; what is wrong is named and stops nothing else."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from vf_ray.artifacts import Artifact, find
from vf_ray.demo.grids import grids
from vf_ray.demo.raw import write_colours, write_digits
from vf_ray.demo.scans import digits
from vf_ray.plan.plan import Plan
from vf_ray.recipe import Recipe
from vf_ray.shards import prepare as step
from vf_ray.store import Store
from vf_ray.tasks import source_of
from vf_ray.work import Line, LocalPool, Unit, WorkPool


def write_raw(folder: Path) -> Path:
    """Write the raw files of two demo sources."""
    write_digits(folder / "demo_digits", digits())
    write_colours(folder / "demo_colours", grids())
    return folder


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_raw(tmp_path_factory.mktemp("raw"))


def plan_of(raw: Path, store: Store, **prepare_: Any) -> Plan:
    stage = {"tasks": ["demo_digits/odd_even"], "lr": 1e-3, "batch": 4, "steps": 1}
    asked = {"tasks": ["demo_digits/*", "demo_colours/*"], "raw": str(raw), "cap": 300, "held_out": 0.2}
    values = {"name": "test", "prepare": {**asked, **prepare_}, "base": {}, "stage1": stage}
    return Plan.of(Recipe.from_mapping(values), store)


def prepare(store: Store, plan: Plan, pool: WorkPool = LocalPool()) -> dict[str, Artifact]:  # noqa: B008
    return step.prepare(store, plan.preparation, pool)


def contents(artifact: Artifact) -> Mapping[str, Any]:
    return {"files": artifact.manifest["files"], "stats": artifact.stats, "spec": artifact.manifest["spec"]}


def test_every_task_is_made_and_counted(raw: Path, local_store: Store, tmp_path: Path) -> None:
    plan, counted = plan_of(raw, local_store), list[Line]()
    made = step.prepare(local_store, plan.preparation, LocalPool(), count=counted.append)
    assert {t: a.address for t, a in made.items()} == {t: s.address for t, s in plan.instances.items()}
    assert all(a.stats["train"] + a.stats["held_out"] == 300 for a in made.values())
    assert {line["task"]: line["built"] for line in counted} == dict.fromkeys(plan.tasks, 300)


def test_what_is_finished_is_only_found(raw: Path, local_store: Store) -> None:
    plan = plan_of(raw, local_store, tasks=["demo_digits/odd_even"])
    before = {path: local_store.read(path) for path in _files(prepare(local_store, plan), local_store)}
    prepare(local_store, plan, Refusing())
    assert {path: local_store.read(path) for path in before} == before


class Refusing(LocalPool):
    """A pool that is given nothing to do."""

    def run(self, units: Sequence[Unit]) -> Iterator[Line]:
        assert not units, [unit.name() for unit in units]
        return super().run(units)


def _files(made: Mapping[str, Artifact], store: Store) -> list[str]:
    return [path for artifact in made.values() for path in store.list(artifact.address)]


def test_a_refused_task_is_named_and_the_others_are_finished(
    raw: Path, local_store: Store, tmp_path: Path
) -> None:
    broken = tmp_path / "raw"
    shutil.copytree(raw, broken)
    for image in sorted(broken.rglob("*.ppm"))[::3]:
        image.write_bytes(image.read_bytes()[:20])
    plan = plan_of(broken, local_store)
    with pytest.raises(ValueError, match=r"^task 'demo_colours/.*images were rejected") as raised:
        prepare(local_store, plan)
    refused = [task for task in plan.tasks if f"task {task!r}" in str(raised.value)]
    assert {source_of(task).name for task in refused} == {"demo_colours"}
    for task, spec in plan.instances.items():
        assert (find(local_store, spec) is None) == (task in refused)
        assert local_store.list(f"{spec.address}/rejected") if task in refused else True


def test_missing_raw_files_say_what_to_obtain(raw: Path, local_store: Store, tmp_path: Path) -> None:
    shutil.copytree(raw / "demo_colours", tmp_path / "raw" / "demo_colours")
    with pytest.raises(FileNotFoundError, match=r"no file 'train-labels-idx1-ubyte'.*Raw 'demo_digits': "):
        prepare(local_store, plan_of(tmp_path / "raw", local_store))

"""Preparing on Ray gives what one process gives, and says what is wrong."""

import os
import shutil
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.flows.smoke import descendants, title
from vf_ray.artifacts import Artifact, find
from vf_ray.demo.grids import grids
from vf_ray.demo.raw import write_colours, write_digits
from vf_ray.demo.scans import digits
from vf_ray.on_ray.prepare import prepare
from vf_ray.plan.plan import Plan
from vf_ray.recipe import Recipe
from vf_ray.shards.build import Catalogued, build_images, build_instances
from vf_ray.store import Store
from vf_ray.tasks import source_of

pytestmark = [pytest.mark.chain, pytest.mark.usefixtures("ray_cluster")]


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    write_digits(folder / "demo_digits", digits())
    write_colours(folder / "demo_colours", grids())
    return folder


def plan_of(raw: Path, store: Store, **prepare_: Any) -> Plan:
    stage = {"tasks": ["demo_digits/odd_even"], "lr": 1e-3, "batch": 4, "steps": 1}
    asked = {"tasks": ["demo_digits/*", "demo_colours/*"], "raw": str(raw), "cap": 300, "held_out": 0.2}
    values = {"name": "test", "prepare": {**asked, **prepare_}, "base": {}, "stage1": stage}
    return Plan.of(Recipe.from_mapping(values), store)


def here(plan: Plan, store: Store, raw: Path) -> Mapping[str, Artifact]:
    """Prepare in this process."""
    origins = {name: Catalogued(name, str(raw)) for name in plan.images}
    images = {name: build_images(store, plan.images[name], origins[name]) for name in plan.images}
    return {
        task: build_instances(store, spec, images[name], origins[name])
        for task, spec in plan.instances.items()
        for name in [source_of(task).name]
    }


def contents(artifact: Artifact) -> Mapping[str, Any]:
    return {"files": artifact.manifest["files"], "stats": artifact.stats, "spec": artifact.manifest["spec"]}


def test_ray_prepares_what_one_process_prepares(raw: Path, store: Store, tmp_path: Path) -> None:
    plan, alone = plan_of(raw, store), Store.open(str(tmp_path / "alone"))
    found, expected = prepare(store, plan), here(plan, alone, raw)
    assert {t: contents(a) for t, a in found.items()} == {t: contents(a) for t, a in expected.items()}
    for name, spec in plan.images.items():
        both = [contents(Artifact(s, spec.address)) for s in (store, alone)]
        assert both[0] == both[1], name
    assert all(a.stats["train"] + a.stats["held_out"] == 300 for a in found.values())


def test_what_is_finished_is_only_found(raw: Path, local_store: Store) -> None:
    plan = plan_of(raw, local_store, tasks=["demo_digits/odd_even"])
    before = {path: local_store.read(path) for path in _files(prepare(local_store, plan), local_store)}
    begun = time.monotonic()
    prepare(local_store, plan)
    assert time.monotonic() - begun < 1
    assert {path: local_store.read(path) for path in before} == before


def _files(made: Mapping[str, Artifact], store: Store) -> list[str]:
    return [path for artifact in made.values() for path in store.list(artifact.address)]


def test_a_killed_worker_is_made_up_for(raw: Path, local_store: Store, tmp_path: Path) -> None:
    plan, struck = plan_of(raw, local_store, cap=1500), threading.Event()

    def strike() -> None:
        until = time.monotonic() + 60
        while not struck.is_set() and time.monotonic() < until:
            at_work = [pid for pid in descendants(os.getpid()) if title(pid).startswith("ray::Map")]
            for pid in at_work[:1]:
                os.kill(pid, signal.SIGKILL)
                struck.set()
            time.sleep(0.01)

    striker = threading.Thread(target=strike)
    striker.start()
    found = prepare(local_store, plan)
    ended = struck.is_set()
    struck.set()
    striker.join()
    expected = here(plan, Store.open(str(tmp_path / "alone")), raw)
    assert ended, "no worker was struck while it prepared"
    assert {t: contents(a) for t, a in found.items()} == {t: contents(a) for t, a in expected.items()}


def test_a_refused_task_is_named_and_the_others_are_finished(
    raw: Path, local_store: Store, tmp_path: Path
) -> None:
    broken = tmp_path / "raw"
    shutil.copytree(raw, broken)
    for image in sorted(broken.rglob("*.ppm"))[::3]:
        image.write_bytes(image.read_bytes()[:20])
    plan = plan_of(broken, local_store)
    with pytest.raises(ValueError, match=r"^task 'demo_colours/.*pictures were rejected") as raised:
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

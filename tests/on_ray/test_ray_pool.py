"""Ray carries: a step gives on a cluster what it gives in one process, even where a worker is killed."""

import os
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.eval import evaluating
from tests.flows.smoke import descendants, title
from tests.model import test_base
from tests.quality import test_screening
from tests.relabel import test_relabelling
from tests.select.test_selecting import model as model
from tests.select.test_selecting import prepared as prepared
from tests.shards.test_prepare import contents, plan_of, prepare, write_raw
from vf_ray.artifacts import Artifact
from vf_ray.eval.evaluate import evaluate
from vf_ray.eval.scores import read
from vf_ray.on_ray.ray_pool import RayPool
from vf_ray.plan.plan import Plan
from vf_ray.recipe import Resources
from vf_ray.recipe.answers_by import AnswersBy
from vf_ray.relabel.relabelling import relabel
from vf_ray.store import Store
from vf_ray.work import LocalPool

pytestmark = [pytest.mark.chain, pytest.mark.usefixtures("ray_cluster")]


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_raw(tmp_path_factory.mktemp("raw"))


def all_contents(made: Mapping[str, Artifact]) -> Mapping[str, Any]:
    return {task: contents(artifact) for task, artifact in made.items()}


def test_ray_prepares_what_one_process_prepares(raw: Path, store: Store, tmp_path: Path) -> None:
    plan, alone = plan_of(raw, store), Store.open(str(tmp_path / "alone"))
    assert all_contents(prepare(store, plan, RayPool())) == all_contents(prepare(alone, plan))
    for name, spec in plan.images.items():
        both = [contents(Artifact(s, spec.address)) for s in (store, alone)]
        assert both[0] == both[1], name


def test_ray_keeps_out_what_one_process_keeps_out(local_store: Store, tmp_path: Path) -> None:
    plan, alone = test_screening.plan_of(local_store, *test_screening.planted(tmp_path)), tmp_path / "alone"
    instances = test_screening.prepared(local_store, plan, RayPool())
    assert instances.stats["rejected"] == {"shown by benchmark pope": 3}
    assert contents(instances) == contents(test_screening.prepared(Store.open(str(alone)), plan))


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
    made = prepare(local_store, plan, RayPool())
    ended = struck.is_set()
    struck.set()
    striker.join()
    assert ended, "no worker was struck while it prepared"
    assert all_contents(made) == all_contents(prepare(Store.open(str(tmp_path / "alone")), plan))


def test_ray_assembles_and_finds_a_base(local_store: Store, tmp_path: Path) -> None:
    test_base.require_found_again(local_store, tmp_path, RayPool())


def test_ray_answers_what_one_process_answers(local_store: Store, tmp_path: Path) -> None:
    evaluating.pope(tmp_path)
    alone = Store.open(str(tmp_path / "alone"))

    def plan(store: Store) -> Plan:
        return evaluating.plan_of(store, tmp_path / "model", tmp_path, benchmarks=["pope"])

    scores = read(evaluate(local_store, plan(local_store).evaluation, RayPool()))
    assert scores == read(evaluating.evaluate(alone, plan(alone)))


def test_ray_answers_as_one_process_does(prepared: Mapping[str, Artifact], model: Artifact) -> None:
    by = AnswersBy(model="base", temperature=1.0, longest=40, ceiling=1.0)
    wanted = test_relabelling.wanted(prepared, model, by)
    on_ray, alone = (
        [(one.mark, one.stats) for one in relabel(model.store, wanted, pool, **more).values()]
        for pool, more in (
            (RayPool(), {"resources": Resources(workers=2)}),
            (LocalPool(), {"resources": Resources(), "force": True}),
        )
    )
    assert on_ray == alone

"""The pages over runs: what is finished, running or silent, what it cost, where it comes from."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.plan.recorded import recorded
from tests.view.conftest import Browsing
from tests.view.test_pages import listed, text
from vf_ray.artifacts import Spec, Writer, build
from vf_ray.artifacts.lease import Lease
from vf_ray.artifacts.paths import progress_of
from vf_ray.plan.plan import Plan
from vf_ray.recipe.load import load_recipe
from vf_ray.store import Store
from vf_ray.train.metrics import METRICS, lines
from vf_ray.view import under_way
from vf_ray.view.under_way import HeartbeatWatch


@pytest.fixture
def plan(local_store: Store) -> Plan:
    """Return the plan of a run that began twice, with another rate the second time, and fetched its files."""
    recorded(local_store, Plan.of(load_recipe("demo"), local_store), "one")
    second = Plan.of(load_recipe("demo", {"stage1.lr": 5e-4}), local_store)
    recorded(local_store, second, "two")
    build(local_store, second.outputs("fetch")[0], lambda writer: {"files": 0})
    return second


def records(steps: int) -> list[dict[str, Any]]:
    return [
        {"step": n, "steps": 9, "loss": 9.0 - n, "lr": 1e-3, "tokens": 50, "fill": 1.0}
        for n in range(1, steps + 1)
    ]


@contextmanager
def begun(store: Store, address: str) -> Iterator[Lease]:
    lease = Lease(store, address, 1)
    store.create(lease.path, b"{}")
    lease.beat(1)
    yield lease


def test_runs_are_listed_with_what_is_finished(local_store: Store, plan: Plan, browsing: Browsing) -> None:
    rows = listed(browsing(local_store), "/runs", "runs")
    assert [(row["run"], row["finished"]) for row in rows] == [("two", "1"), ("one", "1")]
    assert int(rows[0]["artifacts"]) == sum(map(len, plan.versions.values()))
    assert listed(browsing(local_store), "/runs?recipe=other", "runs") == []


def test_a_run_says_what_changed_before_and_since(local_store: Store, plan: Plan, browsing: Browsing) -> None:
    page = text(browsing(local_store).get("/run/two?since=now").text)
    assert "stage1.lr: 0.0015 -> 0.0005" in page
    assert "Nothing changed since" in page
    assert "fetch finished 1/1" in page
    assert "report waiting 0/1" in page
    assert "the first run of its recipe" in text(browsing(local_store).get("/run/one").text)


def test_what_is_built_shows_how_far_it_is_and_the_page_comes_again(
    local_store: Store, plan: Plan, browsing: Browsing
) -> None:
    address = plan.tuned("stage1").address
    told = {"done": 4, "total": 8, "unit": "steps", "metrics": {"loss": 0.5}}
    with begun(local_store, address) as lease:
        local_store.create(progress_of(address, 1), json.dumps(told).encode())
        page = browsing(local_store).get("/run/two").text
        assert 'http-equiv="refresh"' in page
        assert "stage1 running 4/8 steps" in text(page)
        assert "50.0%, loss 0.5" in text(page)
        lease.beat(2, released=True)
        page = browsing(local_store).get("/run/two").text
        assert 'http-equiv="refresh"' not in page
        assert "stage1 stopped 4/8 steps" in text(page)


def test_a_heart_that_beats_no_more_is_silent(local_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(under_way.time, "monotonic", lambda: now)
    watch = HeartbeatWatch(local_store)
    assert watch.look("stage1/x/0") is None
    with begun(local_store, "stage1/x/0") as lease:
        states = []
        for now, beat in ((0.0, 1), (50.0, 1), (70.0, 1), (80.0, 2), (140.0, 2), (141.0, 2)):  # noqa: B007
            lease.beat(beat)
            one = watch.look("stage1/x/0")
            assert one is not None
            states.append(one.state)
    assert states == ["running", "running", "silent", "running", "running", "silent"]


@pytest.mark.parametrize("finished", [False, True])
def test_curves_are_those_of_the_records(
    local_store: Store, plan: Plan, browsing: Browsing, finished: bool
) -> None:
    spec, made = plan.tuned("stage1"), records(6)
    for step in (2, 4):
        figure = {"benchmark": "pope", "metric": "mean f1", "value": step / 10, "low": 0.1, "high": 0.5}
        made[step - 1]["figures"] = [figure]
    if finished:

        def make(writer: Writer) -> dict[str, int]:
            writer.commit(METRICS, lines(made))
            return {}

        build(local_store, spec, make)
    else:
        for step in (3, 6):
            name = f"{spec.address}/attempt-1/work/checkpoints/step-{step:08d}/COMPLETE.json"
            local_store.create(name, json.dumps({"step": step, "carried": {"records": made[:step]}}).encode())
    timings = [{"step": n, "seconds": 2.0, "data_wait": 0.1 * n} for n in range(1, 7)]
    timings[3]["watching"] = 7.0
    local_store.create(f"{spec.address}/timings/1-x.jsonl", lines(timings))
    pages = browsing(local_store)
    rows = listed(pages, "/run/two", "steps-stage1")
    assert [(int(row["step"]), float(row["loss"]), float(row["seconds"])) for row in rows] == [
        (record["step"], record["loss"], 2.0) for record in made
    ]
    assert [row["pope/mean f1"] for row in rows] == ["", "0.2", "", "0.4", "", ""]
    assert rows[3]["watching"] == "7.0"
    page = pages.get("/run/two").text
    drawn = re.findall(r"aria-label=.([^>]*?) against step", page)
    shaded = "pope, mean f1 (shaded: 95% interval)"
    assert drawn == ["loss per label token", shaded, "seconds a step waited for data"] and "<polygon" in page


def test_lineage_leads_up_and_down(local_store: Store, plan: Plan, browsing: Browsing) -> None:
    images = plan.images["demo_digits"]
    build(local_store, images, lambda writer: {})
    instances = plan.instances["demo_digits/name"]
    build(local_store, instances, lambda writer: {"train": 1, "held_out": 0, "rejected": {}})
    pages = browsing(local_store)
    up = listed(pages, f"/artifact/{instances.address}", "up")
    fetched = plan.outputs("fetch")[0].address
    assert [(row["steps up"], row["artifact"]) for row in up] == [("1", images.address), ("2", fetched)]
    down = listed(pages, f"/artifact/{images.address}", "down")
    assert down == [{"as": "images", "artifact": instances.address}]


def test_cost_is_what_the_manifests_say(local_store: Store, plan: Plan, browsing: Browsing) -> None:
    (cost,) = listed(browsing(local_store), "/run/two", "cost")
    assert (cost["step"], cost["attempts"], cost["bytes"]) == ("fetch", "1", "0")


@pytest.mark.parametrize(
    "address", ["images/%2e%2e/%2e%2e", "a/b", "images//x", "images/x/%00", "runs/../images/x"]
)
def test_what_is_no_address_is_not_looked_for(local_store: Store, browsing: Browsing, address: str) -> None:
    build(local_store, Spec(kind="images", name="x", config={}), lambda writer: {})
    assert browsing(local_store).get(f"/artifact/{address}").status_code in (404, 422)

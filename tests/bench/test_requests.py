"""How many requests to a bucket it takes to look after a store of many runs."""

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import pytest

from flows.watch import Watch
from tests.bench.counting import Requests, counted
from vf_ray.artifacts import board, finished_among
from vf_ray.on_ray.job import digest, refuse_other_files, refuse_other_plan
from vf_ray.plan import run_records
from vf_ray.plan.plan import Plan
from vf_ray.recipe.load import load_recipe
from vf_ray.store import Store

pytestmark = pytest.mark.bench
SOURCES, TASKS = 102, 188
RUNS, ARTIFACTS, A_RUN = 60, 1_200, 411
"""A run of 188 tasks names 411 artifacts, most of them those of other runs."""
FILES = ("COMPLETE", "manifest.json", "stats.json", "lease/1", "heartbeat/1", "done/a.json", "attempt-1/a")


@pytest.fixture(scope="module")
def store(s3_store_url: str) -> Store:
    store = Store.open(f"{s3_store_url}-{uuid.uuid4().hex[:8]}")
    addresses = [f"instances/source/task-{n}/{n:012x}" for n in range(ARTIFACTS)]
    store.many(lambda name: store.create(name, b"{}"), [f"{a}/{name}" for a in addresses for name in FILES])
    for number in range(RUNS):
        mine = [addresses[(number * 20 + n) % ARTIFACTS] for n in range(A_RUN)]
        record = run_records.RunRecord(
            id=f"{number}", when="", recipe="", versions={"prepare": tuple(mine)}, config={}, raw="", code={}
        )
        store.create(f"runs/{number}.json", json.dumps(asdict(record)).encode())
    return store


@contextmanager
def told(what: str) -> Iterator[Requests]:
    begun = time.process_time()
    with counted() as made:
        yield made
    print(f"\n{what}: {made}, {time.process_time() - begun:.1f} s of CPU")


def test_listing_runs(store: Store) -> None:
    with told(f"{RUNS} runs of {A_RUN} artifacts are listed") as made:
        listed = run_records.listed(store)
        there = finished_among(store, (a for run in listed for a in run.addresses))
    print(f"before: {RUNS * (A_RUN + 1):,} requests one after the other")
    assert (len(listed), len(there)) == (RUNS, ARTIFACTS)
    assert made.total <= RUNS + 3 + ARTIFACTS * len(FILES) / 1000


def test_saying_what_would_be_pruned(store: Store) -> None:
    with told(f"pruning of {ARTIFACTS:,} artifacts is considered") as made:
        assert run_records.prune(store, dry_run=True) == []
    print(f"before: {4 * ARTIFACTS:,} requests and more, one after the other")
    assert made.total <= RUNS + 3 + ARTIFACTS * len(FILES) / 1000


def test_watching_a_step_of_many_artifacts(store: Store) -> None:
    addresses = [f"pictures/source-{n}/{n:012x}" for n in range(SOURCES)]
    addresses += [f"instances/source/task-{n}/{n:012x}" for n in range(TASKS)]
    watch = Watch(store, "prepare", addresses, lambda moment: None)
    with board.shown(store, addresses) as shown:
        shown.begin("sources", [f"source-{n}" for n in range(SOURCES)])
        for number in range(8):
            shown.of(f"source-{number}")(number, 20, "picture shards")
        with told(f"a poll of {SOURCES} sources and {TASKS} tasks") as made:
            assert watch._newest() is not None
    print(f"before: {2 * len(addresses)} LISTs and {len(addresses)} HEADs a poll")
    assert made.total <= 3


def test_a_raw_folder_is_listed_once_a_run(store: Store) -> None:
    store.many(lambda n: store.create(f"raw/dtd/{n}.jpg", b"1"), range(1_500))
    one = {"prepare.tasks": ["dtd/texture"], "stage1.tasks": ["dtd/texture"], "align": None, "stage2": None}
    recipe = load_recipe("smoke", {"prepare.raw": f"{store.url}/raw", **one})
    with told("planning a run whose raw folder holds 1,500 files") as made:
        plan = Plan.of(recipe, store)
    assert made.kinds == {"LIST": 2}
    with told("handing the plan to its steps, locally or as jobs") as made:
        for step in plan.steps:
            refuse_other_plan(step, Plan.handed(plan.to_hand()), digest(plan.addresses(step)))
            refuse_other_files(step, plan)
    print(f"before: {2 * (len(plan.steps) + 1)} LISTs, twice as many where steps are jobs")
    assert made.total == 0
